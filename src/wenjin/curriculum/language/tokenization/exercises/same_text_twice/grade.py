"""Make texts that mean the same equal, keep what must be kept, and stay within a number of bytes.

    narrow -> compose -> calm the blanks -> drop what nobody sees -> cut to a number of bytes

Each mistake puts another function in the place of one of these stages.

Rule    every case but those under LIMITED leaves room for the whole text, so that what is cut off is told apart from
        what is changed
Proof   tests/curriculum/test_tokenization_exercises.py: right programs of other styles pass on fresh draws, and every
        mistake is told by its own name
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import combinations
from random import Random

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

NONE: frozenset[str] = frozenset()
Change = Callable[[str], str]

WIDE = {0xFEE0 + point: point for point in range(0x21, 0x7F)}
LETTERS = {wide: usual for wide, usual in WIDE.items() if chr(usual).isalnum()}


def narrow(text: str) -> str:
    return text.translate(LETTERS)


def compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def blanks(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(" " if character.isspace() and character != "\n" else character for character in text)


def drop(text: str) -> str:
    return text.replace("\u200b", "").replace("\ufeff", "")


def unmarked(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def unformatted(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


STAGES: tuple[tuple[Change, dict[str, Change]], ...] = (
    (
        narrow,
        {
            "punctuation-narrowed": lambda text: text.translate(WIDE),
            "compatibility-forms": lambda text: unicodedata.normalize("NFKC", text),
            "wide-letters-stay": lambda text: text,
            "lowercase-is-always-safe": lambda text: narrow(text).lower(),
        },
    ),
    (
        compose,
        {
            "marks-are-decoration": unmarked,
            "marks-not-composed": lambda text: text,
            "decomposed": lambda text: unicodedata.normalize("NFD", text),
        },
    ),
    (
        blanks,
        {
            "runs-of-blanks-collapsed": lambda text: re.sub(r" +", " ", blanks(text)),
            "lines-joined": lambda text: blanks(text).replace("\n", " "),
            "only-the-usual-blank": lambda text: text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "),
        },
    ),
    (drop, {"joiners-dropped": unformatted, "unseen-stay": lambda text: text}),
)


def fit(text: str, limit: int) -> str:
    """The longest beginning that has at most `limit` bytes."""
    return text.encode()[:limit].decode(errors="ignore")


LIMITS: dict[str, Callable[[str, int], str]] = {
    "one-character-is-one-byte": lambda text, limit: text[:limit],
    "half-a-character": lambda text, limit: text.encode()[:limit].decode(errors="replace"),
    "nothing-when-too-long": lambda text, limit: text if len(text.encode()) <= limit else "",
}


def solution(text: str, limit: int, fault: frozenset[str] = NONE) -> str:
    if "measured-before" in fault:
        text = fit(text, limit)
    for right, wrong in STAGES:
        change = next((wrong[name] for name in sorted(fault & wrong.keys())), right)
        text = change(text)
    if "measured-before" in fault:
        return text
    return next((LIMITS[name] for name in sorted(fault & LIMITS.keys())), fit)(text, limit)


CAPITALS = ("US and us", "May I come in May", "Polish the Polish table", "IT is it", "Turkey and turkey")
MARKED = ("résumé", "naïve", "Zürich", "Škoda", "señor", "mañana", "Đà Nẵng", "façade", "jalapeño")
VERSES = (
    "床前明月光，疑是地上霜。",
    "白日依山盡，黃河入海流。",
    "春眠不覺曉，處處聞啼鳥。",
    "紅豆生南國，春來發幾枝。",
)
NAMES = ("Ｐｙｔｈｏｎ３", "ＢＰＥ２０２６", "ＧＰＴ２", "ＵＴＦ８", "Ｇ７")
FORMS = ("x² + y²", "①②③", "50 ㎏", "ﬁnal", "H₂O", "Ⅷ", "½")
FAMILIES = ("👩\u200d💻", "👨\u200d👩\u200d👧", "🏳\ufe0f\u200d🌈")
EMOJI = "🙂🌙🍎🚀"
LIMITED = frozenset({"bytes", "bytes-emoji", "bytes-marks"})
ROOMY = 1000


def cases(dice: Random) -> list[Case]:
    def case(tag: str, text: str, zh: str, en: str, limit: int = ROOMY) -> Case:
        return Case(tag, (text, limit), Text(zh, en))

    def apart(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    verse, marked = dice.choice(VERSES), dice.sample(MARKED, 2)
    odd = dice.choice("，！？：；（）")
    spot = dice.randrange(1, 5)
    deep = " " * dice.choice((4, 8))
    return [
        case("case", dice.choice(CAPITALS), "大小写有意义", "capitals that mean something"),
        case("marks", apart(marked[0]), "字母和重音符号分开写", "letters and accents apart"),
        case("wide", f"用{dice.choice(NAMES)}写", "全角字母和数字", "full-width letters and digits"),
        case("punctuation", f"{verse[:5]}{odd}{verse[6:]}", "中文标点", "Chinese punctuation"),
        case("blanks", f"a\u3000{verse[:2]}\u00a0b\tc", "各种空白", "blanks of several kinds"),
        case("lines", f"{verse[:5]}\r\n{verse[6:11]}\rend", "三种换行", "three kinds of line end"),
        case("indent", f"if x:\n{deep}return  {dice.randrange(9)}", "代码的缩进", "indented code"),
        case("unseen", f"\ufeff{verse[:spot]}\u200b{verse[spot:5]}", "看不见的字符", "characters nobody sees"),
        case("joiner", f"{dice.choice(FAMILIES)}!", "连成一个的表情", "an emoji joined of several"),
        case("forms", f"{dice.choice(FORMS)} {dice.choice(FORMS)}", "上标、圈号、单位", "superscripts, circles, units"),
        case("kept", f"{marked[1]} {verse[:5]}", "本来就对的", "right as it is"),
        case("order", f"Ｅ\u0301{dice.choice('ａｏｕ')}\u0300", "全角字母带重音", "full-width letters with accents"),
        case("bytes", verse, "放不下整句", "no room for the whole line", limit=3 * spot + dice.choice((1, 2))),
        case("bytes-emoji", f"{'ab'[: spot % 3]}{EMOJI}", "四个字节的字符", "characters of four bytes", limit=4 + spot),
        case("bytes-marks", apart("é" * 8), "规范以后才量", "measured afterwards", limit=8 + spot),
        case("empty", "", "空文本", "an empty text"),
    ]


# Two functions cannot stand in one place; what folds or strips everything hides what another leaves in place.
EXCLUSIVE = frozenset(
    frozenset(pair)
    for names in (*(wrong for _, wrong in STAGES), (*LIMITS, "measured-before"))
    for pair in combinations(names, 2)
)

exercise = Code(
    form="function",
    define="prepare",
    solution=solution,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=EXCLUSIVE,
)
