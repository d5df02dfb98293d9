"""An attempt: judge an answer and write down that it was made."""

from typing import Any

from wenjin.kit.text import Text
from wenjin.study.judge.client import Judge
from wenjin.study.store.log import Log, StoreError, happened

KEPT = 64 << 10  # characters of an answer and of its output that are kept in the record


def attempt(
    judge: Judge, log: Log, exercise: str, answer: bytes, *, variant: int = 0, source: str, confirmed: bool = False
) -> dict[str, Any]:
    """The verdict on an answer, after it was recorded. source: page, watch, check or api.

    A log that refuses does not take the verdict away: `unkept` then says why, in both languages; else it is None.
    """
    verdict = judge.judge(exercise, answer, variant=variant, confirmed=confirmed)
    unkept: Text | None = None
    if verdict["name"] not in ("judge-fault", "unknown-exercise", "unconfined"):
        told = {
            key: verdict[key] for key in ("verdict", "name", "feedback", "section", "ms", "tier", "passed", "total")
        }
        text = answer.decode("utf-8", "replace")[:KEPT]
        data = {"exercise": exercise, **told, "source": source, "variant": variant, "answer": text}
        try:
            log.append(happened("attempt", exercise, data))
        except StoreError as error:
            unkept = error.text
    return {**verdict, "unkept": unkept and unkept.as_dict()}
