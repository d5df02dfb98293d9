"""From a saved answer to its verdict, with a warm judge; the peer is a cold pytest on the same checks."""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import server

EXERCISE = "self-attention/write-attention"
FOLDER = server.ROOT / "src/wenjin/curriculum/transformer/self_attention/exercises/write_attention"
ANSWERS = server.ROOT / "tests/hostile/submissions"
WARM = ("correct_matmul.py", "wrong_missing_scale.py", "wrong_mask_after_softmax.py", "wrong_causal_always.py")
ROUNDS, PEER_ROUNDS = 100, 5
P50, P95, TIMES, FIRST = 0.060, 0.150, 40.0, 3.0  # seconds, seconds, ratio, seconds

PEER = """
import importlib.util, sys
from random import Random

import pytest
import torch

spec = importlib.util.spec_from_file_location("grade", {grade!r})
grade = importlib.util.module_from_spec(spec)
spec.loader.exec_module(grade)
from answer import scaled_dot_product_attention as answer

CASES = grade.exercise.cases(Random(0))


def run(program, case):
    inputs = [x.clone().requires_grad_(case.gradient and x.is_floating_point()) for x in case.args]
    given = [x.mT.contiguous().mT for x in inputs] if case.strided else inputs
    result = program(*given, **case.kwargs)
    slopes = torch.autograd.grad(result.sum(), inputs) if case.gradient else ()
    return [result, *slopes], [x.detach() for x in inputs]


@pytest.mark.parametrize("case", CASES, ids=[f"{{n}}-{{case.tag}}" for n, case in enumerate(CASES)])
def test_case(case):
    expected, _ = run(grade.exercise.solution, case)
    for _ in range(2):  # as the judge asks twice
        got, inputs = run(answer, case)
        for x, y in zip(got, expected):
            assert x.shape == y.shape and x.dtype == y.dtype
            assert ((x - y).abs() <= case.tolerance * y.abs().clamp(min=1)).all()
        for x, y in zip(inputs, case.args):
            assert torch.equal(x, y)
"""


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def warm(folder: Path) -> list[float]:
    """Seconds from saving each answer to its verdict, one after another, with a judge that is awake."""
    from wenjin.study.judge.client import local_judge

    file = folder / "answer.py"
    texts = [(ANSWERS / name).read_bytes() for name in WARM]

    def save_and_judge(text: bytes) -> None:
        file.write_bytes(text)
        verdict = judge.judge(EXERCISE, file.read_bytes())
        if verdict["verdict"] not in ("pass", "wrong"):
            raise RuntimeError(f"the judge said {verdict['verdict']} ({verdict['name']}): {verdict['feedback']['en']}")

    with local_judge() as judge:
        for text in texts:
            save_and_judge(text)
        return [seconds(lambda n=n: save_and_judge(texts[n % len(texts)])) for n in range(ROUNDS)]  # type: ignore[misc]


def cold(folder: Path) -> list[float]:
    """Seconds of a cold pytest over the same cases: values, shapes, dtypes, gradients, unchanged inputs."""
    (folder / "answer.py").write_bytes((ANSWERS / WARM[0]).read_bytes())
    (folder / "test_answer.py").write_text(PEER.format(grade=str(FOLDER / "grade.py")), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_answer.py"]

    def run() -> None:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"the peer does not pass the right answer:\n{done.stdout[-2000:]}")

    return [seconds(run) for _ in range(PEER_ROUNDS)]


def first(folder: Path) -> float:
    """Seconds from `./wenjin start` to the first verdict, asked for as soon as the address is printed."""
    from wenjin.study.web.security import api_token, make_secret

    with server.served(folder) as course:
        body = json.dumps({"source": (ANSWERS / WARM[1]).read_text("utf-8"), "variant": 0}).encode()
        token = api_token(make_secret(course.data / "secret"))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        address = f"{course.url.split('/login')[0]}/api/exercises/{EXERCISE}/attempts"
        verdict = json.loads(server.fetch(server.browser(), urllib.request.Request(address, body, headers)))  # type: ignore[arg-type]
        spent = time.perf_counter() - course.begun
    if verdict["verdict"] != "wrong":
        raise RuntimeError(f"the first verdict was {verdict}")
    return spent


def measure() -> list[dict[str, Any]]:
    with server.folders() as folder:
        times = sorted(warm(folder))
        peers = sorted(cold(folder))
        starts = [first(folder) for _ in range(3)]
    p50, p95, peer = statistics.median(times), times[int(0.95 * len(times))], statistics.median(peers)
    same = f"{len(WARM)} answers in turn, {ROUNDS} verdicts, sandbox and gradients included"
    other = f"peer: cold pytest on the same cases, median of {PEER_ROUNDS}, {peers[0]:.2f} to {peers[-1]:.2f} s"
    rows = [
        ("save to verdict, p50", p50, f"≤ {P50 * 1e3:g} ms, {TIMES:g} × faster", p50 <= P50 and peer / p50 >= TIMES),
        ("save to verdict, p95", p95, f"≤ {P95 * 1e3:g} ms", p95 <= P95),
    ]
    made = [
        {"name": name, "ours": mine, "peer": peer, "unit": "s", "goal": goal, "ok": ok, "how": f"{same}; {other}"}
        for name, mine, goal, ok in rows
    ]
    begin = statistics.median(starts)
    how = f"from the command to the verdict over HTTP, median of 3, {min(starts):.2f} to {max(starts):.2f} s; {other}"
    last = {"name": "start to first verdict", "ours": begin, "peer": peer, "unit": "s"}
    return [*made, {**last, "goal": f"≤ {FIRST:g} s", "ok": begin <= FIRST, "how": how}]
