"""The pages of labs over HTTP, as a reader without scripts uses them, and the stream that scripts follow."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from tests.study.web.conftest import BASE, Visit
from tests.study.web.growing import LAB, growing
from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web import runs
from wenjin.study.web.app import create_app
from wenjin.study.web.security import make_secret

PREDICTED = {"predict.after": "thousands", "predict.shape": "bent"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return load(growing(tmp_path_factory.mktemp("growing") / "course"))


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory, course: Course, judge: Judge) -> Iterator[Visit]:
    """One application for the module; its runner works, as it does under a server."""
    folder = tmp_path_factory.mktemp("labs")
    where = places(folder / "data", folder / "workspace", environ={})
    log = open_log(where, role="server")
    secret = make_secret(where.secret)
    app = create_app(course, log, judge, where, secret=secret, version="0")
    client = TestClient(app, base_url=BASE, headers={"accept-language": "en"})
    app.state.site.runner.start()
    try:
        yield Visit(client, where, secret)
    finally:
        app.state.site.runner.close()
        client.close()
        log.close()


def send(visit: Visit, path: str, **form: str) -> Any:
    return visit.client.post(path, data=form | {"csrf": visit.csrf}, headers=visit.headers, follow_redirects=False)


def begin(visit: Visit, **form: str) -> str:
    """Start a run; its id."""
    answer = send(visit, LAB, **({"do": "skip"} | form))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removeprefix("/runs/")


def ended(visit: Visit, run: str, state: str = "finished") -> str:
    """The page of a run once it stands so."""
    until = time.monotonic() + 20
    while f'data-state="{state}"' not in (page := visit.client.get(f"/runs/{run}").text):
        assert time.monotonic() < until, f"the run did not become {state}"
        time.sleep(0.1)
    return page


@pytest.fixture(scope="module")
def first(visit: Visit) -> str:
    """A run with the default arguments and a prediction, over."""
    run = begin(visit, **PREDICTED, do="run")
    ended(visit, run)
    return run


@pytest.fixture(scope="module")
def second(visit: Visit, first: str) -> str:
    """One that is not normal: other arguments, substitute data."""
    run = begin(visit, **{"arg.rate": "3.5", "arg.substitute": "true"})
    ended(visit, run)
    return run


def read(visit: Visit, run: str, after: str = "", last: str = "") -> list[tuple[str, str, Any]]:
    """(event, id, data) of each event of the stream, to its end."""
    headers = {"last-event-id": last} if last else {}
    text = visit.client.get(f"/api/runs/{run}/frames{after}", headers=headers).text
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            events.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return events


def test_the_form_is_made_of_the_signature(visit: Visit) -> None:
    page = visit.client.get(LAB, params={"steps": "40"}).text
    assert re.search(r'name="arg.steps" value="40" data-default="12"', page)
    assert re.search(r'data-low="2" data-high="2000" data-log', page)
    assert re.search(r'<option value="times" selected>multiply</option>', page)
    assert re.search(r'name="arg.starts" value="1, 3"', page)
    assert page.index("predict.after") < page.index("arg.steps"), "the prediction comes first"
    assert "numbers (counted)" in page, "the data is named"
    chinese = visit.client.get(LAB, headers={"accept-language": "zh"}).text
    assert "一些数（数出来的）" in chinese
    assert "counted" not in chinese
    assert visit.client.get("/topics/doubling/labs/nothing").status_code == 404


def test_each_thing_that_is_wrong_is_said_by_its_name(visit: Visit) -> None:
    answer = send(visit, LAB, do="skip", **{"arg.rate": "9", "arg.steps": "many", "arg.starts": "1, 3"})
    assert answer.status_code == 422
    assert "rate must lie in 0.5 to 4; it is 9." in answer.text
    assert "steps must be a whole number" in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'href="#arg-rate"' in answer.text
    assert 'value="many"' in answer.text, "what was typed stands there still"
    assert "tempo" in visit.client.get(LAB, params={"tempo": "3"}).text, "so is a name that is no parameter"
    assert not visit.client.get("/runs").text.count("book-row"), "nothing was run"


def test_a_prediction_comes_first_unless_it_is_skipped(visit: Visit) -> None:
    answer = send(visit, LAB, do="run", **{"predict.after": "tens"})
    assert answer.status_code == 422
    assert re.search(r'value="tens" checked', answer.text)
    assert answer.text.count("Nothing is chosen yet") == 1
    assert send(visit, LAB, do="run", **{"predict.after": "tens", "predict.shape": "round"}).status_code == 422


def test_prediction_and_result_stand_side_by_side(visit: Visit, first: str) -> None:
    page = visit.client.get(f"/runs/{first}").text
    assert "A normal run" in page
    assert "as predicted" in page
    assert "not as predicted" in page
    assert "each step doubles holds" in page
    assert "2.000 times" in page
    assert "1.990 – 2.010" in page
    assert '<svg class="strip"' in page
    assert "inside" in page


def test_what_is_wrong_with_a_run_comes_with_its_cause_and_a_remedy(visit: Visit, second: str) -> None:
    page = visit.client.get(f"/runs/{second}").text
    assert "The rate is 3.5: too fast." in page
    assert "Bring the rate below 3." in page
    assert "substitute data, counted by hand" in page
    assert "does not hold" in page


def test_a_finished_run_reads_without_scripts(visit: Visit, first: str) -> None:
    page = visit.client.get(f"/runs/{first}").text
    assert page.count('<svg class="plot-area" role="img"') == 2
    assert len(re.findall(r"<tr><th scope=\"row\">\d+</th>", page)) >= 24, "a table beside each chart"
    assert "http-equiv" not in page
    assert "<td>4096</td>" in page, "the table that the lab measured"
    assert 'alt="a dot"' in page
    assert not re.search(r"<[^>]*\sstyle\s*=", page)


def test_a_run_that_lasts_is_followed_without_scripts_too(visit: Visit, first: str) -> None:
    run = begin(visit, **{"arg.steps": "400", "arg.pause": "0.2"})
    page = ended(visit, run, "running")
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    waiting = begin(visit)
    assert "1 ahead of it" in ended(visit, waiting, "queued")
    stopped = send(visit, f"/api/runs/{run}/stop")
    assert (stopped.status_code, stopped.headers["location"]) == (303, f"/runs/{run}")
    assert "Resume" in ended(visit, run, "stopped")
    ended(visit, waiting)
    assert send(visit, f"/api/runs/{run}/stop").status_code == 409, "it is over"
    assert send(visit, f"/api/runs/{run}/resume").status_code == 303
    ended(visit, run, "running")
    send(visit, f"/api/runs/{run}/stop")
    ended(visit, run, "stopped")


def test_the_stream_is_the_record(visit: Visit) -> None:
    run = begin(visit, **{"arg.pause": "0.05"})
    events = read(visit, run)  # from before the first frame to the end
    rows = [row for name, _, data in events if name == "frames" for row in data]
    record = visit.places.data / "runs" / run / "frames.jsonl"
    assert rows == [json.loads(line) for line in record.read_text().splitlines()]
    assert sum(row["frame"] == "point" for row in rows) == 24
    assert events[-1][0] == "end"
    assert events[-1][2] == {"state": "finished"}
    assert any(name == "state" and data["state"] == "running" for name, _, data in events)


def test_a_stream_that_broke_goes_on_where_it_was(visit: Visit) -> None:
    run = begin(visit, **{"arg.pause": "0.05"})
    batches = [(id, data) for name, id, data in read(visit, run) if name == "frames"]
    assert len(batches) > 1
    missed = [row for _, data in batches[1:] for row in data]
    for again in (read(visit, run, last=batches[0][0]), read(visit, run, after=f"?after={batches[0][0]}")):
        assert [row for name, _, data in again if name == "frames" for row in data] == missed
    assert read(visit, run, last=batches[-1][0])[-1][0] == "end"
    assert visit.client.get("/api/runs/none/frames").status_code == 404


def test_two_runs_stand_side_by_side(visit: Visit, first: str, second: str) -> None:
    page = visit.client.get("/runs/compare", params={"a": first, "b": second}).text
    differing = page.partition("Arguments that differ")[2].partition("<details>")[0]
    assert re.search(r">rate</th><td>2</td><td>3.5</td>", differing)
    assert "steps" not in differing
    assert re.search(r"<td>2.000 times</td><td>3.500 times</td><td>\+1.5</td>", page)
    assert page.count("mark-other") > 12, "the second run's marks are hollow"
    assert visit.client.get("/runs/compare", params={"a": first, "b": first}).status_code == 422
    assert visit.client.get("/runs/compare").status_code == 422


def test_several_runs_stand_side_by_side(
    visit: Visit, first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = begin(visit, **{"arg.rate": "3.5"})
    ended(visit, third)
    page = visit.client.get("/runs/compare", params={"run": [third, second, first]}).text.partition("<main")[2]
    assert page.index(first) < page.index(second) < page.index(third), "by age, however they were chosen"
    differing = page.partition("Arguments that differ")[2].partition("<details>")[0]
    assert re.search(r">rate</th><td>2</td><td><mark>3.5</mark></td><td><mark>3.5</mark></td>", differing)
    assert "steps" not in differing
    assert re.search(r"<td>2.000 times</td><td>3.500 times <small class=\"label\">\+1.5</small></td>", page)
    drawn = [json.loads(told) for told in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert drawn
    for chart in drawn:
        assert [curve["label"] for curve in chart["curves"]] == ["A", "B", "C"]
        assert len({curve["tone"] for curve in chart["curves"]}) == 3
    assert visit.client.get("/runs/compare", params={"run": [first]}).status_code == 422
    monkeypatch.setattr(runs, "TOGETHER", 2)
    many = visit.client.get("/runs/compare", params={"run": [first, second, third]})
    assert many.status_code == 422
    assert "At most 2" in many.text


def test_the_book_is_filtered_by_lab_arguments_verdict_date_and_remark(visit: Visit, first: str, second: str) -> None:
    assert send(visit, f"/api/runs/{first}/remark", text="as the lesson says").status_code == 303
    assert "as the lesson says" in visit.client.get(f"/runs/{first}").text

    def found(**asked: str) -> set[str]:
        page = visit.client.get("/runs", params=asked).text
        return set(re.findall(r'class="book-what"><a href="/runs/(\w+)"', page))

    assert {first, second} <= found()
    assert found(q="lesson") == {first}
    assert second in found(q="rate=3.5")
    assert first not in found(q="rate=3.5")
    assert second in found(ending="odd")
    assert first not in found(ending="odd")
    assert found(lab="doubling/other") == set()
    assert found(since="2999-01-01") == set()
    assert first in found(since="nonsense")


def test_a_form_sent_twice_is_one_run_and_a_changed_one_another(visit: Visit) -> None:
    found = re.search(r'name="run" value="([0-9a-f]{32})"', visit.client.get(LAB).text)
    assert found
    drawn = {"run": found[1], "arg.pause": "0.05"}
    asked = [begin(visit, **drawn), begin(visit, **drawn)]
    assert asked == [found[1]] * 2
    other = begin(visit, **drawn | {"arg.pause": "0.04"})
    assert other != found[1], "other arguments are another run"
    for run in (found[1], other):
        ended(visit, run)
    assert begin(visit, **drawn) not in (found[1], other), "the one before is over: it was meant again"
    assert begin(visit, **drawn | {"run": "../../etc"}) != found[1]


def test_the_same_again(visit: Visit, second: str) -> None:
    answer = send(visit, f"/runs/{second}/again")
    page = ended(visit, str(answer.headers["location"]).removeprefix("/runs/"))
    assert "The rate is 3.5: too fast." in page
    assert re.search(rf'href="{LAB}\?[^"]*rate=3.5', page), "and the form with these arguments"


def test_a_run_that_failed_says_why_and_what_it_printed(visit: Visit) -> None:
    why = {"zh": "内存不够。", "en": "The memory ran out."}
    failed = told(visit, "doubling/growth", steps=12, what="failed", why=why, output="MemoryError <here>")
    page = visit.client.get(f"/runs/{failed}").text
    assert "The memory ran out." in page
    assert "MemoryError &lt;here&gt;" in page
    assert "Resume" in page


def test_the_record_outlives_its_lab(visit: Visit) -> None:
    gone = told(visit, "doubling/gone", tempo=3, what="stopped")
    page = visit.client.get(f"/runs/{gone}").text
    assert "This lab is no longer in the course" in page
    assert "<dt>tempo</dt>" in page
    assert gone in visit.client.get("/runs").text
    other = told(visit, "doubling/growth", tempo=3, what="stopped")
    answer = send(visit, f"/runs/{other}/again")
    assert answer.headers["location"] == f"{LAB}?tempo=3", "the form says what it does not take any more"


def told(visit: Visit, lab: str, what: str, why: Any = None, output: str = "", **arguments: int) -> str:
    """A run as an earlier version of the course may have recorded it; its id."""
    log, run = visit.client.app.state.site.log, uuid4().hex  # type: ignore[attr-defined]
    log.append(happened("run", lab, {"run": run, "what": "queued", "arguments": arguments, "prediction": {}}))
    over = {"seconds": 1.0, "memory": 0, "frames": [], "why": why, "output": output}
    log.append(happened("run", lab, {"run": run, "what": what, **over}))
    return run


def test_a_stranger_starts_and_stops_nothing(visit: Visit, first: str) -> None:
    stranger = visit.stranger()
    assert stranger.post(LAB, data={"do": "skip"}).status_code == 401
    for what in ("stop", "resume", "remark"):
        path = f"/api/runs/{first}/{what}"
        assert stranger.post(path).status_code == 401
        assert visit.client.post(path).status_code == 403, "no token against forgery"
