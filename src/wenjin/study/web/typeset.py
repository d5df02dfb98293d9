"""Small pieces of text as the templates want them. Pure."""

import re
from functools import lru_cache

from markupsafe import Markup, escape

NODE_EMS = 12.2  # what fits into one line of a topic on the map
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


def ems(text: str) -> float:
    """About how wide a text is, in units of its size. SVG does not break lines, so this has to guess."""
    return sum(
        1.0 if WIDE.match(c) else 0.3 if c in " ,.:;'il|()" else 0.7 if c.isupper() or c in "mw" else 0.54 for c in text
    )


@lru_cache(4096)
def fold(title: str, width: float = NODE_EMS) -> tuple[str, ...]:
    """A title in one or two lines that fit a topic on the map; a long one loses what follows its colon, or its end."""
    for text in (title, re.split(r"[：:]", title)[0]):
        if ems(text) <= width:
            return (text,)
        words = WORDS.findall(text)
        splits = [("".join(words[:n]).rstrip(), "".join(words[n:]).lstrip()) for n in range(1, len(words))]
        torn = [s for s in splits if s[1].startswith(CLOSING) or s[0].endswith(OPENING)]
        fitting = [s for s in splits if max(map(ems, s)) <= width and s not in torn]
        if fitting:
            return min(fitting, key=lambda s: abs(ems(s[0]) - ems(s[1])) - BREAKS.get(s[0][-1:], 0))
    first, rest = max((s for s in splits if ems(s[0]) <= width), key=lambda s: len(s[0]), default=("", text))
    words = WORDS.findall(rest) if first else list(rest)
    while ems("".join(words)) > width - 1:
        words.pop()
    last = "".join(words).rstrip(" ,，、：:（(") + "…"
    return (first, last) if first else (last,)
