"""`wenjin …`: puts the commands of study/cli together. Nothing heavy is imported before a command runs.

A refusal is one sentence that says what, where and what to do. What nobody foresaw is one sentence too, and its
traceback stands in the log file.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import usage
from wenjin.study.cli.terminal import clean, fail, language, say
from wenjin.study.store.places import places
from wenjin.version import VERSION

if TYPE_CHECKING:
    from wenjin.study.chat.commands import Commands

ROOMS = (
    "exercises",
    "review",
    "checkpoint",
    "week",
    "craft",
    "labs",
    "course",
    "place",
    "plan",
    "progress",
    "atlas",
    "news",
    "data",
    "notes",
    "questions",
    "summary",
    "search",
    "again",
    "typing",
    "pitfalls",
    "archive",
)

ABOUT = Text("问津：能运行的大模型课程。", "Wenjin: an executable course in large language models.")
EXAMPLES = Text(
    """例子：
    ./wenjin start                                启动课程并打开页面
    ./wenjin watch                                保存即判的练习
    ./wenjin check write-attention answer.py      判一个文件
    ./wenjin doctor                               检查这台机器""",
    """Examples:
    ./wenjin start                                start the course and open it
    ./wenjin watch                                exercises judged whenever you save
    ./wenjin check write-attention answer.py      judge a file
    ./wenjin doctor                               examine this machine""",
)
UNFORESEEN = Text(
    "出了没有料到的错（{error}）。经过记在 {log}；再试一次，还是不行就把那一段附在问题报告里。",
    "Something unforeseen went wrong ({error}). The course of events stands in {log}; try again, and if it stays, add "
    "that part to a report.",
)


def version(asked: bool) -> None:
    if asked:
        print("wenjin", VERSION)
        raise typer.Exit


def application() -> typer.Typer:
    """All commands. Help in the language of the terminal."""
    usage.speak()
    app = typer.Typer(
        help=say(ABOUT),
        epilog="\b\n" + say(EXAMPLES),
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def wenjin(
        number: bool = typer.Option(
            False, "--version", callback=version, is_eager=True, help=say(Text("版本号", "The version"))
        ),
    ) -> None:
        pass

    import_module("wenjin.study.cli.house").register(app, models)
    for room in ROOMS:
        import_module(f"wenjin.study.cli.{room}").register(app)
    import_module("wenjin.poet.cli").register(app, language, cause)
    import_module("wenjin.stack.cli.models").register(app, language, fetch)
    return app


def fetch(package: Mapping[str, Any], work: Path, grown: Callable[[int], None]) -> Path:
    """A package by its registry's own client. Raises FetchError."""
    from wenjin.study.cli import fetching

    return fetching.fetch(package, work, grown)


def models() -> "Commands":
    """How the models of this machine are listed, served and asked for verse: what the school is told of the machine."""
    from wenjin.stack.data.verse import FORM, FORMS, TITLE, VERSE
    from wenjin.study.chat.commands import Commands

    listing = (sys.executable, "-m", "wenjin.cli", "models", "list", "--json")
    serve = (sys.executable, "-m", "wenjin.stack.serve.main")
    built = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or os.path.expanduser("~/.cache/torch_extensions")) / "wenjin"
    return Commands(listing, serve, (built,), f"{FORM}{{form}}{TITLE}{{title}}{VERSE}", FORMS)


def cause(name: str, facts: Mapping[str, Any]) -> str:
    """What is wrong with a run, its likely reason and what to try, in the language of the terminal."""
    from wenjin.kit.lab import Cause
    from wenjin.study.course.load import load
    from wenjin.study.labs.causes import said

    words = said(Cause(name, facts), load(coverage=False).causes)
    return " ".join(clean(say(text)) for text in (words.title, words.reason, words.remedy) if text is not None)


def log_file(words: list[str]) -> Path:
    """The log of the data folder that the command was to use."""
    named = next((w.partition("=")[2] for w in words if w.startswith("--data=")), None)
    if named is None and "--data" in words[:-1]:
        named = words[words.index("--data") + 1]
    return places(Path(named) if named else None).log


def record(error: BaseException, words: list[str]) -> Path | None:
    """Appends a traceback to the log; None where it cannot be written."""
    log = log_file(words)
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now().isoformat(timespec='seconds')} wenjin {' '.join(words)}\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return None
    return log


def main() -> None:
    if sys.stdin is None:  # it was closed: then nothing more comes, as from an empty file
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    try:
        code = application()(prog_name="wenjin", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except usage.Refused as error:
        print(usage.refused(error), file=sys.stderr)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(1)
    except BrokenPipeError:  # `wenjin list | head`: whoever read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if isinstance(text := getattr(error, "text", None), Text):
            fail(text)
        if faults := getattr(error, "faults", None):
            tongue = language()
            sys.exit("\n".join(clean(f"{f.where}: {f.what[tongue]} {f.remedy[tongue]}") for f in faults))
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        log = record(error, sys.argv[1:])
        fail(UNFORESEEN.format(error=" ".join(words.split())[:200], log=log or "—"))


if __name__ == "__main__":
    main()
