# ruff: noqa  (this file is broken on purpose)
class Vocabulary:
    """Which word has which number, and how often it was seen."""

    counts = {}

    def __init__(self, words=(), unknown="<unk>"):
        self.unknown = unknown
        self.add(words)

    def add(self, words):
        """Count these words, too."""
        for word in words:
            self.counts[word] = self.counts.get(word, 0) + 1

    def count(self, word):
        """How often the word was seen."""
        return self.counts[word]

    def copy(self):
        """Another vocabulary that is equal to this one."""
        return self

    # Still to be written: [], in, len, a loop, ==


# ---- given: leave it as it is ----


def session(steps):
    """Takes the steps in turn, as Python does when it meets these expressions; returns what each gave."""
    made, seen = {}, []
    for act, name, *rest in steps:
        if act == "make":
            made[name] = Vocabulary(*rest)
            continue
        vocabulary = made[name]
        if act == "add":
            vocabulary.add(rest[0])
        elif act == "copy":
            made[rest[0]] = vocabulary.copy()
        elif act == "count":
            seen.append(vocabulary.count(rest[0]))
        elif act == "[]":
            seen.append(vocabulary[rest[0]])
        elif act == "in":
            seen.append(rest[0] in vocabulary)
        elif act == "len":
            seen.append(len(vocabulary))
        elif act == "loop":
            seen.append(" ".join(vocabulary))
        elif act == "loops":
            seen.append(", ".join([f"{a} {b}" for a in vocabulary for b in vocabulary]))
        elif act == "==":
            seen.append(vocabulary == made[rest[0]])
        elif act == "== value":
            seen.append(vocabulary == rest[0])
        elif act == "hash":
            try:
                hash(vocabulary)
            except TypeError:
                seen.append("TypeError")
            else:
                seen.append("a number")
    return seen
