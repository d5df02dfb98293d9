"""Examine a curve of losses from outside: `python -m wenjin.stack.train.doctor FILE`.

FILE is JSON: {"losses": [...], "validation": [...], "even": loss of equal chances or null}, where "NaN", "Infinity" and
"-Infinity" stand for themselves. Prints one line of JSON a sign: {"name", "facts"}.
"""

import json
import sys
from pathlib import Path

from wenjin.stack.train.health import examine


def main(file: Path) -> None:
    asked = json.loads(file.read_text(encoding="utf-8"))
    losses, validation = ([float(loss) for loss in asked[name]] for name in ("losses", "validation"))
    for name, facts in examine(losses, validation, asked["even"]):
        print(json.dumps({"name": name, "facts": dict(facts)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
