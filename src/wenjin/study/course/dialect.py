r"""The Markdown of the course: CommonMark with tables, formulas, folded remarks, anchors and recorded numbers.

    $a$             a formula in the line; `\$` is a dollar sign
    $$ … $$         a displayed one; after it may stand {check="function"}
    ## text {#id}   a heading with its anchor
    :::{aside} title … :::    a remark that folds
    ```{code} target   ```{run} NAME   …    directives: a fence whose info begins with a word in braces
    {{ NAME.variable:.3f }}   a number of the recorded run NAME, with Python's format

HTML is never passed through, and pictures are not part of it. What is said here is syntax only: `render.py` gives
these tokens their look, and whoever compares two lessons can read the same tokens.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.dollarmath.index import dollarmath_plugin, math_inline_dollar

ANCHOR = re.compile(r"\s*\{#([a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$")
NUMBER = re.compile(r"(`+).+?\1|\{\{\s*([\w-]+)\.(\w+)\s*(?::([^{}]*?))?\s*\}\}")  # code is left alone
DIRECTIVE = re.compile(r"\{([a-z]+)\}\s*(.*)", re.DOTALL)
LONGEST = 100  # lines of a displayed formula: who writes `$$` on each line of a long note waits no longer
CLOSED = re.compile(r"^(.*?)\$\$\s*(?:\{check=\"([^\"]*)\"\})?\s*$", re.DOTALL)
ARGUMENT = re.compile(r'([\w-]+)=(?:"([^"]*)"|(\S+))|(\S+)')

CLOSES, OPENS = "，。；：、！？）」』”’》…,.;:!?)]%", "（「『“‘《(["  # never at the start of a line; never at its end

# (name, variable, format, line) -> what to write there
Numbers = Callable[[str, str, str, int], str]


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive's head: ```{lab} scale heads=4``` -> name "lab", words ("scale",), options {"heads": "4"}."""

    name: str
    words: tuple[str, ...]
    options: Mapping[str, str]


def directive(token: Token) -> Directive | None:
    """The directive that a fence is; None for ordinary code."""
    found = DIRECTIVE.fullmatch(token.info.strip())
    if found is None:
        return None
    words, options = [], {}
    for name, quoted, bare, word in ARGUMENT.findall(found[2]):
        if word:
            words.append(word)
        else:
            options[name] = quoted or bare
    return Directive(found[1], tuple(words), options)


def parser() -> MarkdownIt:
    """A parser of the dialect. `env["numbers"]`, a Numbers, fills in recorded numbers; without it they stay as text."""
    md = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_block", "html_inline"])
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_digits=False, double_inline=False)
    md.inline.ruler.at("math_inline", _math_inline)
    md.block.ruler.at("math_block", _math_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    container_plugin(md, "fold", validate=lambda params, _: params.strip().startswith("{"))
    md.core.ruler.before("inline", "anchors", _anchors)
    md.core.ruler.before("inline", "numbers", _numbers)
    md.core.ruler.push("children", _children)
    return md


def anchor(heading: Token) -> str | None:
    """The anchor of a heading_open token."""
    found = heading.attrGet("id")
    return str(found) if found else None


AT_START = math_inline_dollar(allow_space=False, allow_digits=True)
LATER = math_inline_dollar(allow_space=False, allow_digits=False)


def _math_inline(state: StateInline, silent: bool) -> bool:
    """`5$ and 6$` is no formula. The plugin's rule looks before the first character, so that place has its own."""
    return (LATER if state.pos else AT_START)(state, silent)


def _anchors(state: StateCore) -> None:
    """Take {#id} off the end of a heading and make it the heading's id."""
    for heading, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if heading.type == "heading_open" and (found := ANCHOR.search(inline.content)):
            heading.attrSet("id", found[1])
            inline.content = inline.content[: found.start()]


def _numbers(state: StateCore) -> None:
    """Write recorded numbers into running text and formulas, never into code."""
    numbers: Numbers | None = state.env.get("numbers")
    if numbers is None:
        return
    for token in state.tokens:
        if token.type in ("inline", "math_block"):
            line = token.map[0] + 1 if token.map else 0

            def fill(found: re.Match[str], line: int = line) -> str:
                return found[0] if found[1] else numbers(found[2], found[3], found[4] or "", line)

            token.content = NUMBER.sub(fill, token.content)


def _children(state: StateCore) -> None:
    """Tell what stands inside a line where it stands, so that a fault can name its place, and a text whether it stands
    in a link; give a formula the punctuation that touches it, as `meta["before"]` and `meta["after"]`, since no line
    may end between the two."""
    for token in state.tokens:
        children = token.children or []
        linked = 0
        for at, child in enumerate(children):
            child.map = token.map
            linked += (child.type == "link_open") - (child.type == "link_close")
            if child.type == "text":
                child.meta["linked"] = linked > 0
            if child.type != "math_inline":
                continue
            before = children[at - 1] if at and children[at - 1].type == "text" else Token("text", "", 0)
            after = children[at + 1] if children[at + 1 :] and children[at + 1].type == "text" else Token("text", "", 0)
            opens = before.content[len(before.content.rstrip(OPENS)) :]
            closes = after.content[: len(after.content) - len(after.content.lstrip(CLOSES))]
            before.content = before.content[: len(before.content) - len(opens)]
            after.content = after.content[len(closes) :]
            child.meta = {"before": opens, "after": closes}


def _math_block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """`$$` at the start of a line to `$$` at the end of that or a later line, perhaps followed by {check="…"}."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith("$$", start):
        return False
    lines = [state.src[start + 2 : state.eMarks[first]]]
    last = first
    while (found := CLOSED.match(lines[-1])) is None:
        last += 1
        if last >= min(end, first + LONGEST) or (not state.isEmpty(last) and state.sCount[last] < state.blkIndent):
            return False
        lines.append(state.src[state.bMarks[last] + min(state.tShift[last], state.blkIndent) : state.eMarks[last]])
    if not silent:
        token = state.push("math_block", "", 0)
        token.block = True
        token.content = "\n".join([*lines[:-1], found[1]]).strip()
        token.meta = {"check": found[2]}
        token.map = [first, last + 1]
        state.line = last + 1
    return True
