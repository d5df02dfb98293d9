"""How the course speaks in a terminal: the language, a sentence, a verdict."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from wenjin.kit.text import Language, Text, visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

clean = visible  # text of any origin, safe to print

VERDICTS = {
    "pass": Text("✓ 通过", "✓ Passed"),
    "wrong": Text("✗ 还不对", "✗ Not yet right"),
    "error": Text("✗ 没能运行", "✗ It did not run"),
    "timeout": Text("✗ 超时", "✗ Out of time"),
    "memory": Text("✗ 内存超限", "✗ Out of memory"),
    "blocked": Text("✗ 用了沙箱不允许的操作", "✗ It asked for what the sandbox refuses"),
}
KEPT = Text("守住 {passed}/{total} 项承诺", "{passed} of {total} promises kept")
SECTION = Text("课文这里讲到它：{place}", "Where the lesson says so: {place}")
OUTPUT = Text("你的输出", "Your output")
CASE = Text("最小的反例", "The smallest failing case")

NO_JUDGE = Text(
    "判题进程没能回答：{error}；请运行 wenjin doctor 查看原因。",
    "The judge could not answer: {error}; run wenjin doctor to see why.",
)


def language(environ: Mapping[str, str] = os.environ) -> Language:
    """WENJIN_LANG if it is zh or en; else the language of the system, English where that is neither."""
    for name in ("WENJIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "").lower()
        if value:
            if name == "WENJIN_LANG" and value not in ("zh", "en"):
                continue
            return "zh" if value.startswith("zh") else "en"
    return "en"


def say(text: Text) -> str:
    return text[language()]


def console(*, error: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, emoji=False)


def fail(text: Text, code: int = 1) -> NoReturn:
    """One sentence on the error stream, and the end."""
    print(clean(say(text)), file=sys.stderr)
    sys.exit(code)


@contextmanager
def sentences() -> Iterator[None]:
    """Refusals of the store, the course and the judge become their sentence; Ctrl-C ends without a word."""
    from wenjin.study.course.faults import CourseError
    from wenjin.study.judge.client import JudgeError
    from wenjin.study.store.log import StoreError

    try:
        yield
    except StoreError as error:
        fail(error.text)
    except JudgeError as error:
        fail(NO_JUDGE.format(error=error))
    except CourseError as error:
        tongue = language()
        for fault in error.faults:
            print(clean(f"{fault.where}: {fault.what[tongue]} — {fault.remedy[tongue]}"), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def verdict(result: Mapping[str, Any], place: str, tongue: Language) -> "RenderableType":
    """A verdict to read: the verdict, the smallest failing case, the mistake with its reason and repair, where the
    lesson says so, what the answer printed. `place` is the address or file of the topic's lesson."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text as Rich

    right = result["verdict"] == "pass"
    head = Rich(VERDICTS[result["verdict"]][tongue], style="bold green" if right else "bold red")
    if result["total"] and not right:
        head.append(f"  {KEPT.format(passed=result['passed'], total=result['total'])[tongue]}", style="not bold dim")
    head.append(f"  {result['ms']:.0f} ms", style="not bold dim")
    parts: list[RenderableType] = [head]
    if result["case"]:
        parts += [
            Rich(f"\n{CASE[tongue]}", style="bold"),
            Padding(_prose(result["case"][tongue]), (0, 0, 0, 2), expand=False),
        ]
    if not right and result["name"]:
        parts.append(Rich(f"\n{clean(result['name'])}", style="bold yellow"))
    elif not right:
        parts.append(Rich(""))
    parts.append(_prose(result["feedback"][tongue]))
    if result["section"]:
        parts.append(Rich("\n" + SECTION.format(place=f"{place}#{result['section']}")[tongue], style="cyan"))
    if result["more"]:
        parts.append(Padding(Rich(clean(result["more"][tongue]).rstrip(), style="dim"), (1, 0, 0, 2), expand=False))
    if result["output"]:
        output = Rich(clean(result["output"]).rstrip("\n"))
        parts += [Rich(f"\n{OUTPUT[tongue]}", style="bold"), Padding(output, (0, 0, 0, 2), expand=False)]
    return Group(*parts)


def _prose(text: str) -> "RenderableType":
    """Text with `code` set off."""
    from rich.text import Text as Rich

    made = Rich()
    for n, part in enumerate(clean(text).rstrip().split("`")):
        made.append(part, style="cyan" if n % 2 else "")
    return made
