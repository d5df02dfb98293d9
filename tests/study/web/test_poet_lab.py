"""The page of a run while it goes: its verdict beside the curve, its tables, and the way on to the lab that follows."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.study.web.conftest import Visit
from wenjin.kit.lab import Cause, Point, Table, as_row
from wenjin.study.course.graph import Course

LABS = "/topics/causal-language-modeling/labs"


@pytest.fixture
def restored(course: Course) -> Iterator[None]:
    """The topic is as before, whatever a test makes of it."""
    topic = course.topics["causal-language-modeling"]
    status = topic.status
    yield
    object.__setattr__(topic, "status", status)


def running(visit: Visit) -> tuple[Any, str]:
    """A run of the poet that a runner has taken, though none works here."""
    records = visit.client.app.state.site.runner.records  # type: ignore[attr-defined]
    run = visit.client.app.state.site.runner.submit("causal-language-modeling/poet", {})  # type: ignore[attr-defined]
    event = records.told("causal-language-modeling/poet", run, "started", code={"lab": "0", "library": "0"})
    assert records.jobs.take(run, records.me, instead_of="", dead=[], now=time.time(), event=event)
    return records, run


def write(records: Any, run: str, *frames: Any) -> None:
    writer = records.runs.writer(run)
    for frame in frames:
        writer.write(as_row(frame))
    writer.close()


def test_a_topic_without_a_lesson_leads_with_its_labs(visit: Visit, course: Course, restored: None) -> None:
    object.__setattr__(course.topics["causal-language-modeling"], "status", "labs")  # as it was before its lesson
    page = visit.client.get("/topics/causal-language-modeling", headers={"accept-language": "en"}).text
    assert "its labs can be run already" in page
    assert f'href="{LABS}/poet"' in page
    assert "This lesson is not written yet" not in page


def test_while_it_runs_its_verdict_stands_beside_the_curve_and_its_poems_below(visit: Visit) -> None:
    records, run = running(visit)
    page = visit.client.get(f"/runs/{run}", headers={"accept-language": "en"}).text
    assert "No sign of trouble" in page
    assert 'data-table="samples"' in page  # waits for its first row
    verse = Table("samples", ("step", "loss", "perplexity", "verse"), ((50, 5.1, 164.0, "白日依山尽<i>，"),))
    write(records, run, Point("loss", 1, {"training": 8.0}), verse)
    assert "白日依山尽&lt;i&gt;，" in visit.client.get(f"/runs/{run}").text
    write(records, run, Cause("loss-not-finite", {"step": 7}))
    page = visit.client.get(f"/runs/{run}", headers={"accept-language": "en"}).text
    assert "No sign of trouble" not in page
    assert 'data-signs="some"' in page
    assert "7" in page[page.index('id="run-signs"') :][:600]
    assert f'href="{LABS}/write"' not in page[page.index('id="run"') :]


def test_once_it_stopped_it_leads_to_the_lab_that_goes_on_from_it(visit: Visit) -> None:
    records, run = running(visit)
    records.jobs.end(
        run, records.me, records.told("causal-language-modeling/poet", run, "stopped", seconds=1, memory=1)
    )
    page = visit.client.get(f"/runs/{run}", headers={"accept-language": "en"}).text
    assert f'href="{LABS}/write"' in page[page.index('id="run"') :]


def test_without_a_poet_the_lab_that_writes_says_what_to_run_first(visit: Visit) -> None:
    form = {"csrf": visit.csrf, "do": "run", "arg.title": "月"}
    answer = visit.client.post(f"{LABS}/write", data=form, headers=visit.headers, follow_redirects=False)
    assert answer.status_code == 409
    assert "causal-language-modeling/poet" in answer.text
    assert 'value="月"' in answer.text


def test_what_cannot_go_on_is_told_on_a_page_to_a_form_and_as_json_to_a_script(visit: Visit) -> None:
    _, run = running(visit)
    address, form = f"/api/runs/{run}/resume", {"csrf": visit.csrf}
    page = visit.client.post(address, data=form, headers={**visit.headers, "accept": "text/html"})
    assert page.status_code == 409
    assert page.headers["content-type"].startswith("text/html")
    assert run[:8] in page.text
    script = visit.client.post(address, data=form, headers={**visit.headers, "accept": "application/json"})
    assert run[:8] in script.json()["error"]["en"]
