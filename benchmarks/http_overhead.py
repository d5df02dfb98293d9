"""What the HTTP layer costs: a server's tokens a second and its first token, beside the engine in the same weights.

The engine writes in a thread of its own, as the server has it do, and a listener takes its tokens; the server streams
them to a plain client of the standard library over one open line. Both take turns with the same prompt, length and
seed. One text at a time, then eight.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KEY = "key-of-the-benchmark"
PROMPT = "The moon rose over the quiet harbor, and"
TOKENS, ROUNDS, SHORT = 96, 9, 3
THREADS, GOAL, COMPANY = 2, 0.05, 8


@contextmanager
def served(model: Path) -> Iterator[tuple[int, str]]:
    """Port and name of a server in a process of its own."""
    words = [sys.executable, "-m", "wenjin.stack.serve.main", str(model), "--threads", str(THREADS), "--until-eof"]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"WENJIN_API_KEY": KEY},
    ) as process:
        assert process.stdin
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        try:
            yield ready["port"], ready["model"]
        finally:
            process.stdin.close()
            process.wait(60)


def stream(line: http.client.HTTPConnection, model: str) -> tuple[float, float]:
    """Seconds to the first token and to the last event of one stream."""
    asked = {"model": model, "prompt": PROMPT, "max_tokens": TOKENS, "temperature": 0, "stream": True}
    begun = time.perf_counter()
    line.request(
        "POST",
        "/v1/completions",
        json.dumps(asked),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    answer = line.getresponse()
    first = 0.0
    for raw in answer:
        if not first and raw.startswith(b"data: {"):
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


def over_http(port: int, model: str, texts: int) -> tuple[float, float]:
    """As `stream`, of so many at once: the mean of the first tokens, and when the last is over."""
    lines = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(texts)]
    for line in lines:
        line.connect()
    firsts: list[float] = []
    threads = [threading.Thread(target=lambda line=line: firsts.append(stream(line, model)[0])) for line in lines]  # type: ignore[misc]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begun
    for line in lines:
        line.close()
    return statistics.mean(firsts), spent


def inside(engine: Any, prompt: tuple[int, ...], stops: frozenset[int], texts: int) -> tuple[float, float]:
    """The same of the engine, heard by a listener for each text."""
    from wenjin.stack.infer.request import Request

    begun = time.perf_counter()
    firsts: dict[int, float] = {}
    over = threading.Semaphore(0)

    def hear(number: int, token: Any) -> None:
        firsts.setdefault(number, time.perf_counter() - begun)
        if token.finish:
            over.release()

    for number in range(texts):
        ticket = engine.submit(Request(prompt, most=TOKENS, temperature=0, stop_ids=stops))
        ticket.listen(lambda token, number=number: hear(number, token))
    for _ in range(texts):
        over.acquire()
    return statistics.mean(firsts.values()), time.perf_counter() - begun


def measure(full: bool = False) -> list[dict[str, Any]]:
    from wenjin.stack.infer.engine import Engine
    from wenjin.stack.serve.local import opened, resolved

    path, rounds = resolved("smollm2"), ROUNDS if full else SHORT
    rows = []
    with served(path) as (port, name):
        local = opened(path, threads=THREADS)
        engine = Engine(local.model, local.pieces, batch=COMPANY)
        thread = threading.Thread(target=engine.run, daemon=True)
        thread.start()
        prompt = tuple(local.tokenizer.encode(PROMPT))
        for texts in (1, COMPANY):
            ours: list[tuple[float, float]] = []
            peer: list[tuple[float, float]] = []
            for number in range(rounds + 1):
                one = inside(engine, prompt, local.stops, texts)
                other = over_http(port, name, texts)
                if number:  # the first round warms both
                    peer.append(one)
                    ours.append(other)
                print(f"{texts} at once, round {number} of {rounds}", file=sys.stderr, flush=True)
            rows += told(texts, ours, peer, rounds)
        engine.close()
        thread.join()
    return rows


def told(
    texts: int, ours: list[tuple[float, float]], peer: list[tuple[float, float]], rounds: int
) -> list[dict[str, Any]]:
    ratios = sorted(one[1] / other[1] for one, other in zip(ours, peer, strict=True))
    overhead = statistics.median(ratios) - 1
    speeds = [texts * TOKENS / statistics.median(spent for _, spent in side) for side in (ours, peer)]
    firsts = [1000 * statistics.median(first for first, _ in side) for side in (ours, peer)]
    how = f"SmolLM2-135M, {texts} at once, {TOKENS} tokens, {THREADS} threads, median of {rounds} turns"
    return [
        {
            "name": f"http-overhead ({texts} at once)",
            "ours": speeds[0],
            "peer": speeds[1],
            "unit": "tokens/s",
            "goal": f"≤ {GOAL:.0%} slower than the engine; is {overhead:+.1%}",
            "ok": overhead <= GOAL,
            "how": f"{how}; peer: the engine in this process",
        },
        {
            "name": f"first token ({texts} at once)",
            "ours": firsts[0],
            "peer": firsts[1],
            "unit": "ms",
            "goal": "told",
            "ok": True,
            "how": how,
        },
    ]


if __name__ == "__main__":
    for row in measure():
        print(row)
