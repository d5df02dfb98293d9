"""A text in both languages of the course."""

import re
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]

# A terminal's sequences go as a whole; then control characters, half characters and marks that turn the writing.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[^\n])")
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text of any origin, safe to show: it moves no cursor, sets no color and turns no line around."""
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return HIDDEN.sub("", SEQUENCE.sub("", text))


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in Chinese and in English, each as an original."""

    zh: str
    en: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def as_dict(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}

    def format(self, **values: object) -> "Text":
        """Both texts with `{name}` filled in; a value that is a Text says in each what it has there."""
        zh = {name: value.zh if isinstance(value, Text) else value for name, value in values.items()}
        en = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        return Text(self.zh.format(**zh), self.en.format(**en))
