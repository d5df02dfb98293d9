"""RunningMean: a class that remembers how many numbers it saw."""

from collections.abc import Sequence
from random import Random

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()


def running_mean(fault: frozenset[str] = NONE) -> type:
    class RunningMean:
        def __init__(self, start: float) -> None:
            self.total, self.count = start, 1

        def add(self, x: float) -> float:
            self.total += x
            self.count += 1
            if "averages-averages" in fault:
                self.total, self.count = self.total / self.count, 1
                return self.total
            return self.total / self.count

    return RunningMean


def cases(dice: Random) -> Sequence[Case]:
    x, y, z = (float(dice.randint(2, 9)) for _ in range(3))
    return [Case("three", ((x,), [("add", (y + 30,)), ("add", (z,))]), Text("三个数", "three numbers"))]


exercise = Code(
    form="class", define="RunningMean", solution=running_mean, cases=cases, mistakes=read_mistakes(__file__)
)
