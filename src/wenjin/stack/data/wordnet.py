"""WordNet's database files -> senses.

A line of data.noun (its fields with spaces between them):

    02086723 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 023 @ 02085998 n 0000 … | a member of the genus Canis …
    offset, file of its category (decimal), part of speech, words (hexadecimal), word and number …, relations
    (decimal), each as kind, offset, part of speech, words; a verb's frames; then the gloss

A gloss is a definition and then, in quotation marks, examples.

Omits   frames of verbs, the words between which a relation holds, and the markers "(a)", "(p)", "(ip)" of adjectives
Source  wndb(5WN), the manual of WordNet 3.0; Miller 1995, doi:10.1145/219717.219748
Proof   tests/stack/data/test_readers.py: counts and fields equal those of a plain parse with another method
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

CATEGORIES = (  # lexnames(5WN): the place is the number
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute",
    "noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant",
    "noun.possession", "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state",
    "noun.substance", "noun.time", "verb.body", "verb.change", "verb.cognition", "verb.communication",
    "verb.competition", "verb.consumption", "verb.contact", "verb.creation", "verb.emotion", "verb.motion",
    "verb.perception", "verb.possession", "verb.social", "verb.stative", "verb.weather", "adj.ppl",
)  # fmt: skip
EXAMPLE = re.compile(r'"([^"]+)"')
FIRST = re.compile(r';\s*"')  # a definition may quote a word, too; examples stand behind a semicolon
MARKER = re.compile(r"\((?:a|p|ip)\)$")


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning (a synset). `relations`: (kind, id of the other sense), as in ("@", "n02085998"): its hypernym."""

    id: str
    category: str
    words: tuple[str, ...]
    gloss: str
    examples: tuple[str, ...]
    relations: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return self.gloss


def read(text: str) -> Iterator[Sense]:
    """The senses of a database file; the lines of its license begin with a space. Raises ValueError, with the line."""
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.startswith(" "):
            try:
                yield sense(line)
            except (ValueError, IndexError) as error:
                raise ValueError(f"line {number} is no sense of WordNet: {error}") from None


def sense(line: str) -> Sense:
    """One line. Raises ValueError or IndexError for what is none."""
    fields, bar, gloss = line.partition(" | ")
    if not bar:
        raise ValueError("no gloss")
    part = fields.split()
    offset, category, kind, count = part[0], CATEGORIES[int(part[1])], part[2], int(part[3], 16)
    words = tuple(MARKER.sub("", word).replace("_", " ") for word in part[4 : 4 + 2 * count : 2])
    first = 5 + 2 * count
    related = part[first : first + 4 * int(part[first - 1])]
    relations = tuple((related[n], _key(related[n + 2], related[n + 1])) for n in range(0, len(related), 4))
    definition, *rest = FIRST.split(gloss.strip(), maxsplit=1)
    examples = tuple(EXAMPLE.findall('"' + rest[0])) if rest else ()
    return Sense(_key(kind, offset), category, words, definition.strip(), examples, relations)


def _key(kind: str, offset: str) -> str:
    """A satellite adjective (s) stands in the file of the adjectives."""
    return ("a" if kind == "s" else kind) + offset
