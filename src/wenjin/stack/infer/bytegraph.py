"""A language as a graph over bytes: a nondeterministic automaton in which an edge may also call a rule.

    graph = Graph(node, rules)
    edges[s]    (first byte, last byte, next state): one byte is read
    free[s]     next state: nothing is read
    calls[s]    (rule, state to come back to): the rule is read, from its start to its end

Characters become their UTF-8 bytes here, so that a token which ends inside a character is a step like any other. What
can never come to an end is cut off: need[s] says how many rules must at least lie in one another from s to the end of
its rule, and states without such a way are not entered. So whoever moves along the graph never gets stuck.

Sources  construction: doi:10.1145/363347.363387 (Thompson 1968); ranges as bytes: RFC 3629 (3); rules that call rules:
         recursive transition networks, doi:10.1145/355598.362773 (Woods 1970)
Proof    tests/stack/infer/test_automaton.py
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from wenjin.stack.infer.language import ConstraintError, Either, Letters, Node, Repeat, Row

LARGEST = 60_000  # states
BYTES = frozenset(range(256))
Run = tuple[int, int]  # bytes first..last


class Graph:
    """`usable`: the bytes that can be written at all. Raises ConstraintError where it grows too large."""

    def __init__(self, node: Node, rules: Mapping[str, Node] | None = None, usable: frozenset[int] = BYTES) -> None:
        self.edges: list[list[tuple[int, int, int]]] = []
        self.free: list[list[int]] = []
        self.calls: list[list[tuple[str, int]]] = []
        self.usable = usable
        self.rules: dict[str, tuple[int, int]] = {}  # start and end of each; "" is the whole
        bodies = {"": node, **(rules or {})}
        todo = [""]
        while todo:
            name = todo.pop()
            if name in self.rules:
                continue
            if len(self.edges) + size(bodies[name]) > LARGEST:
                raise ConstraintError(
                    f"这个约束展开后超过 {LARGEST} 个状态：请减少重复次数、长度上限或备选项。",
                    f"This constraint grows to more than {LARGEST} states: lower its repeats, lengths or choices.",
                )
            before, start = len(self.edges), self.state()
            self.rules[name] = (start, self.build(bodies[name], start))
            todo += [called for calls in self.calls[before:] for called, _ in calls]
        self.ends = {end for _, end in self.rules.values()}
        self.need = self.needs()

    def state(self) -> int:
        self.edges.append([])
        self.free.append([])
        self.calls.append([])
        return len(self.edges) - 1

    def build(self, node: Node, start: int) -> int:
        """Lay the node from `start` on; the state where it ends."""
        if isinstance(node, Row):
            for part in node.parts:
                start = self.build(part, start)
            return start
        last = self.state()
        if isinstance(node, Letters):
            self.letters(node, start, last)
        elif isinstance(node, Either):
            for part in node.parts:
                self.free[self.build(part, start)].append(last)
        elif isinstance(node, Repeat):
            for _ in range(node.least):
                start = self.build(node.part, start)
            if node.most is None:
                around = self.state()
                self.free[start].append(around)
                self.free[self.build(node.part, around)].append(around)
                start = around
            for _ in range((node.most or 0) - node.least):
                self.free[start].append(last)
                start = self.build(node.part, start)
            self.free[start].append(last)
        else:
            self.calls[start].append((node.rule, last))
        return last

    def letters(self, node: Letters, start: int, last: int) -> None:
        """One character: chains of bytes that share their ends."""
        known: dict[tuple[Run, ...], int] = {(): last}

        def before(chain: tuple[Run, ...]) -> int:
            if chain not in known:
                known[chain] = self.state()
                self.link(known[chain], chain[0], before(chain[1:]))
            return known[chain]

        for chain in chains(node):
            self.link(start, chain[0], before(chain[1:]))

    def link(self, start: int, run: Run, last: int) -> None:
        for first, end in runs(self.usable, *run):
            self.edges[start].append((first, end, last))

    def needs(self) -> list[int | None]:
        """Rules that must lie in one another from each state to the end of its own; None: there is no way."""
        need: list[int | None] = [None] * len(self.edges)
        back: list[list[int]] = [[] for _ in need]
        called = [(s, rule, after) for s, calls in enumerate(self.calls) for rule, after in calls]
        by_return: dict[int, list[tuple[int, str]]] = {}
        for s, rule, after in called:
            by_return.setdefault(after, []).append((s, rule))
        for s in range(len(need)):
            for target in [*self.free[s], *(target for _, _, target in self.edges[s])]:
                back[target].append(s)
        found, depth = deque(self.ends), 0
        while found:
            while found:
                s = found.popleft()
                if need[s] is not None:
                    continue
                need[s] = depth
                found += back[s]
                found += [c for c, rule in by_return.get(s, ()) if self.height(need, rule) < depth]
            depth += 1
            found += [
                s
                for s, rule, after in called
                if need[s] is None and need[after] is not None and self.height(need, rule) < depth
            ]
        return need

    def height(self, need: list[int | None], rule: str) -> float:
        known = need[self.rules[rule][0]]
        return float("inf") if known is None else known


def size(node: Node) -> int:
    """States that building it takes, or a little more; found without building."""
    known: dict[int, int] = {}

    def count(node: Node) -> int:
        if id(node) not in known:
            if isinstance(node, Letters):
                states = 1 + sum(len(chain) - 1 for chain in chains(node))
            elif isinstance(node, Repeat):
                states = 3 + count(node.part) * max(node.least + 1, node.most or 0)
            elif isinstance(node, (Row, Either)):
                states = 1 + sum(map(count, node.parts))
            else:
                states = 1
            known[id(node)] = states
        return known[id(node)]

    return count(node)


def runs(usable: frozenset[int], first: int, last: int) -> Iterator[Run]:
    """The bytes first..last without those that cannot be written."""
    if usable is BYTES:
        yield first, last
        return
    begun = None
    for byte in range(first, last + 2):
        if byte <= last and byte in usable:
            begun = byte if begun is None else begun
        elif begun is not None:
            yield begun, byte - 1
            begun = None


@lru_cache(1024)
def chains(node: Letters) -> tuple[tuple[Run, ...], ...]:
    """Bytes that these characters take in UTF-8: each chain is a run for each byte of a character."""
    found: list[tuple[Run, ...]] = []
    for first, last in node.ranges:
        for low, high in ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)):
            if first <= high and last >= low:
                split(max(first, low), min(last, high), found.append)
    return tuple(found)


def split(first: int, last: int, give: Callable[[tuple[Run, ...]], None]) -> None:
    """Cut a range of characters of one length until each piece is all combinations of a run for each byte."""
    length = len(chr(first).encode())
    for tail in range(1, length):
        low = (1 << 6 * tail) - 1  # the bits of the last bytes
        if first & ~low == last & ~low:
            continue
        if first & low:
            split(first, first | low, give)
            split((first | low) + 1, last, give)
            return
        if last & low != low:
            split(first, (last & ~low) - 1, give)
            split(last & ~low, last, give)
            return
    give(tuple(zip(chr(first).encode(), chr(last).encode(), strict=True)))
