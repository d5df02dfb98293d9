"""What a template of others may spend: steps, characters, time. Whoever is about to take some says so first.

    SPENDING.set(Budget(seconds=5))
    SPENDING.get().size(len(text) * times)      raises Exhausted where that would be too much

Proof    tests/stack/text/test_chat_template.py: hostile templates end in a sentence within the limits
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined

SOURCE = 1 << 17  # characters of a template; the longest published ones have some 20,000
OUTPUT = 1 << 23  # characters that it may write
LARGEST = 1 << 24  # characters of one value, all that it holds included
ITEMS = 1 << 19  # things that one value may hold, and what these hold
WORK = 1 << 27  # characters and items that all steps together may touch
STEPS = 1_000_000
SECONDS = 5.0  # of processor time
LOOK = 256  # steps, or so many times so many characters, between looks at the clock
NUMBER = 4096  # bits of a whole number


class Exhausted(SecurityError):
    """A template took more than it may: `limit` names of what, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Budget:
    """What one rendering has left."""

    def __init__(self, seconds: float) -> None:
        self.steps, self.work, self.since, self.end = STEPS, WORK, LOOK, time.thread_time() + seconds

    def spend(self, work: int = 1, steps: int = 1) -> None:
        self.steps, self.work = self.steps - steps, self.work - work
        if self.steps < 0:
            raise Exhausted(f"循环和调用超过 {STEPS:,} 步", f"its loops and calls pass {STEPS:,} steps")
        if self.work < 0:
            raise Exhausted(f"处理的文字超过 {WORK:,} 个字符", f"the text it works on passes {WORK:,} characters")
        self.since += steps + work // LOOK
        if self.since >= LOOK:
            self.since = 0
            if time.thread_time() > self.end:
                raise Exhausted("用时太长", "it takes too long")

    def value(self, *values: Any, plain: bool = False) -> None:
        """Values that are about to be used or were made: none holds too much, however often it holds the same.

        plain    … and none holds what is no data, so that it can be written
        """
        seen = total = 0
        waiting = list(values)
        while waiting:
            one = waiting.pop()
            seen += 1
            if isinstance(one, str):
                total += len(one)
            elif isinstance(one, Mapping):
                waiting += one.keys()
                waiting += one.values()
            elif isinstance(one, list | tuple | set | frozenset):
                waiting += one
            elif isinstance(one, range):
                total += len(one)
            elif isinstance(one, int) and one.bit_length() > NUMBER:
                raise Exhausted("一个数太大", "a number grows too large")
            elif plain and not isinstance(one, int | float | Undefined | None):
                raise SecurityError(f"a {type(one).__name__} is written as text")
            if seen + len(waiting) > ITEMS or total > LARGEST:
                raise too_large()
        self.spend(seen + (len(values[0]) if values and isinstance(values[0], str) else 0))

    def plain(self, *values: Any) -> None:
        self.value(*values, plain=True)

    def size(self, characters: int) -> None:
        """A text or a list of that length is about to be made."""
        if characters > LARGEST:
            raise too_large()
        self.spend(max(0, characters))


def too_large() -> Exhausted:
    return Exhausted(f"一个值超过 {LARGEST:,} 个字符", f"a value passes {LARGEST:,} characters")


SPENDING: ContextVar[Budget] = ContextVar("spending")
