"""Which bytes may come next: the graph of a language, walked in all its ways at once.

    automaton = Automaton(node, rules)
    s = automaton.step(automaton.start, 0x7B)      0 where this byte cannot come
    automaton.complete[s]                          the text may end here

A state is the set of all places of the graph where a text may stand, each with the rules that it has still to come back
from. Such sets are made when they are first met and kept in a table, one row a state, one column for all bytes that
the graph never tells apart; so a step that was made before is one look into the table. No state is a dead end: some
text leads on from each to its completion.

A hostile language could need billions of sets. What one rule alone would need is therefore counted beforehand, and
what is made later is limited too: each is a ConstraintError.

Omits    minimizing; forgetting sets that are not needed any longer
Sources  sets of places: doi:10.1147/rd.32.0114 (Rabin and Scott 1959), made when met: Thompson 1968; limits that are
         counted in states: RE2 ("Regular Expression Matching in the Wild", Cox 2010)
Proof    tests/stack/infer/test_automaton.py
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.infer.bytegraph import BYTES, Graph
from wenjin.stack.infer.language import ConstraintError, Node

DEPTH = 64  # rules in one another
STATES = 40_000  # sets of places, for one rule beforehand and for the whole later
WORK = 1_000_000  # places looked at, beforehand and for one request of `rows`

Place = tuple[int, int]  # state of the graph, stack of returns
Move = tuple[int, int, int, int]  # first class, last class, and the place behind


def too_large() -> ConstraintError:
    return ConstraintError(
        "这个约束要跟踪的可能性太多：请减少重复里的重复、互相重叠的备选项，或把长度上限写小。",
        "This constraint has too many possibilities to follow: use fewer repeats in repeats and overlapping choices, "
        "or lower its lengths.",
    )


class Automaton:
    """State 0 is where nothing fits any more. Not for several threads at once. Raises ConstraintError."""

    def __init__(self, node: Node, rules: Mapping[str, Node] | None = None, usable: frozenset[int] = BYTES) -> None:
        self.graph = Graph(node, rules, usable)
        self.need = [DEPTH + 1 if need is None else need for need in self.graph.need]
        self.refuse_circles()
        borders = {0} | {b for edges in self.graph.edges for a, z, _ in edges for b in (a, z + 1)}
        self.classes: NDArray[np.uint8] = (np.cumsum([b in borders for b in range(256)]) - 1).astype(np.uint8)
        self.width = int(self.classes[-1]) + 1
        number = self.classes.tolist()
        self.moves_of = [
            [(number[a], number[z], t) for a, z, t in edges if self.need[t] <= DEPTH] for edges in self.graph.edges
        ]
        self.work = 0
        for rule in self.graph.rules:
            self.count(rule)
        self.stacks: list[tuple[int, int, int]] = [(-1, -1, 0)]  # state to come back to, stack below, depth
        self.known_stacks: dict[tuple[int, int], int] = {}
        self.known: dict[tuple[frozenset[Place], bool], int] = {}
        self.settled: dict[frozenset[Place], int] = {}
        self.moves: list[list[Move]] = [[]]
        self.complete: list[bool] = [False]
        self.table: NDArray[np.int32] = np.zeros((1, self.width), dtype=np.int32)  # (states, classes); -1: not made
        if self.need[self.graph.rules[""][0]] > DEPTH:
            raise ConstraintError(
                "没有文本能满足这个约束：它自相矛盾，或嵌套没有尽头。",
                "No text fits this constraint: it contradicts itself, or its nesting has no end.",
            )
        self.start = self.settle(frozenset(((self.graph.rules[""][0], 0),)))

    def step(self, state: int, byte: int) -> int:
        """The state after one more byte. Raises ConstraintError."""
        self.work = 0
        column = int(self.classes[byte])
        if self.table[state, column] < 0:
            self.make(state, column)
        return int(self.table[state, column])

    def rows(self, states: NDArray[np.int32], columns: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Many steps at once, by class of byte. Raises ConstraintError."""
        next_ = self.table.ravel().take(states * self.width + columns)
        if len(missing := np.flatnonzero(next_ < 0)):
            self.work = 0
            for pair in np.unique(states[missing].astype(np.int64) * 256 + columns[missing]).tolist():
                self.make(pair >> 8, pair & 255)
            next_[missing] = self.table[states[missing], columns[missing]]
        return next_

    def ends(self, state: int) -> bool:
        """Nothing can follow."""
        return not self.moves[state]

    @property
    def crowded(self) -> bool:
        """It holds so much that a new one should be made for the next text."""
        return len(self.moves) > STATES // 2

    def make(self, state: int, column: int) -> None:
        behind = frozenset((t, k) for first, last, t, k in self.moves[state] if first <= column <= last)
        self.work += len(self.moves[state])
        known = self.settled.get(behind) if behind else 0
        self.table[state, column] = self.settle(behind) if known is None else known

    def settle(self, places: frozenset[Place]) -> int:
        """The state of all places that are reached from these without reading a byte."""
        todo, seen = list(places), set(places)
        moves: list[Move] = []
        kept: list[Place] = []
        complete = False
        while todo:
            s, k = place = todo.pop()
            back, below, depth = self.stacks[k]
            reached = [(t, k) for t in self.graph.free[s] if depth + self.need[t] <= DEPTH]
            if s in self.graph.ends:
                if k:
                    reached.append((back, below))
                else:
                    complete = True
            for rule, after in self.graph.calls[s]:
                start = self.graph.rules[rule][0]
                if depth + max(1 + self.need[start], self.need[after]) <= DEPTH:
                    reached.append((start, self.stack(after, k)))
            onward = [(a, z, t, k) for a, z, t in self.moves_of[s] if depth + self.need[t] <= DEPTH]
            if onward:
                kept.append(place)
                moves += onward
            for one in reached:
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
            self.work += 1 + len(reached)
            if self.work > WORK:
                raise too_large()
        key = (frozenset(kept), complete)
        if key not in self.known:
            self.known[key] = self.add(moves, complete)
        self.settled[places] = self.known[key]
        return self.known[key]

    def stack(self, back: int, below: int) -> int:
        if (back, below) not in self.known_stacks:
            self.known_stacks[back, below] = len(self.stacks)
            self.stacks.append((back, below, self.stacks[below][2] + 1))
        return self.known_stacks[back, below]

    def add(self, moves: list[Move], complete: bool) -> int:
        number = len(self.moves)
        if number > STATES:
            raise too_large()
        self.moves.append(moves)
        self.complete.append(complete)
        if number == len(self.table):
            more = np.full((max(16, number), self.width), -1, dtype=np.int32)
            self.table = np.concatenate((self.table, more))
        return number

    def count(self, rule: str) -> None:
        """Make all sets of one rule, calls taken as single letters, to see that they are not too many."""
        first = self.alone((self.graph.rules[rule][0],))
        todo, seen = [first], {first}
        while todo:
            behind: dict[int | str, list[int]] = {}
            for s in todo.pop():
                for a, z, t in self.moves_of[s]:
                    for column in range(a, z + 1):
                        behind.setdefault(column, []).append(t)
                for called, after in self.graph.calls[s]:
                    if self.need[after] <= DEPTH:
                        behind.setdefault(called, []).append(after)
            for targets in {frozenset(targets) for targets in behind.values()}:
                reached = self.alone(targets)
                self.work += len(reached) + len(targets)
                if reached not in seen:
                    seen.add(reached)
                    todo.append(reached)
            if len(seen) > STATES or self.work > WORK:
                raise too_large()

    def alone(self, targets: Iterable[int]) -> frozenset[int]:
        """The states from which a byte is read or a rule called, reached from these without either."""
        todo = list(targets)
        seen = set(todo)
        while todo:
            for t in self.graph.free[todo.pop()]:
                if t not in seen and self.need[t] <= DEPTH:
                    seen.add(t)
                    todo.append(t)
        return frozenset(s for s in seen if self.moves_of[s] or self.graph.calls[s])

    def refuse_circles(self) -> None:
        """A rule that calls itself before anything is read would be called without an end."""
        graph = self.graph
        empty: set[str] = set()  # rules that the empty text fulfills
        before: dict[str, set[str]] = {}
        grown = -1
        while grown != len(empty):
            grown = len(empty)
            for rule, (start, end) in graph.rules.items():
                todo, seen, called = [start], {start}, set()
                while todo:
                    s = todo.pop()
                    called |= {name for name, _ in graph.calls[s]}
                    onward = [*graph.free[s], *(after for name, after in graph.calls[s] if name in empty)]
                    new = [t for t in onward if t not in seen]
                    seen.update(new)
                    todo += new
                before[rule] = called
                if end in seen:
                    empty.add(rule)
        open_ = set(before)
        while done := {rule for rule in open_ if not before[rule] & open_}:
            open_ -= done
        if open_:
            name = ascii(min(open_))
            raise ConstraintError(
                f"规则 {name} 还没读任何字符就引用了自己，没有尽头。",
                f"Rule {name} refers to itself before a character is read, without an end.",
            )
