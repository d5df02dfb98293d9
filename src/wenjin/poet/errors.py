"""What a learner can ask of a poet that cannot be done: a sentence in Chinese and in English."""


class PoetError(Exception):
    """What is wrong, where, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
