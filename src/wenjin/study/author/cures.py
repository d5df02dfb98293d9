"""Pitfalls put to the test: does each program raise its message, and does the cure that its repair names run?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.author.running import run_jobs
from wenjin.study.course.passes import Pitfall
from wenjin.study.course.pitfalls import repaired

SILENT = (
    Text("程序没有报错。", "The program raises nothing."),
    Text("让程序真的报出这个错。", "Make the program raise that error."),
)
OTHER = (
    Text("程序报的是另一个错：{message}", "The program raises something else: {message}"),
    Text("照抄真实的报错，或改正程序。", "Quote the real message, or mend the program."),
)
CURELESS = (
    Text("repair 里没有代码，或两种语言的代码不同。", "The repair names no code, or another in each language."),
    Text("写上替换程序最后一行的代码。", "Write the code that stands for the program's last line."),
)
STILL = (
    Text("照 repair 改了还是报错：{message}", "With its repair the program still raises: {message}"),
    Text("让 repair 的第一段代码换上最后一行就能运行。", "Make its first code run in the place of the last line."),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """`message`: what Python printed; `fault`: what is not as the pitfall says, None where all is; `remedy`: for its
    author."""

    pitfall: Pitfall
    message: str | None
    fault: Text | None = None
    remedy: Text | None = None


def jobs(pitfalls: Sequence[Pitfall]) -> list[dict[str, Any]]:
    """Two jobs for each: the program, and the program with its cure."""
    made: list[dict[str, Any]] = []
    for pitfall in pitfalls:
        made += [{"raises": pitfall.program}, {"raises": repaired(pitfall) or ""}]
    return made


def proofs(pitfalls: Sequence[Pitfall], results: Sequence[dict[str, Any]]) -> Iterator[Proof]:
    """What came of these jobs."""
    for pitfall, raised, cured in zip(pitfalls, results[::2], results[1::2], strict=True):
        message, still = raised["message"], cured["message"]
        if message is None:
            yield Proof(pitfall, None, *SILENT)
        elif pitfall.message not in message:
            yield Proof(pitfall, message, OTHER[0].format(message=message), OTHER[1])
        elif repaired(pitfall) is None:
            yield Proof(pitfall, message, *CURELESS)
        elif still is not None:
            yield Proof(pitfall, message, STILL[0].format(message=still), STILL[1])
        else:
            yield Proof(pitfall, message)


def prove(pitfalls: Sequence[Pitfall]) -> list[Proof]:
    """Run them all, in a process of their own. Raises RunError."""
    return list(proofs(pitfalls, run_jobs(jobs(pitfalls))))
