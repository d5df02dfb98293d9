"""A paper in the pages, as a form: begin, answer, hand in, rate, print; and whose connection makes the clock run."""

import asyncio
import re
import threading
import time
import tomllib
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.study.web.conftest import Visit
from wenjin.study.course.graph import Course
from wenjin.study.judge.client import Judge
from wenjin.study.judge.sitting import Room
from wenjin.study.progress.paper import Sitting
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places
from wenjin.study.web import presence

OF = "sixteen-topics/python"


def begin(visit: Visit, of: str = OF, seed: int = 1) -> str:
    """A sitting; its address."""
    sent = {"csrf": visit.csrf, "seed": str(seed)}
    answer = visit.client.post(
        f"/checkpoint/{of}", data=sent, headers={"origin": str(visit.client.base_url)}, follow_redirects=False
    )
    assert answer.status_code == 303
    return str(answer.headers["location"])


def send(client: TestClient, visit: Visit, path: str, **form: str) -> Any:
    return client.post(path, data={"csrf": visit.csrf, **form}, headers={"origin": str(client.base_url)})


def flat(prefix: str, value: Any) -> dict[str, str]:
    if isinstance(value, list):
        return {k: v for n, one in enumerate(value) for k, v in flat(f"{prefix}.{n}", one).items()}
    return {prefix: str(value)}


def filled(course: Course, judge: Judge, item: str, variant: int) -> dict[str, str]:
    """The fields of the form that hold the reference answer."""
    text = judge.solution(item, variant)
    if course.exercises[item].code:
        return {"source": text}
    answer, form = tomllib.loads(text)["answer"], judge.problem(item, variant)["form"]
    if form == "numeric":
        return {k: v for name, value in answer.items() for k, v in flat(f"field.{name}", value).items()}
    if form == "order":
        return {f"place.{key}": str(n) for n, key in enumerate(answer["order"], 1)}
    return {f"step.{key}": value for key, value in answer.items()}


def drawn(course: Course, seed: int = 1) -> list[tuple[str, int]]:
    from wenjin.study.progress.paper import paper, scopes

    return [(item.id, item.variant) for item in paper(course, scopes(course)[OF], seed).items]


def test_the_list_shows_the_followed_track_and_all_of_them_to_who_follows_none(visit: Visit) -> None:
    everything = visit.client.get("/checkpoint?lang=en").text
    assert "/checkpoint/qmatter/transformer" in everything
    assert "/checkpoint/thirty-weeks/stage-1" in everything
    page = visit.client.get("/checkpoint/thirty-weeks/stage-2?lang=en").text
    assert "with a project" in page
    assert "not written, not tested" in page
    assert visit.client.get("/checkpoint/thirty-weeks/none").status_code == 404
    assert 'name="seed"' not in visit.client.get("/checkpoint/thirty-weeks/weeks-29-30").text


def test_a_unit_that_was_sat_stays_in_the_list_when_its_track_is_left(visit: Visit) -> None:
    begin(visit)
    log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    log.append(happened("setting", "tracks", {"key": "tracks", "value": ["qmatter"]}))
    listed = visit.client.get("/checkpoint").text
    assert f'href="/checkpoint/{OF}"' in listed
    assert "/checkpoint/thirty-weeks/" not in listed


def test_a_paper_of_reference_answers_is_right_in_all(visit: Visit, course: Course, judge: Judge) -> None:
    address = begin(visit)
    for n, (item, variant) in enumerate(drawn(course), 1):
        page = visit.client.get(f"{address}?n={n}&lang=en").text
        assert str(course.exercises[item].title.en) in page  # type: ignore[union-attr]
        told = send(visit.client, visit, address, n=str(n), do="keep", **filled(course, judge, item, variant))
        assert told.status_code == 200
    assert visit.client.get(f"{address}/report", follow_redirects=False).status_code == 303, "not before the end"
    assert visit.client.get(f"{address}/certificate", follow_redirects=False).status_code == 303
    report = send(visit.client, visit, address, n="1", do="end").text
    assert re.search(r"(4 of 4 right|对 4 / 4 题)", report)
    certificate = visit.client.get(f"{address}/certificate?name=<b>Li&lang=en").text
    assert "&lt;b&gt;Li" in certificate
    assert "4 of 4 right" in certificate
    id = address.rpartition("/")[2]
    digits = re.search(rf"verify {id} ([0-9a-f]{{16}})", certificate)
    assert digits
    assert visit.client.get(f"{address}", follow_redirects=False).headers["location"].endswith("/report")


