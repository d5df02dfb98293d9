"""Level and oblique tones in regulated verse: which rules a poem keeps.

    faults("白日依山尽，黄河入海流。欲穷千里目，更上一层楼。")      [], it keeps them all

Chinese had four tones under the Tang: one level 平, three oblique 仄. In a regulated line the tones alternate by the
even places; the two lines of a couplet oppose each other, and the next couplet begins as the last one ended.

    1 3 5   free        仄仄平平仄     a line: places 2 and 4 (and 6) differ
    2 4 6   bound       平平仄仄平     a couplet: place 2 differs from line to line
    last    bound       平平平仄仄     the next: its place 2 is that of the line before
                        仄仄仄平平     even lines end level and rhyme; odd ones, but for the first, end oblique

A character with readings of both tones fits either way, and so does one of which nothing is known.

Omits    the lone level tone 孤平 and how a poet makes up for a fault 拗救: with them some lines are right that are
         faulty here
Sources  Wang Li 王力, 《诗词格律》 (1962), chapter 2: alternation, 对, 粘, 三平调
Proof    tests/stack/text/test_meter.py: by hand; real regulated poems keep the rules, shuffled ones do not
"""

from typing import Literal

from wenjin.stack.text.form import lines
from wenjin.stack.text.rhyme import LEVEL, OBLIQUE, tones

Rule = Literal["alternate", "oppose", "adhere", "ends", "three level"]
Fault = tuple[Rule, int]  # a rule, and the line that breaks it: 0 is the first


def can(character: str, tone: str) -> bool:
    """Can the character be read in this tone?"""
    return not (known := tones(character)) or tone in known


def differ(a: str, b: str) -> bool:
    """Can the two be of different tones?"""
    return (can(a, LEVEL) and can(b, OBLIQUE)) or (can(a, OBLIQUE) and can(b, LEVEL))


def agree(a: str, b: str) -> bool:
    """Can the two be of one tone?"""
    return any(can(a, tone) and can(b, tone) for tone in (LEVEL, OBLIQUE))


def faults(text: str) -> list[Fault]:
    """The rules that a poem breaks, line by line. For lines of five or seven; a shorter one breaks none it is too
    short for."""
    found: list[Fault] = []
    poem = lines(text)
    for at, line in enumerate(poem):
        if any(not differ(line[place], line[place + 2]) for place in range(1, len(line) - 2, 2)):
            found.append(("alternate", at))
        if at and min(len(line), len(poem[at - 1])) > 1:
            second, before = line[1], poem[at - 1][1]
            if at % 2 and not differ(second, before):
                found.append(("oppose", at))
            if at % 2 == 0 and not agree(second, before):
                found.append(("adhere", at))
        if at and not can(line[-1], LEVEL if at % 2 else OBLIQUE):
            found.append(("ends", at))
        if len(line) > 2 and not any(can(character, OBLIQUE) for character in line[-3:]):
            found.append(("three level", at))
    return found


def regulated(text: str) -> bool:
    """Does the poem break no rule?"""
    return not faults(text)
