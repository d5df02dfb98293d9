"""Save, and the verdict is there. Two threads bring what happens, a saved file or a key, to one loop that answers.

With a terminal, a key acts at once and the screen is cleared; over a pipe a line is a key (or a number of the list),
and nothing is cleared.
"""

import json
import queue
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wenjin.kit.text import Text
from wenjin.study.cli import happenings as sources
from wenjin.study.cli import views
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.happenings import Ended, Happened, Pressed, Saved, settled
from wenjin.study.cli.terminal import clean, console, verdict
from wenjin.study.course.graph import Exercise
from wenjin.study.judge.client import JudgeError
from wenjin.study.store.log import StoreError

if TYPE_CHECKING:
    from rich.console import RenderableType

KEYS = Text(
    "h 提示  n 下一题  l 列表  r 恢复  s 参考答案  回车 再判  q 退出",
    "h hint  n next  l list  r reset  s solution  Enter again  q quit",
)
FILE = Text("文件  {file}", "File  {file}")
BEGIN = Text("改好并保存，就会得到判定。", "Change the file and save it: the verdict follows.")
PASSED = Text("按 n 去下一题；s 看参考答案。", "n goes on to the next; s shows the reference answer.")
ALL_DONE = Text("全部练习都已通过。", "All exercises are passed.")
RESET = Text("文件已恢复为起始的样子。", "The file is as it was at the start.")
KEPT = Text("原来的内容保存在 {kept}。", "What stood there is kept in {kept}.")
PICK = Text("输入编号并回车，跳到那一题。", "A number and Enter goes to that exercise.")
UNKNOWN_KEY = Text("没有 {key} 这个键。", "There is no key {key}.")
ASKS = Text("按 y 仍然运行这一次。", "y runs it this once.")
GONE = Text("文件不见了；按 r 重新备好。", "The file is gone; r lays it again.")


