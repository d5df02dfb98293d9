"""The reference answer, as a learner may read it once it is open: text that the judge itself accepts."""

import json
import random
import re
from pathlib import Path
from typing import Any

from wenjin.kit.exercise import Choice, Code, Exercise, Numeric

NAME = "solution.py"  # beside grade.py: the solution with faults is the judge's, this one is to be read

BARE = re.compile(r"[A-Za-z0-9_-]+")


def reference(exercise: Exercise, folder: Path, variant: int) -> str:
    """A program, or the TOML of an answer sheet. OSError where a program has no `solution.py`."""
    if isinstance(exercise, Code):
        return (folder / NAME).read_text(encoding="utf-8")
    if isinstance(exercise, Numeric):
        numbers = exercise.solution(exercise.draw(random.Random(variant)))
        answer: dict[str, Any] = {field.name: numbers[field.name] for field in exercise.fields}
    elif isinstance(exercise, Choice):
        answer = {step.key: next(o.key for o in step.options if o.mistake is None) for step in exercise.steps}
    else:
        answer = {"order": list(exercise.right[0])}
    # JSON's strings, numbers and lists are TOML's; a key stands bare where it may.
    rows = [
        f"{key if BARE.fullmatch(key) else json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in answer.items()
    ]
    return "\n".join([f"variant = {variant}", "", "[answer]", *rows, ""])
