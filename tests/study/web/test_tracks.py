"""The page of a track: following and leaving it, its path and hours, lateness said plainly, tasks with what is done."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.course.graph import Course
from wenjin.study.store.log import happened


def page(visit: Visit, path: str, lang: str = "en") -> str:
    visit.client.cookies.set("wenjin-lang", lang)
    answer = visit.client.get(path)
    assert answer.status_code == 200
    return answer.text


def post(visit: Visit, address: str, **form: str) -> Any:
    return visit.client.post(address, data={"csrf": visit.csrf, **form}, follow_redirects=False)


def log(visit: Visit) -> Any:
    return visit.client.app.state.site.log  # type: ignore[attr-defined]


def settings(visit: Visit) -> dict[str, Any]:
    return {event.subject: event.data["value"] for event in log(visit).events("setting")}


def said(text: str) -> str:
    """What the page says of the plan."""
    found = re.search(r'<p class="plan-said"[^>]*>(.*?)</p>', text, re.S)
    assert found
    return re.sub(r"<[^>]+>", "", found[1]).strip()


@pytest.mark.parametrize("track", ["principles-guide", "qmatter", "seven-stages", "sixteen-topics", "thirty-weeks"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_path_of_each_track_has_its_page(visit: Visit, course: Course, track: str, lang: str) -> None:
    assert ("今天开始的话" if lang == "zh" else "Begun today") in said(page(visit, f"/tracks/{track}", lang))
    for path in course.tracks[track].paths:
        assert post(visit, f"/tracks/{track}/choose", path=path.id).headers["location"] == f"/tracks/{track}#plan"
        text = page(visit, f"/tracks/{track}", lang)
        inside, _, outside = text.partition('<details class="outside"')
        units = re.findall(r'<li id="unit-([a-z0-9-]+)"', inside)
        assert units == list(path.units)
        assert set(units + re.findall(r'<li id="unit-([a-z0-9-]+)"', outside)) == {
            unit.id for unit in course.tracks[track].units
        }
        assert ("按计划走着" if lang == "zh" else "On time") in said(text)


def test_choosing_switching_and_leaving(visit: Visit) -> None:
    post(visit, "/tracks/qmatter/choose")
    post(visit, "/tracks/seven-stages/choose")
    assert settings(visit)["tracks"] == ["seven-stages", "qmatter"]
    text = page(visit, "/tracks/qmatter")
    assert "It comes after" in text
    assert "Put it first" in text
    assert len(re.findall(r'<span class="state">following</span>', page(visit, "/"))) == 2
    post(visit, "/tracks/qmatter/choose")
    assert settings(visit)["track"] == "qmatter"
    assert "It comes after" not in page(visit, "/tracks/qmatter")
    post(visit, "/tracks/qmatter/leave")
    assert settings(visit)["tracks"] == ["seven-stages"]
    assert "Begun today" in said(page(visit, "/tracks/qmatter"))


def test_hours_lay_the_plan_and_bad_ones_are_refused_in_a_sentence(visit: Visit) -> None:
    post(visit, "/tracks/thirty-weeks/choose")
    assert "You have not said how many hours" in page(visit, "/tracks/thirty-weeks")
    assert post(visit, "/tracks/thirty-weeks/hours", weekday="2,5", weekend="5").status_code == 303
    text = page(visit, "/tracks/thirty-weeks")
    assert settings(visit)["hours"] == {"weekday": 2.5, "weekend": 5.0}
    assert "You have not said how many hours" not in text
    weeks = re.findall(r"Week (\d+), ([\d.]+) of ([\d.]+) h", text)
    assert 30 <= len(weeks) <= 31
    assert all(float(taken) <= float(hours) <= 17.5 for _, taken, hours in weeks)
    assert "One capstone of:" in text
    for weekday, weekend in (("", ""), ("many", "5"), ("0", "0"), ("25", "5"), ("-1", "9"), ("nan", "1")):
        refused = post(visit, "/tracks/thirty-weeks/hours", weekday=weekday, weekend=weekend)
        assert refused.status_code == 422
        assert "No plan fits into these hours" in refused.text
    assert settings(visit)["hours"] == {"weekday": 2.5, "weekend": 5.0}


def test_whatever_stands_for_the_point_stands_for_it_in_both_fields(visit: Visit) -> None:
    for weekday, weekend in (("2，5", "4，5"), ("2,5", "4.5"), ("2．5", "4。5"), (" ２.5 ", "4,5")):
        assert post(visit, "/tracks/qmatter/hours", weekday=weekday, weekend=weekend).status_code == 303
        assert settings(visit)["hours"] == {"weekday": 2.5, "weekend": 4.5}


def test_hours_are_shared_between_tracks(visit: Visit) -> None:
    post(visit, "/tracks/qmatter/choose")
    assert 'name="share"' not in page(visit, "/tracks/qmatter"), "one track has all hours"
    post(visit, "/tracks/seven-stages/choose")
    assert "It comes after" in page(visit, "/tracks/qmatter")
    assert post(visit, "/tracks/qmatter/share", share="25%").status_code == 303
    assert settings(visit)["shares"] == {"qmatter": 25}
    text = page(visit, "/tracks/qmatter")
    assert "It comes after" not in text
    assert "“Learn by questions: an introduction to large models” 25%" in text
    first = re.findall(r"Week (\d+), ([\d.]+)(?: h here, [\d.]+)? of ([\d.]+) h", text)[1]
    assert float(first[1]) / float(first[2]) == pytest.approx(0.25, abs=0.02)
    for share in ("101", "-1", "half", "²", "9" * 20, "1.5"):
        refused = post(visit, "/tracks/qmatter/share", share=share)
        assert refused.status_code == 422
        assert "whole number from 0 to 100" in refused.text
    assert post(visit, "/tracks/seven-stages/share", share="76").status_code == 422
    assert post(visit, "/tracks/thirty-weeks/share", share="5").status_code == 404
    assert settings(visit)["shares"] == {"qmatter": 25}
    assert post(visit, "/tracks/qmatter/share", share="").status_code == 303
    assert settings(visit)["shares"] == {}


def test_lateness_is_said_with_what_would_help(visit: Visit) -> None:
    post(visit, "/tracks/qmatter/choose")
    post(visit, "/tracks/qmatter/hours", weekday="2", weekend="4")
    told = settings(visit)
    for key in ("begun", "promised"):
        day = (datetime.fromisoformat(told[key]["qmatter"]) - timedelta(days=14)).date().isoformat()
        log(visit).append(happened("setting", key, {"key": key, "value": {"qmatter": day}}))
    text = page(visit, "/tracks/qmatter")
    assert said(text).startswith("14 days late: it was to end on ")
    assert re.search(r"With [\d.]+ hours a week from now on it still ends as planned", text)
    assert "迟了 14 天" in said(page(visit, "/tracks/qmatter", "zh"))
    post(visit, "/tracks/qmatter/from-today")
    assert "On time" in said(page(visit, "/tracks/qmatter"))


def test_tasks_say_what_is_done(visit: Visit, course: Course) -> None:
    unit = course.tracks["qmatter"].units[0]
    exercise = next(e for e in course.topics["python-core"].exercises if e.written)
    assert exercise.id in unit.tasks[0].does
    log(visit).append(happened("attempt", exercise.id, {"verdict": "pass"}, datetime.now(UTC)))
    text = page(visit, "/tracks/qmatter")
    link = f'href="/topics/python-core/exercises/{exercise.name}"'
    assert re.search(link + r'>[^<]+</a> <span class="state" data-state="passed">', text)
    assert 'href="/checkpoint/qmatter/python-basics"' in text
    assert post(visit, "/projects/parallel-log-analyzer", what="done", then="/tracks/qmatter").status_code == 303
    done = page(visit, "/tracks/qmatter")
    assert "Not done after all" in done
    assert "Project: Parallel log analyzer" not in re.sub(r"<[^>]+>|\s+", " ", done.partition('id="units-title"')[0])
    post(visit, "/projects/parallel-log-analyzer", what="open", then="/tracks/qmatter")
    assert "Not done after all" not in page(visit, "/tracks/qmatter")


def test_a_prerequisite_is_offered_in_time(visit: Visit) -> None:
    text = page(visit, "/tracks/qmatter")
    unit = text.partition('id="unit-pytorch"')[2].partition("<li id=")[0]
    assert "Made up in time" in unit
    assert 'href="/topics/linear-algebra"' in unit


def test_keeping_up_can_be_confirmed(visit: Visit, course: Course) -> None:
    post(visit, "/tracks/principles-guide/choose", path="keep-up")
    assert "I have seen it as it stands" in page(visit, "/tracks/principles-guide")
    assert post(visit, "/tracks/principles-guide/seen").status_code == 303
    assert set(settings(visit)["seen"]) == set(course.tracks["principles-guide"].topics)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/tracks/none/choose", {}, 404),
        ("/tracks/none/leave", {}, 404),
        ("/tracks/qmatter/path", {"path": "none"}, 404),
        ("/tracks/qmatter/choose", {"path": "none"}, 404),
        ("/settings", {"color": "blue"}, 422),
        ("/settings", {"theme": "pink", "lang": "zh"}, 422),
        ("/projects/none", {"what": "done"}, 404),
        ("/projects/rlhf-pipeline", {"what": "perhaps"}, 422),
    ],
)
def test_what_is_not_there_is_refused(visit: Visit, path: str, form: dict[str, str], status: int) -> None:
    assert post(visit, path, **form).status_code == status
    assert visit.client.post(path, data=form).status_code == 403, "and so is who did not come from the page"


def test_a_track_on_the_map_lights_exactly_its_topics(visit: Visit, course: Course) -> None:
    for track in course.tracks.values():
        text = page(visit, f"/map?track={track.id}")
        lit = re.findall(r'class="map-node on-track" href="/topics/([a-z0-9-]+)"', text)
        assert sorted(lit) == sorted(set(track.topics))
        every = re.findall(r'class="map-node[^"]*" href="/topics/([a-z0-9-]+)"', text)
        assert sorted(every) == sorted(course.topics)
    assert "on-track" not in page(visit, "/map")
    assert "on-track" not in page(visit, "/map?track=none")
