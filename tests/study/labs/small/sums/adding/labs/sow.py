"""Leaves a word for the lab that reaps."""

from collections.abc import Iterator

from wenjin.kit.lab import Frame, Keep, Lab, Level, Progress


def sow(keep: Keep, word: str = "corn", seed: int = 0) -> Iterator[Frame]:
    keep.save("state", b"half-way")
    keep.save("word", word.encode())
    yield Progress(1, 1)
    yield Level("letters", len(word))


lab = Lab(sow)
