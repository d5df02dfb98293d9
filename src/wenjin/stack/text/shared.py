"""The longest run of characters that a text shares with a corpus: how much of it is copied.

    longest_shared(["白日依山尽黄河流"], corpus)        [7] where the corpus has 白日依山尽黄河入海流

Runs are grown by one character a round, for all texts and all places of the corpus at once: a run of k + 1 can only
begin where a shared run of k begins. Two runs of a length are equal when they have the same number, and numbers are
given by what was equal a round before together with the next character, so that nothing rests on a hash.

Omits    runs with gaps or exchanged characters
Units    characters, as many as `len` counts
Proof    tests/stack/text/test_shared.py: equals a plain search with `in` for every run
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

POINTS = 0x110000  # what a character's number is below


def longest_shared(texts: Sequence[str], corpus: Sequence[str]) -> list[int]:
    """For each text the length of its longest run that stands in some text of the corpus. A run crosses no border."""
    there, there_left = _laid(corpus)
    here, here_left = _laid(texts)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    longest = np.zeros(len(texts), dtype=np.int64)
    mine, theirs = np.arange(len(here)), np.arange(len(there))  # where shared runs of this length begin
    my_number, their_number = np.zeros(len(mine), dtype=np.int64), np.zeros(len(theirs), dtype=np.int64)
    length = 0
    while len(mine) and len(theirs):
        # one character further, wherever the text does not end before it
        on = here_left[mine] > length
        mine, my_number = mine[on], my_number[on]
        on = there_left[theirs] > length
        theirs, their_number = theirs[on], their_number[on]
        keys, my_number = np.unique(my_number * POINTS + here[mine + length], return_inverse=True)
        if not len(keys):
            break
        wanted = their_number * POINTS + there[theirs + length]
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        same = keys[place] == wanted
        theirs, their_number = theirs[same], place[same]
        shared = np.zeros(len(keys), dtype=bool)
        shared[their_number] = True
        mine, my_number = mine[shared[my_number]], my_number[shared[my_number]]
        length += 1
        longest[owner[mine]] = length
    return longest.tolist()


def _laid(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All characters end to end, and how many of its own text each has from itself on. (N,) each."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    return points, np.repeat(np.cumsum(lengths), lengths) - np.arange(len(points))
