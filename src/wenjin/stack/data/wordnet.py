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

PARTS = {"noun": "data.noun", "verb": "data.verb", "adj": "data.adj", "adv": "data.adv"}
CATEGORIES = (  # lexnames(5WN): the place is the number
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute",
    "noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant",
    "noun.possession", "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state",
    "noun.substance", "noun.time", "verb.body", "verb.change", "verb.cognition", "verb.communication",
    "verb.competition", "verb.consumption", "verb.contact", "verb.creation", "verb.emotion", "verb.motion",
    "verb.perception", "verb.possession", "verb.social", "verb.stative", "verb.weather", "adj.ppl",
)  # fmt: skip
