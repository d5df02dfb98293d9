"""What can go wrong with a training run through no fault of its code, in Chinese and in English."""


class TrainError(Exception):
    """A run that cannot go on: what is wrong, where, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)  # both, so that it travels between processes
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return self.en


class GoneError(TrainError):
    """Another process of the training is gone."""


class CheckpointError(TrainError):
    """A checkpoint that cannot be written, or must not be used."""


class NotFiniteError(CheckpointError):
    """Numbers that are NaN or infinite, which no checkpoint is made of."""
