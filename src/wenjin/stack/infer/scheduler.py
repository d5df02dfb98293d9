"""What is read next: which texts run, which wait, which new tokens of whom go into the next pass.

    waiting   a queue: higher priority first, among equals who came first; nobody overtakes the first in line
    running   at most `batch`; each holds the pages of what it has read
    a pass    the newest token of every text that writes, and up to `chunk` tokens of prompts beside them

A text takes pages as it grows. When none is left, the last in line gives all of its own back, waits again and later
reads what it had written once more, as far as its pages are lost; the first in line always goes on, and fits alone,
so everything ends. The last in line gives way in the same manner to a text of higher priority.

Fixed: every text is handed all pages it may need before it starts, prompts are read in pieces cut at multiples of
`chunk`, one piece a pass and apart from those that write. What a text meets is then the same in any company.

Omits    fairness between those who ask with one priority; a text in pieces on several devices
Sources  passes put together anew for each token: Orca, OSDI 2022 (3.1); prompts in pieces beside writing:
         arXiv:2308.16369 (4.1); giving way and reading again: arXiv:2309.06180 (4.5)
Proof    tests/stack/infer/test_scheduler.py: order, budgets, no page lost, whatever is asked and given up
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from wenjin.stack.infer.pages import PAGE, NoPages, Pages, contents


@dataclass(eq=False)
class Text:
    """What was read and written of one text, and where it stands. `ids` grows at its end."""

    ids: list[int]
    most: int  # new tokens at most
    turn: tuple[int, int] = (0, 0)  # (- priority, when it came): the least goes first
    whole: bool = False  # each token of the prompt must be read, found beginnings or not
    prompt: int = 0
    held: int = 0  # tokens that were read: their keys and values lie in the pages
    table: list[int] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)  # of its full pages' contents
    shared: int = 0  # tokens found, not read, when it first started
    begun: bool = False
    guesses: Sequence[int] = ()  # of the tokens to come, to be read in the same pass

    def __post_init__(self) -> None:
        self.prompt = len(self.ids)


@dataclass(frozen=True)
class Part:
    """Tokens ids[first:last] of a text, to be read in one pass, and guesses after them."""

    text: Text
    first: int
    last: int
    guesses: Sequence[int] = ()

    @property
    def count(self) -> int:
        return self.last - self.first + len(self.guesses)

    @property
    def ids(self) -> list[int]:
        return [*self.text.ids[self.first : self.last], *self.guesses]

    @property
    def newest(self) -> bool:
        """After it the text's next token can be chosen."""
        return self.last == len(self.text.ids)


