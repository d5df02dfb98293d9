"""The one exception of this room."""


class ServeError(Exception):
    """A model that cannot be kept, found or served: what, where, and what to do, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
