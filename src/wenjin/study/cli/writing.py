"""Ask for a program in a test: it is begun, written in a file of its own, and handed in before its time is over.

Over a pipe as at a terminal: a line is an order. What stands in the file when the learner leaves is there later; the
time goes on. Omits how it is judged (judge/proving.py).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Text
from wenjin.study.cli.asking import Left
from wenjin.study.cli.terminal import clean, say

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.progress.placement import Item

OFFER = Text(
    "这一题要写一段程序，限时 {minutes} 分钟，从开始写算起。y：开始写   空行：不会   {spare}q：先离开",
    "This one is a program to write, in {minutes} minutes from when you begin. y: begin   empty line: I do not know   "
    "{spare}q: leave",
)
SPARE = Text("n：这次不写程序   ", "n: no programs in this test   ")
FILE = Text("写在这个文件里，到 {time} 为止：{file}", "Write in this file, until {time}: {file}")
HAND_IN = Text("h：写好了，交   s：不会   q：先离开", "h: hand it in   s: I do not know   q: leave")
GONE = Text("文件 {file} 读不了：{detail}。", "The file {file} cannot be read: {detail}.")


@dataclass(frozen=True, slots=True)
class Writing:
    """What a test does with a program: `opened` says when it was begun, `spare` is None where it cannot be declined."""

    sitting: str
    opened: Callable[[], datetime | None]
    begin: Callable[[], None]
    spare: Callable[[], None] | None
    take: Callable[[Any], dict[str, Any]]


def write(desk: "Desk", item: "Item", writing: Writing) -> dict[str, Any] | None:
    """The verdict that counts; None when the learner wants no programs. Raises Left."""
    from wenjin.study.judge.proving import counts
    from wenjin.study.progress.placement import MINUTES
    from wenjin.study.store.workspace import Starter, Workspace

    if writing.opened() is None:
        spare = SPARE if writing.spare else Text("", "")
        print(say(OFFER.format(minutes=MINUTES, spare=spare)))
        match order("y", "", *["n"] * bool(writing.spare)):
            case "":
                return writing.take(None)
            case "n" if writing.spare:
                writing.spare()
                return None
        writing.begin()
    starter = Starter(item.exercise.id, ".py", item.exercise.starter)
    file = Workspace(desk.places.workspace / "tests" / writing.sitting[:8]).lay(starter)
    opened = writing.opened()
    until = (opened + timedelta(minutes=MINUTES)).astimezone().strftime("%H:%M") if opened else "—"
    print(say(FILE.format(time=until, file=clean(str(file)))))
    while True:
        print(say(HAND_IN))
        if order("h", "s") == "s":
            return writing.take(None)
        try:
            source = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(say(GONE.format(file=clean(str(file)), detail=clean(str(error)))))
            continue
        verdict = writing.take(source)
        if counts(verdict):
            return verdict
        print(clean(verdict["feedback"][desk.language]))


def order(*known: str) -> str:
    """The next line that is one of these. Raises Left at `q` and at the end of the input."""
    while True:
        line = sys.stdin.readline()
        said = line.strip().lower()
        if not line or said == "q":
            raise Left
        if said in known:
            return said
