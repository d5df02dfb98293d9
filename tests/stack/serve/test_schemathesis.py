"""What /openapi.json promises is what happens: two thousand requests made from it, fitting and not."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.stack.serve.conftest import KEY, Running

# A request may fit the schema and still ask for what this model cannot do: more tokens than its context, a form that
# cannot be followed. Only such reasons excuse a 400 then, never one of the schema's own.
HOOKS = """
import schemathesis

MEANT = {"context_length_exceeded", "unsupported_value", "invalid_combination", "too_many_texts", "invalid_value",
         "empty_string"}

@schemathesis.check
def refused_for_a_reason(ctx, response, case):
    mode = case.meta.generation.mode if case.meta else None
    if response.status_code == 400 and mode is not None and mode.is_positive:
        error = response.json()["error"]
        assert error["code"] in MEANT, f"{error['code']}: {error['message']}"
"""
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = [200, 400, 404, 429]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 413, 415]
"""
# What its generator says of one of our schemas now and then: a fault of its own, whose other requests count.
GAVE_UP = "Cannot generate an array with 1 demanded elements"


def test_two_thousand_requests(server: Running, tmp_path: Path, count: Callable[[int], int]) -> None:
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    each = max(2, count(2000) // 6)
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", "all"]
    words += ["--header", f"Authorization: Bearer {KEY}", "--max-examples", str(each), "--seed", "7", "--workers", "1"]
    words += ["--phases", "examples,fuzzing" if each < 100 else "examples,coverage,fuzzing", "--no-color"]
    words += ["--suppress-health-check", "all", "--continue-on-failure", "--request-timeout", "60"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path), "NO_COLOR": "1"}
    before = server.quiet(5)
    told = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    end = told.stdout.splitlines()[-1] if told.stdout else ""
    alone = told.stdout.count(GAVE_UP) == 1 and re.search(r"= 1 error\b", end) and "failure" not in end
    assert told.returncode == 0 or alone, told.stdout[-6000:] + told.stderr[-2000:]
    cases = re.search(r"([\d,]+) generated", told.stdout)
    assert cases, told.stdout[-2000:]
    print(f"{cases[1]} requests")
    assert int(cases[1].replace(",", "")) >= count(2000)
    assert server.quiet(30)["failed"] == before["failed"]
    assert not re.search(r" 5\d\d \d+\.\d+ s", server.log.read_text()), "no 5xx"
