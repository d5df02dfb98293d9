"""`wenjin review-code DIR`: the review of a program, with a reason and an example for each kind of remark."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Language, Text
from wenjin.study.cli.terminal import clean, console, fail, language, say

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = Text(
    """评一评一个目录里的 Python 代码：测试、写法、类型、复杂度、重复；每种问题都说为什么，并给一个更好的样子。

    只读、只解析，不导入也不运行。得分是各部分的加权平均；没有可说的，就什么也不说。

    \b
    wenjin review-code my-project                 评一个项目
    wenjin review-code answer.py                  只评一个文件
    wenjin review-code my-project --json          给脚本用
    """,
    """Review the Python code of a folder: tests, style, types, complexity, duplication; each kind of remark with a
    reason and an example of better.

    Files are read and parsed, never imported or run. The score is the weighted mean of its parts. Where there is
    nothing to say, nothing is said.

    \b
    wenjin review-code my-project                 a project
    wenjin review-code answer.py                  one file
    wenjin review-code my-project --json          for scripts
    """,
)
WHERE = Text("一个目录，或一个文件", "a folder, or one file")
AS_JSON = Text("输出 JSON", "print JSON")
NOTHING = Text("{root} 里没有 Python 文件。", "{root} holds no Python files.")
SCORE = Text("{score} 分", "{score} of 100")
SIZE = Text("{files} 个文件，{lines} 行", "{files} files, {lines} lines")
LEFT = Text("{left} 个文件太大、太多或读不了，没有看", "{left} files too large, too many or unreadable were left out")
CLEAN = Text("没有要说的。", "Nothing to remark.")
RUFF = Text("ruff 另外找到：{found}（不计入得分）", "ruff also finds: {found} (not part of the score)")
MORE = Text("……还有 {n} 处", "… and {n} more")
PARTS = {
    "tests": Text("测试", "tests"),
    "style": Text("写法", "style"),
    "types": Text("类型", "types"),
    "complexity": Text("复杂度", "complexity"),
    "duplication": Text("重复", "duplication"),
}
SHOWN = 8  # places of one rule


def register(app: typer.Typer) -> None:
    @app.command("review-code", help=say(HELP))
    def review_code(
        root: Annotated[Path, typer.Argument(metavar="DIR", help=say(WHERE))],
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
    ) -> None:
        from wenjin.study.judge.workshop import WorkshopError, review

        try:
            found = review(root)
        except WorkshopError as error:
            fail(error.text, 2)
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
        elif not found["files"]:
            fail(NOTHING.format(root=root))
        else:
            console().print(report(found, language()))


def report(found: dict[str, Any], tongue: Language) -> "RenderableType":
    """The score with its parts; then each kind of remark once, with its places."""
    from rich.text import Text as Rich

    made = Rich()
    made.append(SCORE.format(score=found["score"])[tongue], style="bold")
    made.append("  " + "  ".join(f"{PARTS[part][tongue]} {score}" for part, score in found["parts"].items()))
    made.append(f"\n{SIZE.format(files=found['files'], lines=found['lines'])[tongue]}\n", style="dim")
    if found["left"]:
        made.append(LEFT.format(left=found["left"])[tongue] + "\n", style="yellow")
    if not found["remarks"]:
        made.append(CLEAN[tongue] + "\n", style="green")
    kinds: dict[str, list[dict[str, Any]]] = {}
    for remark in found["remarks"]:
        kinds.setdefault(remark["rule"], []).append(remark)
    for rule, rows in sorted(kinds.items(), key=lambda pair: list(PARTS).index(pair[1][0]["part"])):
        made.append(f"\n{PARTS[rows[0]['part']][tongue]} · {rule}", style="bold yellow")
        made.append(f"\n{rows[0]['why'][tongue]}\n")
        for row in rows[:SHOWN]:
            made.append(clean(f"    {row['file']}:{row['line']}  {row['says'][tongue]}\n"))
        if len(rows) > SHOWN:
            made.append(f"    {MORE.format(n=len(rows) - SHOWN)[tongue]}\n", style="dim")
        made.append("".join(f"      {line}\n" for line in rows[0]["example"].splitlines()), style="cyan")
    if found["ruff"]:
        told = ", ".join(f"{code} × {n}" for code, n in found["ruff"].items())
        made.append("\n" + RUFF.format(found=told)[tongue], style="dim")
    return made
