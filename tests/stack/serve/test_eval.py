"""lm-eval gives the same scores by the server as the model does in process: likelihoods by echo, answers by chat."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack.serve.conftest import KEY, Running

PROGRAM = Path(__file__).with_name("evaluated.py")


def test_scores_are_those_of_the_model_in_process(server: Running, model: Path) -> None:
    environment = os.environ | {"OPENAI_API_KEY": KEY, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    words = [sys.executable, str(PROGRAM), server.url, server.model, str(model)]
    told = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert told.returncode == 0, told.stderr[-4000:]
    found = json.loads(told.stdout.splitlines()[-1])
    for task in ("choose", "write"):
        http, inside = found["http"][task], found["inside"][task]
        assert http["scores"] == pytest.approx(inside["scores"], abs=1e-6), task
        print(task, http["scores"])
    for ours, plain in zip(found["http"]["choose"]["answers"], found["inside"]["choose"]["answers"], strict=True):
        for (chance, greedy), (expected, likeliest) in zip(ours, plain, strict=True):
            assert chance == pytest.approx(expected, abs=1e-5)
            assert greedy == likeliest
    assert found["http"]["write"]["answers"] == found["inside"]["write"]["answers"]
    assert len({text for (text,) in found["http"]["write"]["answers"]}) >= 1
