"""The machine's clock is set back, or far ahead, while a learner works: everything goes on, and nothing is lost."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.course.graph import Course

EXERCISE = "self-attention/write-attention"
WRONG = "def scaled_dot_product_attention(q, k, v, causal=False):\n    return v  # {mark}\n"
JUMPS = [timedelta(days=-365), timedelta(days=-1), timedelta(days=+150), timedelta(0)]  # a session lasts 180 days


class Clock:
    """What the program reads as the time of day: the machine's, and `shift`. Steady clocks stay as they are."""

    def __init__(self) -> None:
        self.shift, self._time = timedelta(0), time.time

    def time(self) -> float:
        return self._time() + self.shift.total_seconds()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp(made.time(), tz)

    monkeypatch.setattr(time, "time", made.time)
    for name, module in list(sys.modules.items()):
        if name.startswith("wenjin.") and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Shifted)
    return made


def work(visit: Visit, course: Course) -> dict[str, Any]:
    """Answer, type, note, review: what each was acknowledged as."""
    client, own, mark = visit.client, visit.headers, uuid4().hex
    card = f"self-attention/{course.topics['self-attention'].cards[0].id}"
    told: dict[str, Any] = {"answer": mark, "review": uuid4().hex, "draft": f"draft {mark}", "note": f"note {mark}"}
    judged = client.post(
        f"/api/exercises/{EXERCISE}/attempts", headers=own, json={"source": WRONG.format(mark=mark)}
    ).json()
    assert (judged["verdict"], judged["unkept"]) == ("wrong", None)
    draft, note = f"/api/exercises/{EXERCISE}/draft", "/api/notes/self-attention/lesson"
    for address, text, more in ((draft, told["draft"], {}), (note, told["note"], {"settled": True})):
        typed = {"text": text, "revision": client.get(address).json()["revision"], **more}
        assert client.put(address, headers=own, json=typed).status_code == 200
    rated = client.post("/api/review", headers=own, json={"card": card, "rating": 3, "id": told["review"]})
    assert rated.status_code == 200, rated.text
    return told


def run(visit: Visit) -> str:
    """Start a run of a lab; its id."""
    form = {"do": "skip", "arg.lengths": "64", "arg.width": "16", "arg.rounds": "1"}
    address = "/topics/self-attention/labs/cost-of-length"
    answer = visit.client.post(address, headers=visit.headers, data=form, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix("/runs/")


def test_work_goes_on_whatever_the_clock_says(visit: Visit, course: Course, clock: Clock) -> None:
    site = visit.client.app.state.site  # type: ignore[attr-defined]
    visit.client.post("/review/cards", headers=visit.headers, data={"topic": "self-attention"})
    site.runner.start()
    done, runs = [work(visit, course)], [run(visit)]  # the run is under way, or about to be, when the clock jumps
    for jump in JUMPS:
        clock.shift = jump
        done.append(work(visit, course))
        for page in ("/", "/topics/self-attention", "/review", "/notes", "/runs", f"/runs/{runs[0]}", "/map"):
            assert visit.client.get(page).status_code == 200, (page, jump)
    clock.shift = JUMPS[0]
    runs.append(run(visit))
    for id in runs:
        assert "event: end" in visit.client.get(f"/api/runs/{id}/frames").text
        assert site.runner.run(id).state == "finished"
        assert site.runner.run(id).seconds >= 0
    site.runner.close()
    attempts = [event.data["answer"] for event in site.log.events("attempt")]
    assert [answer for answer in attempts if "#" in answer] == [WRONG.format(mark=one["answer"]) for one in done]
    assert [event.id for event in site.log.events("review")] == [one["review"] for one in done]
    assert [event.data["text"] for event in site.log.events("note")][-1] == done[-1]["note"]
    assert visit.client.get(f"/api/exercises/{EXERCISE}/draft").json()["text"] == done[-1]["draft"]
    assert list(site.runner.runs()) == runs
