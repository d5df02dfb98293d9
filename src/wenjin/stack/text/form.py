"""The form of a classical poem: how many lines, how many characters in each.

    form("床前明月光，疑是地上霜。举头望明月，低头思故乡。")   "5x4", a quatrain of five

A line is what stands between two marks of punctuation or ends of line; inside a quotation or a book title the marks
are of the text's own, and only Han characters count.

Omits    tones (meter.py) and rhyme (rhyme.py): lines of the right length may still be an old-style poem
Source   Wang Li 王力, 《汉语诗律学》 (1958), chapter 1: the regulated forms are four or eight lines of five or seven
Proof    tests/stack/text/test_form.py
"""

import re

FORMS = {"5x4": "五言绝句", "7x4": "七言绝句", "5x8": "五言律诗", "7x8": "七言律诗"}
HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # 々〆〇, and the ideographs
BREAK = re.compile(r"[，。！？；、：,.!?;:\s]+")
OTHER = re.compile(f"[^{HAN}]")


def lines(text: str) -> list[str]:
    """The lines of a poem, without marks; what is no Han character inside a line is left out."""
    return [line for part in BREAK.split(text) if (line := OTHER.sub("", part))]


def form(text: str) -> str:
    """ "5x4": five characters in each of four lines. Lines of unequal length have no form: ""."""
    found = lines(text)
    widths = {len(line) for line in found}
    return f"{widths.pop()}x{len(found)}" if len(widths) == 1 else ""
