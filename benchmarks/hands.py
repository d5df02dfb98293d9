"""What is under way when the course is killed: five hands of a learner, each with its own list of what was kept."""

import http.client
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import server

EXERCISE = "self-attention/write-attention"
LAB, ARGUMENTS = "self-attention/cost-of-length", {"lengths": "64, 128", "width": "16", "rounds": "10"}
NOTE = "self-attention/lesson"
CARDS = "self-attention"
SOLUTION = server.ROOT / "tests/hostile/submissions/correct_matmul.py"
MEASURED = ("point", "progress", "level", "table")  # rows that the lab made, not its runner


class Gone(Exception):
    """The server was killed before it answered: nothing was acknowledged."""


@dataclass
class Kept:
    """What one hand asked for and what was acknowledged, oldest first. `open`: the request that has no answer;
    `done`: how often there was something new to lose."""

    acknowledged: list[Any] = field(default_factory=list)
    open: Any = None
    done: int = 0

    def acknowledge(self, what: Any) -> None:
        self.acknowledged.append(what)
        self.done += 1


@dataclass
class Watched:
    """A run, and the rows of its record that were seen."""

    run: str
    rows: list[Any] = field(default_factory=list)


class Line:
    """Requests of a script to the course, each on its own connection."""

    def __init__(self, url: str, token: str) -> None:
        self.host = url.removeprefix("http://").split("/")[0]
        self.token = token

    def ask(self, method: str, path: str, body: Any = None, form: dict[str, str] | None = None) -> tuple[int, Any, str]:
        """Status, body (JSON where it is), Location. Raises Gone."""
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None
        if form is not None:
            data, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        line = http.client.HTTPConnection(self.host, timeout=60)
        try:
            line.request(method, path, data, headers)
            answer = line.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error
        finally:
            line.close()
        is_json = (answer.getheader("content-type") or "").startswith("application/json")
        return answer.status, json.loads(said) if is_json else said, answer.getheader("location") or ""

    def watch(self, kept: Kept) -> None:
        """Read the stream of a run from its beginning to its end. Its rows are those seen before, and more."""
        path, seen = f"/api/runs/{kept.open.run}/frames", kept.open.rows
        line = http.client.HTTPConnection(self.host, timeout=60)
        number, name = 0, ""
        try:
            line.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = line.getresponse()
            while (text := answer.readline().decode()).endswith("\n"):
                word, _, value = text.strip().partition(": ")
                name = value if word == "event" else name
                if word == "data" and name == "end":
                    return
                for row in json.loads(value) if word == "data" and name == "frames" else ():
                    if seen[number : number + 1] not in ([], [row]):
                        raise RuntimeError(f"row {number} of {path} was {seen[number]} and is now {row}")
                    kept.done += number == len(seen) and row["frame"] in MEASURED
                    seen[number : number + 1] = [row]
                    number += 1
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error
        finally:
            line.close()
        raise Gone

    def good(self, method: str, path: str, body: Any = None, form: dict[str, str] | None = None) -> tuple[Any, str]:
        status, said, location = self.ask(method, path, body, form)
        if status not in (200, 303):
            raise RuntimeError(f"{method} {path} was answered with {status}: {str(said)[:500]}")
        return said, location


# The five hands. Each works until the server is gone.


def answering(line: Line, kept: Kept) -> None:
    solution = SOLUTION.read_text("utf-8")
    while True:
        kept.open = f"answer-{uuid4().hex}"
        line.good("POST", f"/api/exercises/{EXERCISE}/attempts", {"source": f"{solution}\n# {kept.open}\n"})
        kept.acknowledge(kept.open)


def saving(path: str, line: Line, kept: Kept, **more: Any) -> None:
    """Type into a text that is kept by revisions."""
    revision = line.good("GET", path)[0]["revision"]
    while True:
        kept.open = (revision + 1, f"text-{uuid4().hex} 注意力 " + "x" * 500)
        revision = line.good("PUT", path, {"text": kept.open[1], "revision": revision, **more})[0]["revision"]
        kept.acknowledge(kept.open)


def typing(line: Line, kept: Kept) -> None:
    saving(f"/api/exercises/{EXERCISE}/draft", line, kept)


def noting(line: Line, kept: Kept) -> None:
    saving(f"/api/notes/{NOTE}", line, kept, settled=True)


def reviewing(line: Line, kept: Kept) -> None:
    from wenjin.study.course.load import load

    cards = [f"{CARDS}/{card.id}" for card in load().topics[CARDS].cards]
    line.good("POST", "/review/cards", form={"topic": CARDS})
    while True:
        kept.open = uuid4().hex
        rating = {"card": random.choice(cards), "rating": random.randint(1, 4), "id": kept.open}
        line.good("POST", "/api/review", rating)
        kept.acknowledge(kept.open)


def running(line: Line, kept: Kept) -> None:
    """Follow the run that a kill interrupted, to its end; then begin another. What was seen of it stays seen."""
    form = {f"arg.{name}": value for name, value in ARGUMENTS.items()} | {"do": "skip"}
    address = "/topics/{}/labs/{}".format(*LAB.split("/"))
    while True:
        if kept.open is None:
            _, location = line.good("POST", address, form=form)
            kept.open = Watched(location.removeprefix("/runs/"))
            kept.acknowledged.append(kept.open.run)
        line.watch(kept)
        kept.open = None


HANDS: dict[str, Callable[[Line, Kept], None]] = {
    "answer": answering,
    "draft": typing,
    "note": noting,
    "review": reviewing,
    "run": running,
}
