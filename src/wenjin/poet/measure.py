"""What can be said of verse by counting: form, rhyme, theme, copying, variety. And what a mere count of n-grams writes.

    measured = measure(poems, corpus)        shares from 0 to 1, lengths in characters
    baseline = Counted(train)                2- to 5-grams over characters: their losses, and verse drawn from them

    form         the lines and characters that were asked for
    rhyme        of the poems in form: the even lines rhyme (stack/text/rhyme.py)
    theme        a character of the title stands in the poem; by chance: of another poem's title
    shared       the longest run of characters, marks left out, that stands in the training verse, too
    distinct     different n-grams per n-gram, over all poems together: compare equal numbers of poems only
    repetition   of the pairs of neighboring characters in a poem: those that the poem had before

Omits    tones, sense, beauty
Sources  distinct-n: Li et al. 2016, arXiv:1510.03055 (5.3)
Proof    tests/poet/test_measure.py: each by hand, on real poems and on spoiled ones
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from wenjin.stack.data.verse import END, FORM, SPECIALS, STOPS, Verse, document, prompt
from wenjin.stack.text import form as shape
from wenjin.stack.text.characters import Characters
from wenjin.stack.text.ngrams import Ngrams
from wenjin.stack.text.rhyme import rhymes
from wenjin.stack.text.shared import longest_shared

DULL = 0.05  # repetition that is worth a word: of 400 real quatrains it was 0.002
TRIES = 20  # draws at one place before a shorter context is asked
MARKS = re.compile(f"[{STOPS}\\s]")
SYMBOL = re.compile("|".join(map(re.escape, SPECIALS)) + "|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """A poem as it was asked for and as it came."""

    form: str  # a key of FORMS
    title: str
    text: str

    @property
    def in_form(self) -> bool:
        return shape.form(self.text) == self.form

    @property
    def rhymed(self) -> bool:
        """Do the ends of all even lines rhyme with that of the second?"""
        ends = [line[-1] for line in shape.lines(self.text)[1::2]]
        return len(ends) > 1 and all(rhymes(ends[0], end) for end in ends[1:])

    @property
    def bare(self) -> str:
        """Its characters without marks."""
        return MARKS.sub("", self.text)


@dataclass(frozen=True, slots=True)
class Measured:
    """NaN where there was nothing to measure, as the rhyme of poems none of which is in form."""

    poems: int
    form: float
    rhyme: float
    theme: float
    theme_by_chance: float
    shared: float  # median
    shared_95: float  # 95th percentile
    distinct_1: float
    distinct_2: float
    distinct_3: float
    repetition: float

    def as_dict(self) -> dict[str, float | None]:
        """For JSON, which knows no NaN."""
        return {name: None if math.isnan(value) else value for name, value in asdict(self).items()}


def real(verses: Iterable[Verse]) -> list[Written]:
    """Poems of the corpus, to be measured like written ones."""
    return [Written(verse.form, verse.title, verse.text) for verse in verses]


def measure(poems: Sequence[Written], corpus: Sequence[Verse]) -> Measured:
    """`corpus`: what the writer was trained on."""
    formed = [poem for poem in poems if poem.in_form]
    runs = longest_shared([poem.bare for poem in poems], [MARKS.sub("", verse.text) for verse in corpus])
    titles = [poem.title for poem in poems]
    return Measured(
        poems=len(poems),
        form=_share([poem.in_form for poem in poems]),
        rhyme=_share([poem.rhymed for poem in formed]),
        theme=_share([_named(poem.title, poem.bare) for poem in poems]),
        theme_by_chance=_share(
            [_named(title, poem.bare) for title, poem in zip(titles[1:] + titles[:1], poems, strict=True)]
        ),
        shared=float(np.percentile(runs, 50)) if runs else math.nan,
        shared_95=float(np.percentile(runs, 95)) if runs else math.nan,
        distinct_1=distinct(poems, 1),
        distinct_2=distinct(poems, 2),
        distinct_3=distinct(poems, 3),
        repetition=repeated(poems),
    )


def distinct(poems: Sequence[Written], n: int) -> float:
    """Different n-grams of characters as a share of all; marks left out, none crossing from poem to poem."""
    grams = [poem.bare[at : at + n] for poem in poems for at in range(len(poem.bare) - n + 1)]
    return len(set(grams)) / len(grams) if grams else math.nan


def repeated(poems: Sequence[Written]) -> float:
    """Pairs of neighboring characters that their poem had before, as a share of all."""
    pairs = [[poem.bare[at : at + 2] for at in range(len(poem.bare) - 1)] for poem in poems]
    total = sum(map(len, pairs))
    return 1 - sum(len(set(of)) for of in pairs) / total if total else math.nan


def _named(title: str, text: str) -> bool:
    return any(character in text for character in MARKS.sub("", title))


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held) if held else math.nan


def symbols(text: str) -> list[str]:
    """A document as characters, each special token as one: the units in which losses are compared."""
    return SYMBOL.findall(text)


class Counted:
    """N-gram models of the documents that the poet reads, over their characters. The first symbol of a document is
    given, not guessed, as it is for the poet."""

    def __init__(self, verses: Sequence[Verse], *, most: int = 5) -> None:
        texts = [document(verse) for verse in verses]
        plain = ("".join(one for one in symbols(text) if one not in SPECIALS) for text in texts)
        self.table = Characters.of(plain, specials=SPECIALS)
        stream = [id for text in texts for id in self.table.encode(text, SPECIALS)]
        self.most, self.grams = most, Ngrams(stream, vocabulary=self.table.size, most=most)

    def losses(self, verses: Sequence[Verse]) -> dict[int, float]:
        """Nats per character of the documents, by order, from 2 up."""
        texts = [self.table.encode(document(verse), SPECIALS) for verse in verses]
        stream = np.array([id for ids in texts for id in ids])
        guessed = stream != self.table.specials[FORM]  # all but the first of each
        return {n: float(-self.grams.log_odds(stream, order=n)[guessed].mean()) for n in range(2, self.most + 1)}

    def write(self, asked: Sequence[tuple[str, str]], *, order: int = 3, seed: int = 0) -> Iterator[Written]:
        """A poem for each (form, title)."""
        dice, end = np.random.default_rng(seed), self.table.specials[END]
        for form, title in asked:
            ids = self.grams.write(
                self.table.encode(prompt(form, title), SPECIALS), order=order, most=90, stop={end}, dice=dice
            )
            text = "".join(self.table.tokens[id] for id in ids if id != end)
            yield Written(form, title, text)

    def fill(self, asked: Sequence[tuple[str, str]], *, order: int = 3, seed: int = 0) -> Iterator[Written]:
        """The same with the form imposed: marks stand where they belong, and what is drawn there is drawn again until
        it is none. Free drawing hardly ever keeps a form, so this is what chance makes of rhyme."""
        dice = np.random.default_rng(seed)
        marks = {*self.table.specials.values(), *self.table.encode(STOPS)}
        for form, title in asked:
            width, lines = (int(number) for number in form.split("x"))
            ids = self.table.encode(prompt(form, title), SPECIALS)
            first = len(ids)
            for line in range(lines):
                for _ in range(width):
                    ids.append(self._character(ids, marks, order, dice))
                ids += self.table.encode("，。"[line % 2])
            yield Written(form, title, "".join(self.table.tokens[id] for id in ids[first:]))

    def _character(self, ids: list[int], marks: set[int], order: int, dice: np.random.Generator) -> int:
        """A token that is no mark; where the longest context knows nothing but marks, of a shorter one."""
        for n in range(order, 0, -1):
            for _ in range(TRIES):
                (id,) = self.grams.write(ids, order=n, most=1, stop=(), dice=dice)
                if id not in marks:
                    return id
        return self.table.unknown
