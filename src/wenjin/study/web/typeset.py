"""Small pieces of text as the templates want them. Pure."""

import re
from functools import lru_cache, partial

from markupsafe import Markup, escape

NODE_EMS = 12.2  # what fits into one line of a topic on the map
BOLD = 1.045  # what bold letters need beyond these guesses; Han characters need nothing
CLOSING = tuple("，。、：；？！）”’")  # never begins a line
OPENING = tuple("（“‘(")  # never ends one
BREAKS = {"：": 8, ":": 8, "、": 3, ",": 3, "与": 2}  # good ends of a first line, worth so much imbalance
HAN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\u3000-\u303f“”‘’—…]"
WIDE = re.compile(HAN)
WORDS = re.compile(rf"{HAN}|\s|(?:(?!{HAN})\S)+")


def ticks(text: str) -> Markup:
    """Plain text with `code` as <code>: what the judge's sentences are written in."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup(escape(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def ems(text: str, bold: bool = False) -> float:
    """About how wide a text is, in units of its size. SVG does not break lines, so this has to guess."""
    han = sum(map(bool, map(WIDE.match, text)))
    others = (c for c in text if not WIDE.match(c))
    letters = sum(0.3 if c in " ,.:;'il|()" else 0.7 if c.isupper() or c in "mw" else 0.54 for c in others)
    return han + letters * (BOLD if bold else 1)


@lru_cache(4096)
def fold(title: str, bold: bool = False) -> tuple[str, ...]:
    """A title in one or two lines that fit a topic on the map; a long one loses what follows its colon, or its end."""
    wide = partial(ems, bold=bold)
    for text in (title, re.split(r"[：:]", title)[0]):
        if wide(text) <= NODE_EMS:
            return (text,)
        words = WORDS.findall(text)
        splits = [("".join(words[:n]).rstrip(), "".join(words[n:]).lstrip()) for n in range(1, len(words))]
        torn = [s for s in splits if s[1].startswith(CLOSING) or s[0].endswith(OPENING)]
        fitting = [s for s in splits if max(map(wide, s)) <= NODE_EMS and s not in torn]
        if fitting:
            return min(fitting, key=lambda s: abs(wide(s[0]) - wide(s[1])) - BREAKS.get(s[0][-1:], 0))
    first, rest = max((s for s in splits if wide(s[0]) <= NODE_EMS), key=lambda s: len(s[0]), default=("", text))
    words = WORDS.findall(rest) if first else list(rest)
    while wide("".join(words)) > NODE_EMS - 1:
        words.pop()
    last = "".join(words).rstrip(" ,，、：:（(") + "…"
    return (first, last) if first else (last,)
