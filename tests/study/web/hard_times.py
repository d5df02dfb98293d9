"""A learner at work while the disk under the course fills up: run by test_hard_times.py.

    python hard_times.py FOLDER       on a small disk of its own

Prints one JSON object: what each kind of work was answered with before, during and after.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
import hands
import kill

folder = Path(sys.argv[1])
SOURCE = hands.SOLUTION.read_text("utf-8")
PAGES = ("/", "/map", "/topics/self-attention", "/topics/self-attention/exercises/write-attention", "/review", "/notes")
# Root of a namespace of its own has too few rights for the judge: the course is then an ordinary user's again.
INSIDE = [] if os.environ["OWNER"] == "0" else ["unshare", "--user", f"--map-user={os.environ['OWNER']}"]


def work(line: hands.Line, kept: dict[str, Any]) -> dict[str, list[Any]]:
    """Each kind of work once: [status, what was said]. What was acknowledged is noted in `kept`."""
    from wenjin.study.course.load import load

    card = f"self-attention/{load().topics['self-attention'].cards[0].id}"
    mark, review = f"answer-{uuid4().hex}", uuid4().hex
    told = {"answer": line.ask("POST", f"/api/exercises/{hands.EXERCISE}/attempts", {"source": f"{SOURCE}# {mark}\n"})}
    if told["answer"][1]["unkept"] is None:
        kept["answers"].append(mark)
    for name, path in (("draft", f"/api/exercises/{hands.EXERCISE}/draft"), ("note", f"/api/notes/{hands.NOTE}")):
        typed = {"text": f"{name} {mark} " + "字" * 3000, "revision": line.good("GET", path)[0]["revision"]}
        told[name] = line.ask("PUT", path, typed | ({"settled": True} if name == "note" else {}))
        if told[name][0] == 200:
            kept[name] = typed["text"]
    line.ask("POST", "/review/cards", form={"topic": "self-attention"})
    told["review"] = line.ask("POST", "/api/review", {"card": card, "rating": 3, "id": review})
    if told["review"][0] == 200:
        kept["reviews"].append(review)
    told["hint"] = line.ask("POST", f"/api/exercises/{hands.EXERCISE}/hints")
    return {
        name: [status, said if isinstance(said, dict) else said.decode()] for name, (status, said, _) in told.items()
    }


def run(line: hands.Line, kept: dict[str, Any], rounds: int) -> tuple[int, Any, str]:
    form = {"do": "skip", "arg.lengths": "64, 128", "arg.width": "16", "arg.rounds": str(rounds)}
    answer = line.ask("POST", "/topics/{}/labs/{}".format(*hands.LAB.split("/")), form=form)
    if answer[0] == 303:
        kept["runs"].append(answer[2].removeprefix("/runs/"))
    return answer


def states(line: hands.Line, kept: dict[str, Any]) -> dict[str, str]:
    """How each run stands, by the stream of its record."""
    found = {}
    for id in kept["runs"]:
        watched = hands.Kept(open=hands.Watched(id))
        line.watch(watched)
        found[id] = str(line.ask("GET", f"/api/runs/{id}/frames")[1].decode().rpartition('"state": "')[2].split('"')[0])
    return found


def fill() -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            return


kept: dict[str, Any] = {"answers": [], "reviews": [], "runs": []}
with kill.started(folder, INSIDE) as (process, line, _):
    before = work(line, kept)
    run(line, kept, rounds=30)  # at work while the disk fills up
    time.sleep(2.5)
    fill()
    during = work(line, kept) | {"run": [run(line, kept, rounds=1)[0], ""]}
    pages = {path: line.ask("GET", path)[0] for path in (*PAGES, f"/runs/{kept['runs'][-1]}", "/runs")}
    time.sleep(1.0)
    (folder / "ballast").unlink()
    after = work(line, kept)
    ended = states(line, kept)
    why = [line.ask("GET", f"/runs/{id}")[1].decode() for id, state in ended.items() if state == "failed"]
    for id in [id for id, state in ended.items() if state == "failed"]:
        line.good("POST", f"/api/runs/{id}/resume", form={})
    resumed = states(line, kept)
    kill.kill(process)
with kill.started(folder, INSIDE) as (process, line, _):
    shown = line.good("GET", f"/api/exercises/{hands.EXERCISE}/attempts")[0]["attempts"]
    again = {
        "answers": [mark for row in reversed(shown) for mark in kill.marks(row["answer"])],
        "draft": line.good("GET", f"/api/exercises/{hands.EXERCISE}/draft")[0]["text"],
        "note": line.good("GET", f"/api/notes/{hands.NOTE}")[0]["text"],
        "runs": [id for id in kept["runs"] if line.ask("GET", f"/runs/{id}")[0] == 200],
    }
    kill.kill(process)
print(json.dumps({"before": before, "during": during, "after": after, "pages": pages, "why": why,
                  "resumed": resumed, "kept": kept, "again": again}))  # fmt: skip
