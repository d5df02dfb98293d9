"""Records for TensorBoard: `tensorboard --logdir FOLDER` draws what it is given here.

Proof   tests/stack/train/test_records.py: TensorBoard's own reader finds the numbers
"""

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tensorboardX import SummaryWriter  # type: ignore[import-untyped]

from wenjin.stack.train.records import Record

CURVES: dict[str, Callable[[Record], float | None]] = {
    "loss/training": lambda record: record.loss,
    "loss/validation": lambda record: record.validation,
    "gradient norm": lambda record: record.gradient_norm,
    "rate": lambda record: record.rate,
    "tokens per second": lambda record: record.tokens / record.seconds if record.seconds else None,
}


class Board:
    """A folder of TensorBoard events. Numbers are points by step, events are text."""

    def __init__(self, folder: Path) -> None:
        self._writer = SummaryWriter(str(folder))

    def write(self, record: Record) -> None:
        """Draw a record. A number that is not finite is left out of its curve."""
        for name, value in CURVES.items():
            number = value(record)
            if number is not None and math.isfinite(number):
                self._writer.add_scalar(name, number, record.step)
        for event in record.events:
            facts = ", ".join(f"{name} {value}" for name, value in event.facts.items())
            self._writer.add_text(event.name, facts or event.name, record.step)

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> "Board":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
