"""What can go wrong with a training run through no fault of its code, in Chinese and in English."""


class TrainError(Exception):
    """A run that cannot go on: what is wrong, where, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class CheckpointError(TrainError):
    """A checkpoint that cannot be written, or must not be used."""
