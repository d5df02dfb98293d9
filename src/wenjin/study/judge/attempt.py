"""An attempt: judge an answer and write down that it was made."""

import uuid
from datetime import UTC, datetime
from typing import Any

from wenjin.study.judge.client import Judge
from wenjin.study.store.log import Event, Log

KEPT = 64 << 10  # characters of an answer and of its output that are kept in the record


def attempt(judge: Judge, log: Log, exercise: str, answer: bytes, *, variant: int = 0, source: str) -> dict[str, Any]:
    """The verdict on an answer, after it was recorded. source: page, watch, check or api."""
    verdict = judge.judge(exercise, answer, variant=variant)
    if verdict["name"] not in ("judge-fault", "unknown-exercise"):
        told = {
            key: verdict[key] for key in ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total")
        }
        text = answer.decode("utf-8", "replace")[:KEPT]
        data = {"exercise": exercise, **told, "source": source, "variant": variant, "answer": text}
        log.append(Event(uuid.uuid4().hex, datetime.now(UTC), "attempt", exercise, data))
    return verdict
