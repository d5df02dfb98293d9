"""A poem as a collection prints it -> title and text alone, or the reason why it is no whole poem.

    今朝樓下[柑]（甘）初熟，摘得一筐分不足。（同前）。   ->   今朝樓下柑初熟，摘得一筐分不足。

Editors wrote into the text what was not there: notes in （） and 〖〗, footnote numbers and restored characters in [],
characters that no font has as {left/right}, gaps as □, commentary after the last line. What can be taken away without
touching the poem is taken away (a repair); where the poem itself is damaged it is left out (a fault). Nothing is made
up: a gap is never filled.

Omits    judging whether a reading is the better one; marks of stanzas, which the collections do not hold
Proof    tests/stack/data/test_clean.py: by hand for every rule; cleaning twice is cleaning once (hypothesis)
"""

import re
from dataclasses import dataclass

from wenjin.stack.data.verse import STOPS, lines

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\u3007\U00020000-\U000323af"
NUMBER = "一二三四五六七八九十百○〇"

REPAIRS = {
    "notes": ("去掉括号里的注", "notes in brackets taken out"),
    "restored": ("去掉方括号，留下补出的字", "brackets around restored characters taken off"),
    "quotes": ("去掉引号和书名号", "quotation marks taken off"),
    "stops": ("补齐或去掉重复的标点", "doubled or missing stops put right"),
    "joined": ("两句之间补上漏掉的逗号", "a missing comma put between two lines"),
}
FAULTS = {  # in the order in which they are looked for
    "empty": ("只有标题，没有正文", "a title without a text"),
    "brackets": ("括号不成对，分不清哪里是注", "brackets that do not match: what is a note cannot be told"),
    "lacuna": ("正文有缺字", "characters are missing from the text"),
    "glyph": ("有字打不出来，只描述了字形", "a character that no font has, described by its parts"),
    "broken": ("有乱码", "characters garbled by a wrong encoding"),
    "prose": ("是散文、序或校勘记", "prose: a preface, a commentary"),
    "fragment": ("只是残句，不足四句", "a fragment: fewer than four lines"),
    "untitled": ("没有标题", "no title"),
}
LONGEST = 13  # characters of a line; the longest lines of irregular verse have about so many, prose has more
MARKS = str.maketrans("", "", '「」『』《》〈〉“”‘’"')
WIDE = str.maketrans("(),?!;:", "（），？！；：")
SPEECH = re.compile("[曰云言荅答按]：")
GAP = re.compile("[□●○◆囗■…]")
GLYPH = re.compile(r"[{}|/=+⿰-⿿]")
GAP_NOTE = re.compile(r"[缺闕阙泐]|[脫脱].?[字句]|未全|不全")
GAP_NOTE_LENGTH = 14  # a longer note tells of other editions
BRACKET = re.compile("[（）〖〗]")
FOOTNOTE = re.compile(rf"\[[{NUMBER}]+\]|〖\d+〗")
RESTORED = re.compile(r"[\[〔［]([^\]〕］]*)[\]〕］]")
CATEGORY = re.compile(r"^\S*歌[辭辞]$")
COUNTED = re.compile(rf"^(?:其|第)?[{NUMBER}]+(?:首|章)?$")
COUNT = re.compile(rf"(?<=[^{NUMBER}])[{NUMBER}]+[首章]$")
FOREIGN = re.compile(f"[^{HAN}{STOPS}]")
SIGNS = {"lacuna": GAP, "glyph": GLYPH, "broken": re.compile(rf"[^{HAN}{STOPS}（）〖〗\[\]\d《》「」『』·]")}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`fault`: a key of FAULTS, or "" for a whole poem. `repairs`: keys of REPAIRS."""

    title: str
    text: str
    repairs: tuple[str, ...]
    fault: str = ""


def clean(title: str, text: str) -> Cleaned:
    """A poem of the collections, its lines joined. Never raises: what is no poem has a fault."""
    repairs: list[str] = []

    def step(name: str, after: str) -> None:
        nonlocal text
        if after != text:
            repairs.append(name)
            text = after

    title, text = clean_title(title), text.translate(WIDE)
    step("restored", RESTORED.sub(r"\1", FOOTNOTE.sub("", text)))
    bare, notes = without_notes(text)
    if bare is None:
        return Cleaned(title, text, (), "empty" if _han(text.split("（")[0]) in ("", "空") else "brackets")
    gap = any(len(note) <= GAP_NOTE_LENGTH and GAP_NOTE.search(note) for note in notes)
    step("notes", re.sub(r"\s+", "", bare))
    if _han(text) in ("", "空"):
        return Cleaned(title, text, (), "empty")
    if gap or GAP.search(text):
        return Cleaned(title, text, (), "lacuna")
    if GLYPH.search(text):
        return Cleaned(title, text, (), "glyph")
    step("quotes", text.translate(MARKS))
    if FOREIGN.search(text):
        return Cleaned(title, text, (), "broken")
    step("stops", _stopped(text))
    step("joined", parted(text))
    each = lines(text)
    if SPEECH.search(text) or max(map(len, each)) > LONGEST:
        return Cleaned(title, text, (), "prose")
    if len(each) < 4 or title in ("句", "又句", "断句", "斷句"):
        return Cleaned(title, text, (), "fragment")
    if not title:
        return Cleaned(title, text, (), "untitled")
    return Cleaned(title, text, tuple(repairs))


def fault_place(text: str, fault: str) -> int:
    """Where in a raw text a fault shows first, so that an example shows it; 0 where the whole is at fault."""
    found = SIGNS[fault].search(text) if fault in SIGNS else None
    return found.start() if found else 0


def clean_title(title: str) -> str:
    """帝京篇十首 一 -> 帝京篇; 雜曲歌辭 行路難（題擬） -> 行路難. Empty where nothing certain is left."""
    title = RESTORED.sub(r"\1", FOOTNOTE.sub("", title.split("\t")[0].translate(WIDE)))
    title = (without_notes(title)[0] or re.split("[（〖]", title)[0]).translate(MARKS)
    parts = [part for part in title.split("・")[-1].split() if not COUNTED.match(part)]
    if len(parts) > 1 and CATEGORY.match(parts[0]):
        parts = parts[1:]
    title = "·".join(COUNT.sub("", part) for part in parts)
    return "" if GAP.search(title) or re.search(f"[^{HAN}·，、。]", title) else title.strip("，。、")


def without_notes(text: str) -> tuple[str | None, list[str]]:
    """The text outside （） and 〖〗, which may stand in each other, and the notes. None where they do not match."""
    if not BRACKET.search(text):
        return text, []
    kept: list[str] = []
    notes: list[str] = []
    open_: list[str] = []  # the brackets that wait for their other half
    for letter in text:
        if letter in "（〖":
            if not open_:
                notes.append("")
            open_.append("）" if letter == "（" else "〗")
        elif letter in "）〗":
            if not open_ or open_.pop() != letter:
                return None, notes
        elif open_:
            notes[-1] += letter
        else:
            kept.append(letter)
    return (None if open_ else "".join(kept)), notes


def parted(text: str) -> str:
    """Put back a comma where one line is twice as long as all others, which are alike: a lost comma, not a form."""
    each = lines(text)
    short = min(map(len, each))
    if short not in (5, 7) or len(each) < 3 or {len(line) for line in each} != {short, 2 * short}:
        return text
    if sum(len(line) == short for line in each) < 2 * sum(len(line) == 2 * short for line in each):
        return text
    for line in each:
        if len(line) == 2 * short:
            text = text.replace(line, f"{line[:short]}，{line[short:]}", 1)
    return text


def _stopped(text: str) -> str:
    """One stop after each line: of several the last counts, and the poem ends with one."""
    text = re.sub(f"[{STOPS}]*([{STOPS}])", r"\1", text).lstrip(STOPS)
    return text if text[-1] in "。？！" else text.rstrip(STOPS) + "。"


def _han(text: str) -> str:
    return re.sub(f"[^{HAN}]", "", text)
