"""The small course with a lab that is run in a moment: `growth`, with a recorded run, without torch."""

import json
import shutil
from pathlib import Path

from wenjin.kit.lab import Frame, Level, Point, as_row
from wenjin.study.course.digest import digest, library_digest

HERE = Path(__file__).parent
SMALL = HERE.parent / "course" / "small"
LAB = "/topics/doubling/labs/growth"
DEFAULTS = {"steps": 12, "rate": 2.0, "rule": "times", "starts": [1, 3], "pause": 0.0, "substitute": False, "seed": 0}


def growing(root: Path) -> Path:
    """Make it below `root`, and return `root`."""
    shutil.copytree(SMALL, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "growth" / "causes.toml", root)
    topic = root / "counting" / "doubling"
    (topic / "labs").mkdir()
    for name in ("growth.py", "growth.toml"):
        shutil.copy(HERE / "growth" / name, topic / "labs")
    program = (topic / "labs" / "growth.py").read_text(encoding="utf-8")
    frames: list[Frame] = [Point("size", n, {"first": 2.0 ** (n + 1), "last": 3 * 2.0 ** (n + 1)}) for n in range(12)]
    recorded = {
        "format": 1,
        "kind": "lab",
        "lab_sha256": digest(program),
        "library_sha256": library_digest(program),
        "data": {"numbers": "ab" * 32},
        "seeds": [0, 1, 2, 3, 4],
        "bands": {"ratio": [1.99, 2.01]},
        "arguments": DEFAULTS,
        "frames": [as_row(frame) for frame in [*frames, Level("ratio", 2.0)]],
        "seconds": 0.4,
        "machine": "two cores",
    }
    (topic / "recorded" / "lab_growth.json").write_text(json.dumps(recorded), encoding="utf-8")
    return root
