class Vocabulary:
    """Which word has which number, and how often it was seen."""

    def __init__(self, words=(), unknown="<unk>"):
        self.unknown = unknown
        self.counts = {}  # on the instance: each vocabulary has its own
        self.add(words)

    def add(self, words):
        """Count these words, too."""
        for word in words:
            self.counts[word] = self.counts.get(word, 0) + 1
        ranked = sorted(self.counts, key=lambda word: (-self.counts[word], word))
        self.ids = {word: id for id, word in enumerate([self.unknown, *ranked])}

    def count(self, word):
        """How often the word was seen; asking leaves no trace."""
        return self.counts.get(word, 0)

    def copy(self):
        """Another vocabulary that is equal to this one and counts for itself."""
        other = Vocabulary(unknown=self.unknown)
        other.counts = dict(self.counts)  # the values are whole numbers: one level is deep enough
        other.add(())
        return other

    def __getitem__(self, word):
        return self.ids.get(word, 0)

    def __contains__(self, word):
        return word in self.ids

    def __len__(self):
        return len(self.ids)

    def __iter__(self):
        return iter(self.ids)  # a new iterator for each loop

    def __eq__(self, other):
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return (self.unknown, self.counts) == (other.unknown, other.counts)

    __hash__ = None  # Python would set it by itself: what has an __eq__ of its own and can change has no hash


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
