"""The one exception of this room."""


class TextError(Exception):
    """Text, or a file about text, that cannot be used: what, where, and what to do, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
