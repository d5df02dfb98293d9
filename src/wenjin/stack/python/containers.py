"""Two ways to find a value by its key: a list of pairs that is read from the front, and a hash table.

    AssociationList   pairs in a list; a lookup compares the key with one after the other
    HashTable         entries in a list, and slots beside it that hold places in that list. The hash of a key says at
                      which slot to begin, so that a lookup visits few slots, however many entries there are

Both keep the order in which keys came, as `dict` does, and both count what lookups look at: `looks`.

Omits    shrinking, a check that nothing changes during a loop, and what makes CPython's own table fast: C
Units    looks: keys compared (AssociationList), slots visited (HashTable); moves: entries put into new slots
Sources  Knuth 1998, The Art of Computer Programming 3, section 6.4: open addressing; CPython 3.11,
         Objects/dictobject.c: how slots are visited, and when a table grows; Hettinger 2012, "More compact
         dictionaries with faster iteration", python-dev: entries apart from slots, which keeps their order
Proof    tests/stack/python/test_containers.py: both do what `dict` does under any operations
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, MutableMapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

EMPTY, GONE = -1, -2  # a slot that was never used, and one whose entry was deleted
FEWEST = 8  # slots of a new table; their number is always a power of two


class AssociationList(MutableMapping[K, V]):
    """Pairs in the order of their coming."""

    def __init__(self, pairs: Iterable[tuple[K, V]] = ()) -> None:
        self.pairs: list[tuple[K, V]] = []
        self.looks = 0
        for key, value in pairs:
            self[key] = value

    def find(self, key: K) -> int | None:
        """The place of the key; None where it is not, which is known only at the end."""
        for place, (other, _) in enumerate(self.pairs):
            self.looks += 1
            if other == key:
                return place
        return None

    def __getitem__(self, key: K) -> V:
        place = self.find(key)
        if place is None:
            raise KeyError(key)
        return self.pairs[place][1]

    def __setitem__(self, key: K, value: V) -> None:
        place = self.find(key)
        if place is None:
            self.pairs.append((key, value))
        else:
            self.pairs[place] = (self.pairs[place][0], value)  # of two equal keys the first stays

    def __delitem__(self, key: K) -> None:
        place = self.find(key)
        if place is None:
            raise KeyError(key)
        del self.pairs[place]

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


class HashTable(MutableMapping[K, V]):
    """Entries (hash, key, value) in the order of their coming, None where one was deleted. At most two thirds of the
    slots are in use, so that every search meets an empty one."""

    def __init__(self, pairs: Iterable[tuple[K, V]] = (), hash_of: Callable[[K], int] = hash) -> None:
        self.hash_of = hash_of
        self.entries: list[tuple[int, K, V] | None] = []
        self.slots = [EMPTY] * FEWEST
        self.alive = self.looks = self.moves = 0
        for key, value in pairs:
            self[key] = value

    def path(self, hashed: int) -> Iterator[int]:
        """The slots that a key with this hash may stand in, in the order in which they are visited."""
        rest, last = hashed % 2**64, len(self.slots) - 1
        slot = hashed & last  # the lowest bits: the remainder by the number of slots
        while True:
            yield slot
            rest >>= 5  # the higher bits send keys apart that began at one slot; once they are used up,
            slot = (5 * slot + 1 + rest) & last  # 5 i + 1 visits every slot of a power of two

    def find(self, key: K) -> tuple[int, int]:
        """The slot of the key and its place among the entries; EMPTY for the place where the key is not."""
        hashed = self.hash_of(key)
        for slot in self.path(hashed):
            self.looks += 1
            place = self.slots[slot]
            if place == EMPTY or self._holds(place, hashed, key):
                return slot, place
        raise AssertionError("a path does not end")

    def _holds(self, place: int, hashed: int, key: K) -> bool:
        entry = self.entries[place] if place != GONE else None
        # Unequal hashes are told apart without asking the keys; equal hashes prove nothing.
        return entry is not None and entry[0] == hashed and (entry[1] is key or entry[1] == key)

    def __getitem__(self, key: K) -> V:
        _, place = self.find(key)
        entry = self.entries[place] if place != EMPTY else None
        if entry is None:
            raise KeyError(key)
        return entry[2]

    def __setitem__(self, key: K, value: V) -> None:
        slot, place = self.find(key)
        entry = self.entries[place] if place != EMPTY else None
        if entry is not None:
            self.entries[place] = (*entry[:2], value)
            return
        self.slots[slot] = len(self.entries)
        self.entries.append((self.hash_of(key), key, value))
        self.alive += 1
        if 3 * len(self.entries) > 2 * len(self.slots):
            self.grow()

    def __delitem__(self, key: K) -> None:
        slot, place = self.find(key)
        if place == EMPTY:
            raise KeyError(key)
        self.entries[place] = None
        self.slots[slot] = GONE  # not EMPTY: keys that had to go on from here must still be found
        self.alive -= 1

    def grow(self) -> None:
        """Twice the slots, unless deleted entries took the room; every entry is put in again, in the old order."""
        self.entries = [entry for entry in self.entries if entry is not None]
        self.slots = [EMPTY] * (len(self.slots) * (2 if 3 * self.alive > len(self.slots) else 1))
        for place, (hashed, _, _) in enumerate(filter(None, self.entries)):
            self.moves += 1
            self.slots[next(slot for slot in self.path(hashed) if self.slots[slot] == EMPTY)] = place

    def __iter__(self) -> Iterator[K]:
        return (entry[1] for entry in self.entries if entry is not None)

    def __len__(self) -> int:
        return self.alive
