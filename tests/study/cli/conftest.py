"""The exercise commands, run as a learner runs them: in a process of their own, with folders of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCHOOL = Path(__file__).with_name("school.py")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """English, no colors, and nothing of this user's."""
    ours = {"WENJIN_DATA": "data", "WENJIN_WORKSPACE": "work"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENJIN_")}
    return kept | {name: str(tmp_path / at) for name, at in ours.items()} | {"WENJIN_LANG": "en", "COLUMNS": "100"}


@pytest.fixture
def school(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: object, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCHOOL), *map(str, words)]
        return subprocess.run(command, input=said, env=environ | more, capture_output=True, text=True, timeout=120)

    return run
