# ruff: noqa  (this file is broken on purpose)
def collect(word, into=[]):
    """Append the word to the list `into` and return that very list; without `into`, to a new list at each call."""
    into.append(word)
    return into


def ranked(words, *, reverse=False):
    """A new list in order; the list that was handed over stays as it was."""
    words.sort(reverse=reverse)
    return words


def logged(function):
    """A function that does what `function` does, whatever it is called with, and counts its calls in `.calls`."""

    def wrapper(first):
        wrapper.calls += 1
        function(first)

    wrapper.calls = 0
    return wrapper


# ---- given: leave it as it is ----


def session(lists, steps):
    """Takes the steps in turn; returns what each gave, and the lists as they are at the end."""

    @logged
    def show(*args, **kwargs):
        """Shows what it was called with."""
        return [list(args), kwargs]

    @logged
    def total(*numbers, start=0):
        """Adds up."""
        return start + sum(numbers)

    seen = []
    for act, *rest in steps:
        if act == "collect":
            word, *name = rest
            answer = collect(word, *(lists[n] for n in name))
            seen.append([" ".join(answer), bool(name) and answer is lists[name[0]]])
        elif act == "ranked":
            name, reverse = rest
            answer = ranked(lists[name], reverse=reverse)
            seen.append([answer and " ".join(answer), answer is lists[name]])
        elif act == "show":
            seen.append(show(*rest[0], **rest[1]))
        elif act == "total":
            seen.append(total(*rest[0], **rest[1]))
        elif act == "calls":
            seen.append([show.calls, total.calls])
        elif act == "names":
            seen.append([f"{f.__name__}: {f.__doc__}" for f in (show, total)])
    return [seen, {name: " ".join(words) for name, words in lists.items()}]
