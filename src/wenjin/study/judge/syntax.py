"""Why Python cannot read a program, in the words of someone who typed it with a Chinese keyboard.

The program is never compiled here: a hostile one may bring a parser down. The sandboxed process reports line,
column and message; this file looks at the text around that place.
"""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from wenjin.kit.text import Text

WIDE = {
    "，": ",", "：": ":", "；": ";", "（": "(", "）": ")", "［": "[", "］": "]", "【": "[", "】": "]", "｛": "{",
    "｝": "}", "“": '"', "”": '"', "‘": "'", "’": "'", "。": ".", "．": ".", "、": ",", "＝": "=", "＋": "+", "－": "-",
    "—": "-", "–": "-", "＊": "*", "×": "*", "／": "/", "÷": "/", "＜": "<", "＞": ">", "《": "<", "》": ">", "！": "!",
    "＃": "#", "％": "%", "＆": "&", "｜": "|", "＠": "@", "＿": "_", "～": "~", "−": "-", "≤": "<=", "≥": ">=",
    "≠": "!=", "√": "** 0.5", "…": "...",
}  # fmt: skip
NAMES = {
    "，": ("中文逗号", "full-width comma"), "：": ("中文冒号", "full-width colon"),
    "；": ("中文分号", "full-width semicolon"), "（": ("中文左括号", "full-width parenthesis"),
    "）": ("中文右括号", "full-width parenthesis"), "“": ("中文引号", "curly quote"), "”": ("中文引号", "curly quote"),
    "‘": ("中文引号", "curly quote"), "’": ("中文引号", "curly quote"), "。": ("中文句号", "full-width period"),
    "、": ("中文顿号", "enumeration comma"),
}  # fmt: skip
BLANK = {
    "\u00a0": ("不间断空格", "no-break space"),
    "\u3000": ("全角空格", "full-width space"),
    "\u2003": ("长空格", "em space"),
    "\u2002": ("半长空格", "en space"),
    "\u202f": ("窄不间断空格", "narrow no-break space"),
}
UNSEEN = {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c", "\u202e"}


@cache
def _meanings() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = tomllib.loads(
        (files("wenjin.study.judge") / "syntax.toml").read_text(encoding="utf-8")
    )["meaning"]
    return rows


def explain(source: str, error: dict[str, Any]) -> Text:
    """One or two sentences on a compile error that was described by the answer's process."""
    message: str = error["message"]
    line: int | None = error["line"]
    if error["type"] in ("MemoryError", "RecursionError") or (not message and line is None):
        message = "too many nested"
    found = _foreign(source, line, message)
    if found:
        return found
    where_zh, where_en = (f"第 {line} 行：", f"Line {line}: ") if line else ("", "")
    for meaning in _meanings():
        if match := re.search(meaning["pattern"], message):
            groups = [g or "" for g in match.groups()]
            return Text(where_zh + meaning["zh"].format(*groups), where_en + meaning["en"].format(*groups))
    return Text(f"{where_zh}Python 读不懂这里（{message}）。", f"{where_en}Python cannot read this ({message}).")


def _foreign(source: str, line: int | None, message: str) -> Text | None:
    """A character that was meant to be another: the one Python stumbled over, or one near that place."""
    lines = source.split("\n")
    named = re.search(r"U\+([0-9A-F]{4,6})", message)
    wanted = chr(int(named[1], 16)) if named and int(named[1], 16) < 0x110000 else None
    if named is None and "invalid syntax" not in message and "indent" not in message and "unterminated" not in message:
        return None
    order = [line - 1] if line and line <= len(lines) else range(len(lines))
    for number in order:
        for column, char in enumerate(_code(lines[number]), 1):
            if (char == wanted) if wanted else (char in WIDE or char in BLANK or char in UNSEEN):
                return _name(char, number + 1, column)
    return _name(wanted, line or 1, None) if wanted else None


def _code(line: str) -> str:
    """The line with the inside of plain strings and the comment blanked out; columns stay."""
    return re.sub(r"\"[^\"]*\"|'[^']*'|#.*", lambda m: " " * len(m[0]), line)


def _name(char: str, line: int, column: int | None) -> Text:
    code = f"U+{ord(char):04X}"
    zh, en = (
        f"第 {line} 行" + (f"第 {column} 列" if column else ""),
        f"Line {line}" + (f", column {column}" if column else ""),
    )
    if char in BLANK:
        return Text(
            f"{zh}：这个看不出异样的空白是{BLANK[char][0]}（{code}），多半是从网页复制来的。删掉它，改成普通空格。",
            f"{en}: this blank is a {BLANK[char][1]} ({code}), most likely pasted from a web page. Use a plain space.",
        )
    if char in UNSEEN or (char not in WIDE and unicodedata.category(char) in ("Cf", "Cc")):
        return Text(
            f"{zh}：有一个不可见字符（{code}），多半是复制时带来的。删掉它。",
            f"{en}: there is an invisible, non-printable character ({code}), most likely pasted. Delete it.",
        )
    if char in WIDE:
        name = NAMES.get(char, ("全角符号", "full-width character"))
        return Text(
            f"{zh}：「{char}」是{name[0]}（{code}），Python 只认英文标点。改成 {WIDE[char]}",
            f"{en}: “{char}” is a {name[1]} ({code}). Python reads ASCII punctuation only: type {WIDE[char]}",
        )
    return Text(
        f"{zh}：「{char}」（{code}）不能出现在 Python 代码里。删掉它，或放进字符串。",
        f"{en}: “{char}” ({code}) cannot stand in Python code. Delete it or put it into a string.",
    )
