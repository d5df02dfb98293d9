"""From `./wenjin start` to the open page, on its second run; the peer is a bare FastAPI page."""

import socket
import statistics
import subprocess
import sys
import time
from typing import Any

import server

ROUNDS = 5
GOAL = 3.0  # seconds
BARE = """
import fastapi, uvicorn
app = fastapi.FastAPI()
@app.get("/", response_class=fastapi.responses.HTMLResponse)
def hello():
    return "<h1>hello</h1>"
uvicorn.run(app, port={port}, log_level="critical")
"""


def ours(folder: Any) -> float:
    """Seconds until the home page has come in whole."""
    with server.served(folder) as course:
        page = server.fetch(server.browser(), course.url)
        spent = time.perf_counter() - course.begun
    if b"<main" not in page:
        raise RuntimeError("the page that was opened is not the home page")
    return spent


def peer() -> float:
    """Seconds until a page of one line has come in, from a program of one route."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", BARE.format(port=port)])
    try:
        while time.perf_counter() - begun < server.PATIENCE:
            try:
                server.fetch(server.browser(), f"http://127.0.0.1:{port}/")
                return time.perf_counter() - begun
            except OSError:
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait()
    raise RuntimeError("the bare page did not come up")


def measure() -> list[dict[str, Any]]:
    with server.folders() as folder:
        ours(folder)  # the first run makes the data folder and sets the formulas
        both = [(ours(folder), peer()) for _ in range(ROUNDS)]
    mine, others = zip(*both, strict=True)
    return [
        {
            "name": "second start to open page",
            "ours": statistics.median(mine),
            "peer": statistics.median(others),
            "unit": "s",
            "goal": f"≤ {GOAL:g} s",
            "ok": statistics.median(mine) <= GOAL,
            "how": f"median of {ROUNDS}, {min(mine):.2f} to {max(mine):.2f}; from the command to the home page's last "
            f"byte, over HTTP; peer: a FastAPI program of one route, {min(others):.2f} to {max(others):.2f}",
        }
    ]
