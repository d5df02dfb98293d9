"""Judge a log from outside: `python -m wenjin.stack.train.doctor FILE [CLASSES]`.

Prints one object of JSON: {"losses", "validation", "causes": [{"name", "facts"}]}, or {"error": {"zh", "en"}}. Loads no
torch, so that it answers at once.
"""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from wenjin.stack.train.errors import TrainError
from wenjin.stack.train.health_logs import read
from wenjin.stack.train.health_watch import examine, facts_of


def main(file: Path, classes: int | None = None) -> dict[str, Any]:
    try:
        log = read(file)
    except TrainError as error:
        return {"error": {"zh": error.zh, "en": error.en}}
    facts = facts_of(log.facts)
    found = examine(log.records, replace(facts, classes=classes) if classes else facts)
    return {
        "losses": len(log.records),
        "validation": sum(record.validation is not None for record in log.records),
        "causes": [{"name": name, "facts": _plain(facts)} for name, facts in found],
    }


def _plain(facts: Any) -> dict[str, Any]:
    """Numbers that JSON does not know as words."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in facts.items()
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))))
