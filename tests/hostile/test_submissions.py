"""Every submission gets an accepted verdict, none forges a pass, and nothing of any is left behind."""

import json
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.hostile.conftest import Ground, seconds
from tests.hostile.corpus import ALL, CORRECT, FORGING, WRONG, Submission

EXERCISE = "self-attention/write-attention"
GOOD = ALL["correct_matmul"]
LATEST = seconds() + 2.0

Count = Callable[[int], int]


def submit(ground: Ground, submission: Submission) -> dict:
    """Submit, and hold the verdict against everything that is demanded of every verdict."""
    began = time.monotonic()
    verdict = ground.judge.judge(EXERCISE, submission.body)
    assert time.monotonic() - began < LATEST, f"{submission.name}: the verdict came late"
    assert submission.accepts(verdict["verdict"]), f"{submission.name}: {verdict}"
    assert verdict["verdict"] != "pass" or "pass" in submission.expect, f"{submission.name}: a forged pass"
    assert "CANARY" not in json.dumps(verdict), f"{submission.name}: a secret is in the verdict"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", verdict["output"]), submission.name
    assert len(json.dumps(verdict)) < 1 << 17
    for language in ("zh", "en"):
        assert 0 < len(verdict["feedback"][language]) <= 600
    return verdict


def is_well(ground: Ground) -> None:
    verdict = ground.judge.judge(EXERCISE, GOOD.body)
    assert verdict["verdict"] == "pass", verdict


def test_listed_order(ground: Ground) -> None:
    is_well(ground)
    time.sleep(1.0)  # the next learner is prepared
    ground.most = max(map(len, ground.answers().values()))
    assert ground.most > 0
    files = ground.files()
    for submission in ALL.values():
        before = ground.answers()
        submit(ground, submission)
        is_well(ground)
        assert ground.settled(before), f"{submission.name}: a process is left"
    after = ground.files()
    assert dict(after.items() - files.items()) == {}, "a file was left or changed"
    assert [path for path in files if path not in after and path.startswith(str(ground.home))] == [], "a file is gone"
    assert ground.heard == []


def test_shuffled(ground: Ground, count: Count) -> None:
    for submission in random.Random(3).sample(list(ALL.values()), count(len(ALL))):
        submit(ground, submission)
    is_well(ground)
    assert ground.heard == []


def test_four_at_a_time(ground: Ground, count: Count) -> None:
    """A correct submission between each two must pass however its neighbors behave."""
    line = [s for one in random.Random(4).sample(list(ALL.values()), count(len(ALL))) for s in (one, GOOD)]
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda s: (s, ground.judge.judge(EXERCISE, s.body)), line))
    for submission, verdict in verdicts:
        assert submission.accepts(verdict["verdict"]), f"{submission.name}: {verdict}"
    assert ground.heard == []


@pytest.mark.parametrize("submission", FORGING, ids=lambda s: s.name)
def test_no_forged_pass_in_a_row(ground: Ground, count: Count, submission: Submission) -> None:
    for _ in range(count(20)):
        submit(ground, submission)
    is_well(ground)


@pytest.mark.parametrize("submission", CORRECT, ids=lambda s: s.name)
def test_correct_answers_pass(ground: Ground, count: Count, submission: Submission) -> None:
    for seed in range(count(200)):
        verdict = ground.judge.judge(EXERCISE, submission.body, seed=seed)
        assert verdict["verdict"] == "pass", (seed, verdict)


def told(verdict: dict) -> str:
    return verdict["feedback"]["zh"] + " " + verdict["feedback"]["en"]


def test_the_mistake_is_named(ground: Ground) -> None:
    """At least nine in ten wrong answers are told their own cause."""
    missed = [s.name for s in WRONG if s.hint and not re.search(s.hint, told(submit(ground, s)))]
    assert len(missed) <= len(WRONG) // 10, missed


HEAD = "import math, torch\ndef scaled_dot_product_attention(q, k, v, causal=False):\n"
BODY = """    scores = q @ k.transpose(-2, -1){scale}
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(scores.size(-1) - scores.size(-2))
        scores = scores.masked_fill(~seen, -math.inf)
    weights = scores.softmax(-1)
"""
RIGHT = BODY.format(scale=" / math.sqrt(q.size(-1))")
DOUBLED = "    with torch.no_grad(): k.mul_(2)\n" + BODY.format(scale=" / (2 * math.sqrt(q.size(-1)))")
NEAR = {
    "k, doubled in place, was not turned around": (HEAD + DOUBLED + "    return weights @ v\n", "mutates-key"),
    "dropout": (HEAD + RIGHT + "    return torch.dropout(weights, 0.1, True) @ v\n", "dropout-on"),
    "nothing": (HEAD + RIGHT + "    return weights @ v\n", None),
}


@pytest.mark.parametrize("case", NEAR)
def test_a_near_cause_is_not_named(ground: Ground, count: Count, case: str) -> None:
    source, name = NEAR[case]
    for seed in range(count(20)):
        assert ground.judge.judge(EXERCISE, source.encode(), seed=seed)["name"] == name