def test_planted_errors_stand_in_the_report_with_their_sections(visit: Visit, course: Course, judge: Judge) -> None:
    address = begin(visit)
    for n, (item, variant) in enumerate(drawn(course), 1):
        form = filled(course, judge, item, variant)
        if item.startswith("decision-trees"):
            form = {key: "0.125" if key.startswith("field.") else value for key, value in form.items()}
        if item.endswith("why-average"):
            continue
        send(visit.client, visit, address, n=str(n), do="keep", **form)
    send(visit.client, visit, address, n="1", do="end")
    page = visit.client.get(f"{address}/report?lang=en").text
    again = page.partition('id="again"')[2].partition("</section>")[0]
    assert "/topics/decision-trees-and-forests" in again
    assert "/topics/python-core" not in again
    assert "left open" in page
    assert "not written" in page.lower()


def test_what_is_typed_comes_back_and_is_judged_when_it_is_handed_in(visit: Visit, course: Course) -> None:
    address = begin(visit)
    n = next(n for n, (item, _) in enumerate(drawn(course), 1) if course.exercises[item].code)
    assert send(visit.client, visit, address, n=str(n), do="draft", source="x = '<&'\n").status_code == 204
    page = visit.client.get(f"{address}?n={n}&lang=en").text
    assert "x = &#39;&lt;&amp;&#39;" in page
    assert "✓" not in page.partition("paper-pages")[2].partition("</nav>")[0]
    cards = visit.client.get(f"{address}?n=99&lang=en").text
    name = re.search(r'name="(card\.[^"]+)"', cards)
    assert name
    send(visit.client, visit, address, n="5", do="keep", **{name[1]: "I recall\nthis"})
    send(visit.client, visit, address, n="1", do="end")
    report = visit.client.get(f"{address}/report?lang=en").text
    assert "I recall\nthis" in report
    assert "0 of 4 right" in report
    assert report.count("left open") == 3, "the program was typed, so it was judged"
    after = send(visit.client, visit, f"{address}/report", card=name[1].removeprefix("card."), rating="3")
    assert 'value="3" aria-pressed="true"' in after.text


def test_what_was_typed_and_not_kept_is_handed_in_with_the_page_that_is_open(
    visit: Visit, course: Course, judge: Judge
) -> None:
    address = begin(visit)
    questions = drawn(course)
    for n, (item, variant) in enumerate(questions[:3], 1):
        sent = send(visit.client, visit, address, n=str(n), do="draft", **filled(course, judge, item, variant))
        assert sent.status_code == 204
    page = visit.client.get(f"{address}?n=4&lang=en").text
    assert re.search(r'<button[^>]* form="answer" name="do" value="end"', page), "the fields of the page go along"
    report = send(visit.client, visit, address, n="4", do="end", **filled(course, judge, *questions[3])).text
    assert re.search(r"(4 of 4 right|对 4 / 4 题)", report)


def test_fields_that_nobody_touched_are_no_answer(visit: Visit, course: Course) -> None:
    address = begin(visit)
    for n in range(1, 5):
        page = visit.client.get(f"{address}?n={n}&lang=en").text.partition('id="answer"')[2].partition("</form>")[0]
        shown = dict(re.findall(r'<input [^>]*name="((?:field|place)[^"]+)"[^>]* value="([^"]*)"', page))
        if "<textarea" in page:
            item, _ = drawn(course)[n - 1]
            shown["source"] = course.exercises[item].starter
        send(visit.client, visit, address, n=str(n), do="draft", **shown)
    send(visit.client, visit, address, n="1", do="end")
    assert visit.client.get(f"{address}/report?lang=en").text.count("left open") == 4


def test_nothing_tells_what_was_right_before_the_end_and_then_it_counts_once(visit: Visit, course: Course) -> None:
    address = begin(visit)
    n, item = next((n, i) for n, (i, _) in enumerate(drawn(course), 1) if course.exercises[i].kind == "numeric")
    fields = re.findall(r'name="(field[^"]+)"', visit.client.get(f"{address}?n={n}").text)
    send(visit.client, visit, address, n=str(n), do="keep", **dict.fromkeys(fields, "77"))
    mastery = f"/topics/{item.partition('/')[0]}/mastery?lang=en"
    link = f"/topics/{item.replace('/', '/exercises/', 1)}"
    assert link not in visit.client.get(mastery).text
    send(visit.client, visit, address, n="1", do="end")
    assert visit.client.get(mastery).text.count(f'href="{link}"') == 1


def test_one_paper_of_a_unit_is_open_and_can_be_given_up_and_taken_up_again(visit: Visit) -> None:
    address = begin(visit)
    assert [begin(visit, seed=seed) for seed in (1, 2)] == [address, address]
    unit = f"/checkpoint/{OF}?lang=en"
    assert 'name="seed"' not in visit.client.get(unit).text
    dropped = send(visit.client, visit, address, do="drop")
    assert dropped.url.path == f"/checkpoint/{OF}"
    assert address not in visit.client.get("/checkpoint?lang=en").text
    assert 'name="seed"' in visit.client.get(unit).text
    for way in (address, f"{address}/report", f"{address}/certificate"):
        assert visit.client.get(way).url.path == f"/checkpoint/{OF}"
    assert visit.client.get(f"/api{address}/open").status_code == 404
    assert send(visit.client, visit, address, n="1", do="keep", source="x").url.path == f"/checkpoint/{OF}"
    assert send(visit.client, visit, address, do="again").url.path == address
    send(visit.client, visit, address, do="drop")
    other = begin(visit, seed=2)
    assert other != address
    assert send(visit.client, visit, address, do="again").url.path == f"/checkpoint/{OF}", "another one is open"
    assert visit.client.get("/checkpoint?lang=en").text.count('href="/papers/') == 1


