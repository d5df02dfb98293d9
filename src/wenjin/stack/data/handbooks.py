"""The Debian Reference and the Debian FAQ, in English and Chinese, from their HTML -> sections.

    <h2 class="title"><a id="kernel"></a>10.1. Can I …?</h2> <p>Yes.</p>      ->   Section("faq", "kernel", "en", …)

A heading names its section by an anchor, which is the same in both languages: so a section finds its translation
(`aligned`). A section ends where the next begins, be it deeper or not. Paragraphs and list items are lines; what is
laid out keeps its lines; the cells of a table's row stand between tabs.

Omits   lists of contents, navigation, pictures, footnotes' places, links' targets
Source  debian-reference 2.100 and debian-faq 11.1 of Debian 12, set by DocBook XSL
Proof   tests/stack/data/test_text_readers.py: sections by hand; in both languages the same anchors
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from wenjin.stack.data.files import unpacked

NUMBER = re.compile(r"^(?:第\s*\d+\s*章|附录\s*[A-Z]|(?:Chapter|Appendix)\s+\w+|[\dA-Z]+(?:\.\d+)*)[.\s]+(?=\S)")
HEADINGS = {f"h{level}" for level in range(1, 7)}
LINES = {"p", "li", "dt", "dd", "pre", "tr", "div", "blockquote", "br", "table"}
UNSEEN = {"navheader", "navfooter", "toc", "list-of-figures", "list-of-tables"}


@dataclass(frozen=True, slots=True)
class Section:
    """`book`: reference or faq; `anchor`: the same in both languages; `language`: zh or en."""

    book: str
    anchor: str
    language: str
    title: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.book} {self.anchor}"  # a section and its translation fall on one side


def read(text: str) -> Iterator[Section]:
    """The sections of a kept part that hold text. Raises ValueError for a page without any."""
    for name, page in unpacked(text):
        book = "faq" if "/FAQ/" in name else "reference"
        language = "zh" if ".zh-cn." in name else "en"
        parser = _Page()
        parser.feed(page)
        parser.close()
        if not parser.sections:
            raise ValueError(f"{name} holds no section with an anchor")
        for anchor, title, pieces in parser.sections:
            if said := _tidy(pieces):
                yield Section(book, anchor, language, NUMBER.sub("", _tidy(title)), said)


def aligned(sections: Iterable[Section]) -> Iterator[tuple[Section, Section]]:
    """Chinese and English sections that belong together, in the order of the English."""
    every = list(sections)
    chinese = {section.key: section for section in every if section.language == "zh"}
    for section in every:
        if section.language == "en" and section.key in chinese:
            yield chinese[section.key], section


class _Page(HTMLParser):
    """`sections`: (anchor, pieces of the title, pieces of the text) in the order of the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[tuple[str, list[str], list[str]]] = []
        self.heading: tuple[str | None, list[str]] | None = None
        self.unseen, self.laid_out = 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if self.unseen or (tag == "div" and facts.get("class") in UNSEEN):
            self.unseen += tag == "div"
        elif tag in ("head", "style"):
            self.unseen += 1
        elif tag in HEADINGS:
            self.heading = (None, [])
        elif tag == "a" and self.heading and self.heading[0] is None:
            self.heading = (facts.get("id"), self.heading[1])
        elif tag == "pre":
            self.laid_out = True
            self._add("\n")
        elif tag in LINES:
            self._add("\n")
        elif tag in ("td", "th"):
            self._add("\t")

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            self.unseen -= tag in ("div", "head", "style")
        elif tag in HEADINGS and self.heading:
            anchor, title = self.heading
            self.heading = None
            if anchor:
                self.sections.append((anchor, title, []))
        elif tag in LINES:
            self.laid_out = self.laid_out and tag != "pre"
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self._add(data.replace("\t", " ") if self.laid_out else re.sub(r"\s+", " ", data))

    def _add(self, piece: str) -> None:
        if self.heading:
            self.heading[1].append(piece)
        elif self.sections:
            self.sections[-1][2].append(piece)


def _tidy(pieces: list[str]) -> str:
    lines = (re.sub(r" ?\t ?", "\t", line).strip("\t").rstrip() for line in "".join(pieces).split("\n"))
    return "\n".join(line if line.startswith("  ") else line.strip() for line in lines if line.strip())
