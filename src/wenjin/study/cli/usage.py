"""What typer itself says, in the language of the terminal: the frame of every `--help`, and how a refused command line
is told. typer can only speak English; this is the one place that knows its words.

    speak()          from now on help is framed by `Frame`
    refused(error)   the whole message for a command line that typer refused

Omits   what the commands say of themselves: their own texts
"""

import re
from collections.abc import Sequence
from typing import Any

from typer._click.core import Context
from typer._click.exceptions import ClickException, MissingParameter, NoArgsIsHelpError, UsageError
from typer._click.formatting import HelpFormatter

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, language

Refused = ClickException  # what typer raises for a command line that it cannot read
HEADINGS = {
    "Arguments": Text("参数", "Arguments"),
    "Options": Text("选项", "Options"),
    "Commands": Text("命令", "Commands"),
}
USAGE = Text("用法：", "Usage: ")
SEE = Text("{command} {option} 说明怎么用。", "{command} {option} explains how it is used.")
WHERE = Text("{where}：{what}", "{where}: {what}")
MISSING = {
    "argument": Text("缺了 {name}。", "{name} is missing."),
    "option": Text("缺了 {name}；它必须写明。", "{name} is missing; it must be given."),
}
PLACES = (  # of typer's words in a line of help: the pattern, and what is said in Chinese
    (r"\[OPTIONS\]", "[选项]"),
    (r"COMMAND \[ARGS\]\.\.\.", "命令 [参数]..."),
    (r"^Show this message and exit\.$", "显示这段说明。"),
    (r"(?<=[\[; ])required\]$", "必填]"),
    (r"(?<=\[)default: ", "默认："),
    (r"(?<=\[)env var: ", "环境变量："),
    (r"(?<=默认：)\(dynamic\)", "（见说明）"),
    (r"<(?:list\[)?str\]?>", "<文字>"),
    (r"<(?:list\[)?int(?: range)?\]?>", "<整数>"),
    (r"<(?:list\[)?float(?: range)?\]?>", "<数>"),
    (r"<(?:list\[)?path\]?>", "<路径>"),
)
REFUSALS = (  # typer's sentences, and ours
    (r"Input should be greater than or equal to (\S+)", Text("不能小于 {0}。", "must not be less than {0}.")),
    (r"Input should be greater than (\S+)", Text("要大于 {0}。", "must be more than {0}.")),
    (r"Input should be less than or equal to (\S+)", Text("不能大于 {0}。", "must not be more than {0}.")),
    (r"Input should be less than (\S+)", Text("要小于 {0}。", "must be less than {0}.")),
    (r"Input should be a valid integer.*", Text("要写整数。", "must be a whole number.")),
    (r"Input should be a (?:valid|finite) number.*", Text("要写一个数。", "must be a number.")),
    (r"(.+) is not one of (.+?)\.?", Text("不能是 {0}；可以是 {1}。", "cannot be {0}; it can be {1}.")),
    (r"No such option: (\S+)", Text("没有选项 {0}。", "There is no option {0}.")),
    (
        r"No such option: (\S+) \(Possible options: (.+)\)",
        Text("没有选项 {0}；相近的有 {1}。", "There is no option {0}; near it are {1}."),
    ),
    (r"No such command '(.+)'\.", Text("没有命令 {0}。", "There is no command {0}.")),
    (
        r"No such command '(.+)'\. Did you mean (.+)\?",
        Text("没有命令 {0}；是不是 {1}？", "There is no command {0}; did you mean {1}?"),
    ),
    (r"Missing command\.", Text("缺了命令。", "A command is missing.")),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", Text("多写了 {0}。", "{0} is too much.")),
    (r"Option '(.+)' requires an argument\.", Text("{0} 后面要有一个值。", "{0} needs a value behind it.")),
    (r"Option '(.+)' requires (\d+) arguments\.", Text("{0} 后面要有 {1} 个值。", "{0} needs {1} values behind it.")),
    (r"Option '(.+)' does not take a value\.", Text("{0} 后面不跟值。", "{0} takes no value.")),
)


class Frame(HelpFormatter):
    """Help as typer lays it out, with its own words said in the language of the terminal."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, said(args), USAGE[language()] if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        known = HEADINGS.get(heading)
        colon = "：" if language() == "zh" else ":"
        self.write(f"{'':>{self.current_indent}}{known[language()] if known else heading}{colon}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **more: Any) -> None:
        super().write_dl([(said(first), said(second)) for first, second in rows], *args, **more)


def speak() -> None:
    """Frame all help from now on; the language is looked up whenever help is written."""
    Context.formatter_class = Frame


def said(line: str) -> str:
    """A line of help with typer's words exchanged; `[[TOPIC]]` is what may be left out, once."""
    line = re.sub(r"\[\[([^\[\]]+)\](\.\.\.)?\](?:\.\.\.)?", r"[\1]\2", line)
    line = re.sub(r"(?<![\w\[])\{([^{}]+?)(?:\.\.\.)?\}", r"\1", line)
    for pattern, zh in PLACES if language() == "zh" else ():
        line = re.sub(pattern, zh, line)
    return line


def refused(error: ClickException) -> str:
    """How it is used, where more is said, and in one sentence what is wrong."""
    if isinstance(error, NoArgsIsHelpError):
        return error.format_message()
    lines = []
    if isinstance(error, UsageError) and error.ctx is not None:
        see = SEE.format(command=error.ctx.command_path, option=error.ctx.help_option_names[-1])
        lines += [error.ctx.get_usage(), see[language()], ""]
    return clean("\n".join([*lines, reason(error)[language()]]))


def reason(error: ClickException) -> Text:
    if isinstance(error, MissingParameter) and error.param is not None:
        kind = "option" if error.param.param_type_name == "option" else "argument"
        return MISSING[kind].format(name=named(error))
    where, what = named(error), error.message if named(error) else error.format_message()
    for pattern, text in REFUSALS:
        if found := re.fullmatch(pattern, what, re.DOTALL):
            words = [word.replace("'", "") for word in found.groups()]
            told = Text(text.zh.format(*words), text.en.format(*words))
            return WHERE.format(where=where, what=told) if where else told
    return WHERE.format(where=where, what=what) if where else Text(what, what)


def named(error: ClickException) -> str:
    """The option or argument that is meant; nothing where it is the line as a whole."""
    hint = getattr(error, "param_hint", None)
    if hint is None and (param := getattr(error, "param", None)) is not None:
        hint = param.opts[0] if param.param_type_name == "option" else param.get_error_hint()
    return " / ".join(hint) if isinstance(hint, (list, tuple)) else str(hint or "").strip("'[]{}.")