class Watch:
    """The loop: what is shown after each thing that happens. `show` puts a picture on the screen; `tell` gets each
    verdict with its file and exercise."""

    def __init__(
        self,
        desk: Desk,
        exercise: Exercise | None,
        show: Callable[..., None],
        tell: Callable[[dict[str, Any]], None] = lambda verdict: None,
    ) -> None:
        self.desk, self._show, self._tell = desk, show, tell
        self.progress = desk.progress()
        course = desk.course.exercises
        self.exercise = exercise or course[self.progress.following() or next(iter(self.progress.exercises))]
        self._asks = False  # whether the answer was not run for want of a sandbox, and may be this once
        self._typed = ""  # a number that is being typed
        self._seen: dict[Path, bytes] = {}  # what each file held when we laid or judged it: saving that is no news
        self._open(self.exercise)

    def begin(self) -> None:
        """The task; and the verdict at once where the learner has worked on the file before."""
        if self.desk.files.untouched(self._starter):
            self._task()
        else:
            self._judge()

    def happened(self, what: Happened) -> bool:
        """Answer it. False when it is the end."""
        try:
            match what:
                case Saved(file):
                    self._saved(file)
                case Pressed(key):
                    return self._pressed(key)
                case Ended():
                    return False
        except StoreError as error:
            self._draw(clean(error.text[self.desk.language]))
        except JudgeError as error:
            self._draw(clean(str(error)))
        return True

    def _open(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self._starter = self.desk.starter(exercise)
        self.file = self.desk.files.lay(self._starter)
        self._seen.setdefault(self.file, self.file.read_bytes())

    def _saved(self, file: Path) -> None:
        exercise = next((each for each in self._written() if self._is(each, file)), None)
        answer = settled(file) if exercise else None
        if exercise is None or answer is None or answer == self._seen.get(file):
            return
        if exercise != self.exercise:  # another exercise of the workspace: go there
            self._open(exercise)
        self._judge(answer)

    def _pressed(self, key: str) -> bool:
        if key.isdecimal():
            self._typed = (self._typed + key)[:4]
            return True
        typed, self._typed = self._typed, ""
        match key.lower():
            case "\n" | "\r" | "":
                self._go(int(typed)) if typed else self._judge()
            case "h":
                opened = self.desk.open_hint(self.exercise)
                self._draw(views.hints(self.exercise, opened, self.desk.language))
            case "n":
                self._next()
            case "l":
                self._list()
            case "r":
                self._reset()
            case "s":
                self._solution()
            case "y" if self._asks:
                self._judge(confirmed=True)
            case "q" | "\x03" | "\x04":
                return False
            case _:
                self._draw(UNKNOWN_KEY.format(key=clean(key) or "?")[self.desk.language])
        return True

    def _judge(self, answer: bytes | None = None, confirmed: bool = False) -> None:
        answer = settled(self.file) if answer is None else answer
        if answer is None:
            self._draw(GONE[self.desk.language])
            return
        self._seen[self.file] = answer
        result = self.desk.attempt(self.exercise, answer, "watch", confirmed)
        self._tell({"file": str(self.file), "exercise": self.exercise.id, **result})
        self._asks = result["name"] == "unconfined"
        standing = self.desk.standing(self.exercise)
        known = {**self.progress.exercises, self.exercise.id: standing}
        self.progress = type(self.progress)(known, self.progress.settings)
        shown: list[RenderableType] = [verdict(result, self.exercise.topic, self.desk.language)]
        if result["unkept"]:
            shown += ["", clean(result["unkept"][self.desk.language])]
        if self._asks:
            shown += ["", ASKS[self.desk.language]]
        if result["verdict"] == "pass":
            done = self.progress.following() is None
            shown += ["", (ALL_DONE if done else PASSED)[self.desk.language]]
        self._draw(*shown)

    def _task(self) -> None:
        self._draw(views.task(self.exercise, self.desk.language), "", BEGIN[self.desk.language])

    def _next(self) -> None:
        self.progress = self.desk.progress()
        id = self.progress.following(self.exercise.id)
        if id is None:
            self._draw(ALL_DONE[self.desk.language])
            return
        self._open(self.desk.course.exercises[id])
        self.begin()

    def _go(self, number: int) -> None:
        written = self._written()
        if 1 <= number <= len(written):
            self._open(written[number - 1])
            self.begin()
        else:
            self._list()

    def _list(self) -> None:
        self.progress = self.desk.progress()
        listing = views.listing(self.desk.course, self.progress, self.exercise.id, self.desk.language)
        self._draw(listing, "", PICK[self.desk.language])

    def _reset(self) -> None:
        _, kept = self.desk.reset(self.exercise, datetime.now())
        self._seen.pop(self.file, None)
        self._open(self.exercise)
        lines = [RESET[self.desk.language]]
        if kept:
            lines.append(clean(KEPT.format(kept=kept)[self.desk.language]))
        self._draw(*lines)

    def _solution(self) -> None:
        text = self.desk.solution(self.exercise)
        if text is None:
            opened = self.desk.standing(self.exercise).hints
            self._draw(views.closed(self.exercise, opened)[self.desk.language])
        else:
            self._draw(clean(text))

    def _written(self) -> list[Exercise]:
        return [self.desk.course.exercises[id] for id in self.progress.exercises]

    def _is(self, exercise: Exercise, file: Path) -> bool:
        name = exercise.name.replace("-", "_") + (".py" if exercise.code else ".toml")
        return file == self.desk.places.workspace / exercise.topic / name

    def _draw(self, *shown: "RenderableType") -> None:
        language = self.desk.language
        foot = [FILE.format(file=clean(str(self.file)))[language], KEYS[language]]
        self._show(*shown, "", views.bar(self.progress, language), *foot)


def run(desk: Desk, exercise: Exercise | None, as_json: bool = False) -> None:
    """Watch until the learner quits. As JSON, each verdict is a line, and nothing else is shown."""
    happenings: queue.Queue[Happened] = queue.Queue()
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    out = console()

    def tell(verdict: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(verdict), flush=True)

    def show(*shown: Any) -> None:
        if as_json:
            return
        if at_terminal:
            out.clear()
        for each in shown:
            out.print(each)
        if not at_terminal:
            sys.stdout.flush()

    for ending in (signal.SIGTERM, signal.SIGHUP):  # like Ctrl-C: the terminal is put back as it was
        signal.signal(ending, signal.default_int_handler)
    desk.judge  # noqa: B018  it starts while the course is read
    watch = Watch(desk, exercise, show, tell)
    stop = threading.Event()
    threading.Thread(target=sources.files, args=(desk.places.workspace, happenings, stop), daemon=True).start()
    with sources.keyboard(sys.stdin, at_terminal) as pressed:
        threading.Thread(target=sources.keys, args=(pressed, happenings), daemon=True).start()
        watch.begin()
        while watch.happened(happenings.get()):
            pass
    stop.set()
