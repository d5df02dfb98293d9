"""Make texts that mean the same look the same, before they are cut.

    compose("e\\u0301")        "é": one code point instead of two
    narrow("ＢＰＥ，２")        "BPE，2": full-width letters and digits; Chinese punctuation stays
    calm("a\\u3000 b\\r\\n")     "a  b\\n": every kind of blank is a space, every kind of line end \\n

Each does one thing, and none of them is lossless: a tokenizer that must give back what it was given uses none, or
only the first, as Qwen2 does.

Omits    lower case, and taking accents away: they lose what must be kept in most languages
Sources  composed and decomposed forms: Unicode Standard Annex 15; full-width forms: the Unicode Standard 16.0, block
         FF00; blanks: PropList.txt, White_Space
Proof    tests/stack/text/test_normalize.py: composed forms equal those of `tokenizers` on every code point that it
         knows. Its table for this (in 0.23) is that of Unicode 9: marks and compatibility forms of rare scripts that
         were assigned since then it leaves as they are
"""

import re
import unicodedata
from typing import Literal

from wenjin.stack.text.categories import SPACE

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
WIDE = {0xFEE0 + point: point for point in range(0x21, 0x7F) if chr(point).isalnum()}
BLANK = re.compile(f"(?!\n)[{SPACE}]")
LINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def compose(text: str, form: Form = "NFC") -> str:
    """The one spelling of characters that have several. NFC and NFD keep what it means; the forms with K do not:
    ① becomes 1, and ㎏ becomes kg."""
    return unicodedata.normalize(form, text)


def narrow(text: str) -> str:
    """Full-width Latin letters and digits in their usual width; punctuation is left alone."""
    return text.translate(WIDE)


def calm(text: str) -> str:
    r"""Every line ends in \n, and every other blank is a space. How many there are is kept."""
    return BLANK.sub(" ", LINE.sub("\n", text))