def test_numbers_that_are_none_are_said_and_break_nothing(visit: Visit) -> None:
    for seed in ("-5", "xxx", "²", "9" * 23, "9" * 5000):
        told = send(visit.client, visit, f"/checkpoint/{OF}", seed=seed)
        assert (told.status_code, 'role="alert"' in told.text) == (422, True)
        assert "999999999" in told.text
    assert "/papers/" not in visit.client.get("/checkpoint").text, "nothing was begun"
    address = begin(visit, seed=7)
    for n in ("²", "9" * 5000, "-1", "", "x"):
        assert send(visit.client, visit, address, n=n, do="draft").status_code == 204


def test_an_answer_from_a_page_that_never_held_the_clock_counts_its_time(visit: Visit, course: Course) -> None:
    address = begin(visit)
    visit.client.get(address)
    time.sleep(2.2)
    send(visit.client, visit, address, n="1", do="draft", source="x")
    page = visit.client.get(f"{address}?lang=en").text
    left = re.search(r'id="left"[^>]*>(\d+):(\d+)<', page)
    assert left
    assert 1 <= 29 * 60 - (60 * int(left[1]) + int(left[2])) <= 10


def test_only_a_passed_paper_has_a_certificate(visit: Visit, course: Course, judge: Judge) -> None:
    for right, title in ((2, "Checkpoint record"), (3, "Checkpoint certificate")):
        address = begin(visit)
        for n, (item, variant) in enumerate(drawn(course)[:right], 1):
            send(visit.client, visit, address, n=str(n), do="draft", **filled(course, judge, item, variant))
        send(visit.client, visit, address, n="1", do="end")
        page = visit.client.get(f"{address}/certificate?lang=en").text
        assert (f"{right} of 4 right" in page, f"<h1>{title}</h1>" in page) == (True, True)
        assert "3 right" in page, "from how many on it is passed"
        assert ("not passed" in visit.client.get(f"{address}/report?lang=en").text) == (right == 2)
        link = "Certificate, to print" if right == 3 else "Record, to print"
        assert link in visit.client.get(f"{address}/report?lang=en").text


def test_an_incomplete_answer_is_said_at_once_and_no_verdict_is(visit: Visit, course: Course) -> None:
    address = begin(visit)
    n = next(n for n, (item, _) in enumerate(drawn(course), 1) if course.exercises[item].kind == "numeric")
    told = send(visit.client, visit, address, n=str(n), do="keep")
    assert 'role="alert"' in told.text
    assert "✗" not in told.text


def test_bad_addresses_are_refused_with_a_page(visit: Visit) -> None:
    for path in ("/papers/none", "/papers/none/report", "/api/papers/none/open", "/papers/none/certificate"):
        assert visit.client.get(path).status_code == 404
    assert visit.client.get("/papers/none?n=x").status_code == 422
    assert send(visit.client, visit, "/papers/none", do="end").status_code == 404
    address = begin(visit)
    assert visit.client.get(f"{address}?n=-5").status_code == 200
    assert visit.client.get(f"{address}?n=500").status_code == 200


@pytest.mark.parametrize("told", [presence.events, presence.picture])
def test_the_clock_runs_while_a_page_receives_and_stands_when_it_is_gone(
    visit: Visit, course: Course, judge: Judge, tmp_path: Any, told: Any
) -> None:
    here = Places(**{**{name: getattr(visit.places, name) for name in visit.places.__slots__}})
    log = open_log(here, role="command")
    room = Room(log, course, lambda: judge)
    sat = room.get(room.begin(room.scopes()[OF], 1))
    assert sat is not None

    async def listen(seconds: float) -> int:
        stream, received = told(room, sat, threading.Event()), 0

        async def receive() -> None:
            nonlocal received
            async for _ in stream:
                received += 1

        task = asyncio.create_task(receive())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.2)
        return received

    def spent(sat: Sitting) -> float:
        found = room.get(sat.id)
        assert found is not None
        return found.spent

    assert asyncio.run(listen(1.2)) >= 3
    first = spent(sat)
    assert 0.9 < first < 1.6
    time.sleep(1.0)
    assert spent(sat) == first
    assert asyncio.run(listen(0.05)) <= 2
    assert spent(sat) < first + 0.6
    log.close()
