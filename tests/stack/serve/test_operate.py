"""How the server is doing is told, and it ends in order: what is under way is finished, whatever comes is sent away."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.stack.serve.conftest import Running, Start
from tests.stack.serve.test_malformed import wrong
from tests.stack.serve.test_streams import events


def figures(server: Running) -> dict[str, float]:
    answer = server.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def test_figures_move_as_requests_do(server: Running) -> None:
    before, told = figures(server), server.stats()
    used = server.chat(max_tokens=12).json()["usage"]
    server.chat(max_tokens=-1)
    after, now = figures(server), server.stats()
    assert after["wenjin_requests_total"] >= before["wenjin_requests_total"] + 2
    assert after["wenjin_engine_tokens_total"] - before["wenjin_engine_tokens_total"] == used["completion_tokens"]
    assert now["tokens"] - told["tokens"] == used["completion_tokens"]
    assert now["prompt_tokens"] - told["prompt_tokens"] == used["prompt_tokens"]
    assert after["wenjin_first_token_seconds_count"] == before["wenjin_first_token_seconds_count"] + 1
    assert after["wenjin_engine_pages"] == now["pages"] > 0
    routes = [line for line in server.http.get("/metrics").text.splitlines() if "route=" in line]
    server.http.get("/v1/models/" + "x" * 50)
    server.http.get("/never/heard/of")
    assert not [line for line in server.http.get("/metrics").text.splitlines() if "xxx" in line or "heard" in line]
    assert routes


def test_speed_is_told_while_it_writes(server: Running) -> None:
    server.complete("a", max_tokens=400, temperature=0)
    assert server.stats()["tokens_per_second"] > 0


def test_a_drain(start_server: Start) -> None:
    """SIGTERM in the middle of a stream: it goes on to its end, and new requests are told to come again."""
    running = start_server("--slots", "2")
    asked = {"max_tokens": 900, "temperature": 0, "stream": True, "stream_options": {"include_usage": True}}
    body = {"model": running.model, "messages": [{"role": "user", "content": "a"}]} | asked
    found: list[bytes] = []
    with running.http.stream("POST", "/v1/chat/completions", json=body) as answer:
        parts = answer.iter_raw()
        found.append(next(parts))
        running.process.send_signal(signal.SIGTERM)
        while running.http.get("/healthz").status_code == 200:
            time.sleep(0.005)
        assert running.http.get("/healthz").json() == {"status": "draining"}
        late = running.chat()
        assert late.status_code == 503
        assert int(late.headers["retry-after"]) >= 1
        wrong(late.json())
        found.extend(parts)
    told = events(b"".join(found))
    assert told[-1]["usage"]["completion_tokens"] == 900
    assert running.process.wait(60) == 0
    assert "Traceback" not in running.log.read_text()


def test_a_drain_has_an_end(start_server: Start) -> None:
    """What is not done within the limit is ended, and told so in the shape of an error."""
    running = start_server("--slots", "1", "--drain", "0.2")
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(running.complete("a", max_tokens=1000, temperature=0, logprobs=20, n=8))

    thread = threading.Thread(target=ask)
    thread.start()
    while not running.stats()["running"]:
        time.sleep(0.005)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    thread.join()
    assert answers[0].status_code == 503
    wrong(answers[0].json())


def test_it_ends_with_the_program_that_started_it(model: Path) -> None:
    words = [sys.executable, "-m", "wenjin.stack.serve.main", str(model), "--until-eof", "--threads", "1"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline().startswith('{"url"')
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_model_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "wenjin.stack.serve.main", str(tmp_path / "none")]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert "none" in told.stderr
    assert "Traceback" not in told.stderr
    assert told.stdout == ""
