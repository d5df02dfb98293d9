"""Run a lab in the terminal: the form's words, the prediction, the bar, and Ctrl-C that keeps the state.

With a server the run is its: the command only follows. Without one the command works on the run itself, and ends it
in order when it is interrupted.
"""

import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.cli import labviews
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.terminal import clean, console, fail, say
from wenjin.study.course.form import Form, FormError
from wenjin.study.course.graph import Lab
from wenjin.study.course.lab import Prediction
from wenjin.study.labs.book import Run
from wenjin.study.labs.runner import Runner

SOON = 1.5  # seconds in which a run begins for which nothing has to wait

NO_LAB = Text("没有名为 {name} 的实验；有：{names}。", "There is no lab called {name}; there are: {names}.")
NO_LABS = Text("课程里还没有写好的实验。", "The course has no written labs yet.")
NO_VALUE = Text("{name} 后面要写一个值，例如 {name} {default}。", "{name} needs a value, as in {name} {default}.")
STRAY = Text(
    "{word} 前面要有参数名，例如 --seed 1；有：{names}。",
    "{word} needs the name of a parameter before it, as in --seed 1; there are: {names}.",
)
NO_ANSWER = Text(
    "预测 {given} 不在选项里；可选：{keys}。", "The prediction {given} is none of the answers; choose from {keys}."
)
TOO_MANY = Text("这个实验只问 {n} 个预测。", "This lab asks for {n} prediction(s) only.")
ASK = Text("先预测（编号，回车跳过）：", "Predict first (a number; Enter skips it):")
WAITS = Text(
    "排在第 {n} 位；前面的运行结束后就开始。", "Number {n} in the queue; it begins when those before it are over."
)
BEGINS = Text("开始", "begins")
GOES_ON = Text("从保存的状态继续", "goes on from its kept state")
LEFT = Text("剩 {left}", "{left} left")
STOPPING = Text("正在停下，状态会保存……", "Stopping; its state is kept …")
STOPPED = Text(
    "已停下，状态已保存。继续：wenjin runs resume {run}",
    "Stopped; its state is kept. Go on with: wenjin runs resume {run}",
)


def find(desk: Desk, name: str) -> Lab:
    """The written lab of this name, or the end with a sentence that lists them."""
    found = desk.course.lab(name.strip().removesuffix(".py").replace("_", "-"))
    if found is None or found.form is None:
        written = [lab.id for lab in desk.course.labs.values() if lab.form is not None]
        fail(NO_LAB.format(name=clean(name), names=", ".join(written)) if written else NO_LABS, 2)
    return found


def words(form: Form, given: Sequence[str]) -> dict[str, str]:
    """`--batch-size 8 --causal` -> {"batch_size": "8", "causal": "true"}. Raises FormError by name."""
    read: dict[str, str] = {}
    rest = list(given)
    names = ", ".join(f"--{field.name.replace('_', '-')}" for field in form.fields)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise FormError(word, STRAY.format(word=clean(word), names=names))
        name, equals, value = word[2:].partition("=")
        field = form.field(name.replace("-", "_"))
        if not equals:
            if rest and not (rest[0].startswith("--") and not rest[0][2:3].isdigit()):
                value = rest.pop(0)
            elif field.kind == "bool":
                value = "true"
            else:
                raise FormError(field.name, NO_VALUE.format(name=word, default=field.word(field.default)))
        read[field.name] = value
    return read


def prediction(asked: Sequence[Prediction], given: Sequence[str], ask: bool, tongue: Any) -> dict[str, str]:
    """The answers by id: those given, in order; else asked for at a terminal, where each may be skipped."""
    if len(given) > len(asked):
        fail(TOO_MANY.format(n=len(asked)), 2)
    chosen: dict[str, str] = {}
    for number, question in enumerate(asked):
        keys = [option.key for option in question.options]
        if number < len(given):
            if given[number] not in keys:
                fail(NO_ANSWER.format(given=clean(given[number]), keys=", ".join(keys)), 2)
            chosen[question.id] = given[number]
        elif ask and not given:
            key = _asked(question, keys, tongue)
            if key:
                chosen[question.id] = key
    return chosen


def _asked(question: Prediction, keys: list[str], tongue: Any) -> str:
    print(clean(question.question[tongue]), file=sys.stderr)
    for number, option in enumerate(question.options, start=1):
        print(f"  {number}  {clean(option.text[tongue])}", file=sys.stderr)
    while True:
        print(say(ASK), end=" ", file=sys.stderr, flush=True)
        line = sys.stdin.readline().strip()
        if not line or line in keys:
            return line
        if line.isdecimal() and len(line) < 4 and 1 <= int(line) <= len(keys):
            return keys[int(line) - 1]


def attend(desk: Desk, runner: Runner, run: str, after: int = 0) -> Run:
    """Follow the run, from a place in its record on, until it is over; an interruption stops it and keeps its state."""
    with closing(Runner(desk.log, desk.course, desk.places, only=run)) as worker, interruptible():
        worker.start()
        try:
            follow(runner, run, after)
        except KeyboardInterrupt:
            print(say(STOPPING), file=sys.stderr)
            if runner.place(run) is not None:
                runner.stop(run)
            for _ in runner.follow(run, end(runner, run)):
                pass
    done = runner.run(run)
    assert done is not None
    if done.state == "stopped":
        print(say(STOPPED.format(run=run[:8])), file=sys.stderr)
    return done


def end(runner: Runner, run: str) -> int:
    """The place behind all that its record holds now."""
    after = 0
    while (found := runner.rows(run, after)).rows:
        after = found.after
    return after


def follow(runner: Runner, run: str, after: int) -> None:
    """A bar with time left and memory on the error stream; lines where that is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn

    began = time.monotonic()
    while (place := runner.place(run)) and time.monotonic() - began < SOON:
        time.sleep(0.1)
    if place:
        print(say(WAITS.format(n=place)), file=sys.stderr)
    out = console(error=True)
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=None)
        for row in runner.follow(run, after):
            if row["frame"] == "begin":
                out.print(say(GOES_ON if row["from"] == "kept" else BEGINS), style="dim")
            elif row["frame"] == "meter":
                bar.update(task, description=_metered(row))
            elif row["frame"] == "progress":
                bar.update(task, total=row["of"], completed=row["done"])


def _metered(row: Mapping[str, Any]) -> str:
    parts = [labviews.clock(row["seconds"]), f"{row['memory'] / 2**20:.0f} MiB"]
    if row["left"] is not None:
        parts.append(say(LEFT.format(left=labviews.clock(row["left"]))))
    return "  ".join(parts)


@contextmanager
def interruptible() -> Iterator[None]:
    """A closed terminal and SIGTERM are as Ctrl-C."""
    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            before[name] = signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