class Scheduler:
    def __init__(self, pages: Pages, *, batch: int, chunk: int, prefix: bool = True, fixed: bool = False) -> None:
        if fixed and chunk % PAGE:
            raise ValueError(f"pieces of {chunk} tokens do not end where pages of {PAGE} do")
        self.pages, self.batch, self.chunk, self.prefix, self.fixed = pages, batch, chunk, prefix, fixed
        self.waiting: list[Text] = []  # both in order of their turns
        self.running: list[Text] = []
        self.found = 0  # tokens of prompts that did not have to be read

    def add(self, text: Text) -> None:
        bisect.insort(self.waiting, text, key=lambda text: text.turn)

    def drop(self, text: Text) -> None:
        """It is over, or given up: its pages are free at once."""
        if text in self.running:
            self.running.remove(text)
        elif text in self.waiting:
            self.waiting.remove(text)
        self.pages.give_back(text.table)
        text.table = []

    def plan(self) -> list[list[Part]]:
        """The parts of each pass to come, those of one token first. Empty when there is nothing to do."""
        self._admit()
        writing, reading, budget = [], [], self.chunk
        for text in list(self.running):
            if text not in self.running:
                continue  # it gave way to one before it
            last = len(text.ids)
            writes = text.held >= text.prompt if self.fixed else last - text.held == 1
            if not writes:
                if not budget:
                    continue
                last = min(last, text.held + budget)
            if not self._grow(text, last):
                continue
            part = Part(text, text.held, last, self._guesses(text) if writes else ())
            if writes:
                writing.append(part)
            else:
                reading.append(part)
                budget = 0 if self.fixed else budget - part.count
        kept = [[part for part in parts if part.text in self.running] for parts in (writing, reading)]
        passes = kept if self.fixed else [sorted(kept[0] + kept[1], key=lambda part: part.count > 1)]
        return [parts for parts in passes if parts]

    def read(self, part: Part, guessed: int = 0) -> None:
        """The pass is over, so many guesses were right: full pages may be shared from now on."""
        text = part.text
        text.held = part.last + guessed
        if not self.prefix:
            return
        ends = text.held
        if self.fixed:  # whole pieces of a prompt alone: others would have read the rest in another way
            ends = min(ends, text.prompt) // self.chunk * self.chunk
        if ends // PAGE > len(text.names):
            text.names = contents(text.ids[:ends], text.names)
        full = slice(part.first // PAGE, ends // PAGE)
        for page, name in zip(text.table[full], text.names[full], strict=True):
            self.pages.name(page, name)

    def _admit(self) -> None:
        while self.waiting:
            text = self.waiting[0]
            if len(self.running) == self.batch and not self._make_way(text):
                return
            found = self._find(text)
            needs = pages_for(text.prompt + text.most if self.fixed else len(text.ids) + 1) - len(found)
            while needs > self._spare() and self._make_way(text):
                pass
            if needs > self._spare() and self.running:
                self.pages.give_back(found)
                return
            self.waiting.remove(text)
            text.table, text.held = found, len(found) * PAGE
            if self.fixed:
                text.table += [self.pages.take() for _ in range(needs)]
            if not text.begun:
                text.begun, text.shared = True, text.held
                self.found += text.held
            bisect.insort(self.running, text, key=lambda text: text.turn)

    def _spare(self) -> int:
        """Pages that nobody who runs will need for what is known of him."""
        return self.pages.available - sum(max(0, pages_for(len(t.ids) + 1) - len(t.table)) for t in self.running)

    def _make_way(self, text: Text) -> bool:
        """The last in line, if it comes after this text, waits instead."""
        if self.fixed or not self.running or self.running[-1].turn < text.turn:
            return False
        self._give_way(self.running[-1])
        return True

    def _find(self, text: Text) -> list[int]:
        """Pages that hold the beginning; the last token is always read, for what comes after it."""
        if not self.prefix or text.whole:
            return []
        unit = self.chunk if self.fixed else PAGE
        ends = (len(text.ids) - 1) // unit * unit
        text.names = contents(text.ids[:ends], text.names[: ends // PAGE])
        found = self.pages.find(text.names)
        good = len(found) * PAGE // unit * unit // PAGE
        self.pages.give_back(found[good:])
        return found[:good]

    def _grow(self, text: Text, last: int) -> bool:
        """See that `last` tokens have pages. False when the text itself had to give way."""
        while len(text.table) * PAGE < last:
            try:
                text.table.append(self.pages.take())
            except NoPages:
                weakest = self.running[-1]
                self._give_way(weakest)
                if weakest is text:
                    return False
        return True

    def _guesses(self, text: Text) -> Sequence[int]:
        """Those that are wanted, if free pages have room for them: nobody gives way to a guess."""
        guesses, text.guesses = text.guesses, ()
        needs = pages_for(len(text.ids) + len(guesses)) - len(text.table)
        if not guesses or needs > max(0, self._spare()):
            return ()
        text.table += [self.pages.take() for _ in range(needs)]
        return guesses

    def _give_way(self, text: Text) -> None:
        self.running.remove(text)
        self.pages.give_back(text.table)
        text.table, text.held = [], 0
        self.add(text)


def pages_for(tokens: int) -> int:
    return -(-tokens // PAGE)
