"""Placement, gates and the page of the evidence, by forms."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.study.web.conftest import Visit
from wenjin.study.store.log import Log, happened

GATE = "/topics/probability-and-bayes/gate"


def page(visit: Visit, address: str, lang: str = "en") -> str:
    answer = visit.client.get(address, headers={"accept-language": lang})
    assert answer.status_code == 200
    return answer.text


def send(visit: Visit, address: str, **form: Any) -> Any:
    return visit.client.post(address, data={"csrf": visit.csrf, **form}, follow_redirects=False)


def item(text: str) -> str:
    found = re.search(r'name="item" value="([^"]+)"', text)
    assert found
    return found[1]


def log(visit: Visit) -> Log:
    kept: Log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    return kept


def solved(visit: Visit) -> dict[str, str]:
    """The form of the right answer to the open question of the gate."""
    site = visit.client.app.state.site  # type: ignore[attr-defined]
    from wenjin.study.judge.proving import Proving

    room = Proving(site.log, site.course, lambda: site.judge)
    topic = site.course.topics["probability-and-bayes"]
    sat = room.gate(topic)
    assert sat
    asked = room.gate_question(topic, sat)
    assert asked
    answer = tomllib.loads(site.judge.solution(asked.exercise.id, asked.variant))["answer"]

    def fields(name: str, value: Any) -> dict[str, str]:
        if not isinstance(value, list):
            return {name: repr(value)}
        return {key: each for n, one in enumerate(value) for key, each in fields(f"{name}.{n}", one).items()}

    return {key: each for name, value in answer.items() for key, each in fields(f"field.{name}", value).items()}


def test_a_whole_placement(visit: Visit) -> None:
    assert "At most 30 questions" in page(visit, "/place")
    assert "最多 30 道题" in page(visit, "/place", "zh")
    assert send(visit, "/place", do="begin").headers["location"] == "/place"
    first = page(visit, "/place")
    assert "Question 1 of at most 30" in first
    assert page(visit, "/place").count(item(first)) == 1, "opened again it is the same question"
    unread = send(visit, "/place", do="answer", item=item(first))
    assert unread.status_code == 200
    assert 'role="alert"' in unread.text, "a blank answer is not counted"
    assert send(visit, "/place", do="skip", item="0-9").status_code == 303, "another question's form changes nothing"
    assert len(log(visit).events("place")) == 1
    for _ in range(30):
        text = page(visit, "/place")
        if 'name="item"' not in text:
            break
        send(visit, "/place", do="skip", item=item(text))
        send(visit, "/place", do="skip", item=item(text))  # a double click
    told = [event.data["what"] for event in log(visit).events("place")]
    assert (told[0], told[-1]) == ("began", "ended")
    assert told.count("answered") == len({event.data["variant"] for event in log(visit).events("place")[1:-1]}) <= 30
    assert "What the test found" in text
    assert "0 topics known" in text
    assert "Begin here" in text
    assert "Not asked:" in text
    assert "摸底结果" in page(visit, "/place", "zh")
    send(visit, "/place", do="begin")
    send(visit, "/place", do="end")
    assert "0 answered" in page(visit, "/place")


def test_what_is_typed_is_kept_until_its_question_is_answered(visit: Visit) -> None:
    send(visit, GATE, do="begin")
    first = page(visit, GATE)
    typed = dict.fromkeys(solved(visit), "0.125")
    name = next(iter(typed))
    assert send(visit, GATE, do="draft", item=item(first), **typed).status_code == 204
    assert page(visit, GATE).count('value="0.125"') == len(typed)
    assert send(visit, GATE, do="draft", item="0-1", **{name: "7"}).status_code == 204
    assert page(visit, GATE).count('value="0.125"') == len(typed), "another question's form changes nothing"
    assert send(visit, GATE, do="keep", item=item(first), **{name: "9"}).headers["location"] == GATE
    assert (page(visit, GATE).count('value="9"'), page(visit, GATE).count('value="0.125"')) == (1, 0)
    assert [event.data["what"] for event in log(visit).events("gate")] == ["began"], "nothing was answered"
    refused = send(visit, GATE, do="answer", item=item(first), **{name: "eight"})
    assert (refused.status_code, 'role="alert"' in refused.text, 'value="eight"' in refused.text) == (200, True, True)
    send(visit, GATE, do="skip", item=item(first))
    assert 'value="eight"' not in page(visit, GATE), "the next question is blank"
    send(visit, GATE, do="draft", item=item(first), **{name: "5"})
    assert 'value="5"' not in page(visit, GATE)


def test_a_gate_that_is_failed_then_passed(visit: Visit) -> None:
    assert "4 fresh questions" in page(visit, GATE)
    send(visit, GATE, do="begin")
    for n in range(4):
        text = page(visit, GATE)
        assert f"Question {n + 1} of 4" in text
        assert send(visit, GATE, do="skip", item=item(text)).status_code == 303
    failed = page(visit, GATE)
    assert "Not passed yet" in failed
    assert "Read these first" in failed
    assert "A prerequisite is not proven" in failed
    assert "还没过关" in page(visit, GATE, "zh")
    send(visit, GATE, do="begin")
    for _ in range(4):
        assert send(visit, GATE, do="answer", item=item(page(visit, GATE)), **solved(visit)).status_code == 303
    passed = page(visit, GATE)
    assert "4 of 4 right" in passed
    assert "71% (known)" in passed
    why = page(visit, "/topics/probability-and-bayes/mastery")
    assert "2.500 ÷ (2.500 + 1) = 0.714" in why
    assert "gate test" in why
    assert "Take the gate test" not in why


def test_topics_without_questions_or_evidence(visit: Visit) -> None:
    assert "Nothing of this topic can be asked yet" in page(visit, "/topics/multi-head-attention/gate")
    assert send(visit, "/topics/multi-head-attention/gate", do="begin").status_code == 303
    assert not log(visit).events("gate")
    assert "No evidence yet" in page(visit, "/topics/multi-head-attention/mastery")
    assert "还没有证据" in page(visit, "/topics/multi-head-attention/mastery", "zh")
    for address in ("/topics/nothing/gate", "/topics/nothing/mastery"):
        assert visit.client.get(address).status_code == 404


def test_the_sum_of_an_exercise_by_hand(visit: Visit) -> None:
    from wenjin.study.store.log import happened

    log(visit).append(happened("attempt", "self-attention/attention-by-hand", {"verdict": "pass", "name": None}))
    text = page(visit, "/topics/self-attention/mastery")
    assert "50%, learning" in text
    assert "1.000 ÷ (1.000 + 1) = 0.500" in text
    assert "first try" in text
    assert 'href="/topics/self-attention/exercises/attention-by-hand"' in text


def test_a_program_in_a_gate_has_its_time(visit: Visit) -> None:
    gate, topic = "/topics/causal-language-modeling/gate", "causal-language-modeling"
    site = visit.client.app.state.site  # type: ignore[attr-defined]
    program = next(each for each in site.course.topics[topic].exercises if each.code)

    def reach() -> str:
        send(visit, gate, do="begin")
        send(visit, gate, do="skip", item=item(page(visit, gate)))
        text = page(visit, gate)
        assert "in 15 minutes from when you begin" in text
        assert "<textarea" not in text, "it is seen when its time runs"
        return text

    text = reach()
    send(visit, gate, do="open", item=item(text))
    text = page(visit, gate)
    assert "You have until" in text
    assert "data-keeps" in text
    assert send(visit, gate, do="draft", item=item(text), source="x = '<&'\n").status_code == 204
    assert "x = &#39;&lt;&amp;&#39;" in page(visit, gate), "typed, and not sent"
    assert program.starter.splitlines()[0] in text.replace("&#34;", '"')
    broken = send(visit, gate, do="answer", item=item(text), source="def broken(:\n")
    assert broken.status_code == 200
    assert 'role="alert"' in broken.text
    assert "def broken(:" in broken.text, "what was typed is kept"
    assert "def broken(:" in page(visit, gate)
    right = site.judge.solution(program.id)
    assert send(visit, gate, do="answer", item=item(text), source=right).status_code == 303
    told = [event.data for event in log(visit).events("gate", topic)]
    assert [row["what"] for row in told] == ["began", "answered", "opened", "answered", "ended"]
    assert [row["right"] for row in told if row["what"] == "answered"] == [False, True]
    text = reach()
    sat = [event.data for event in log(visit).events("gate", topic)][-1]["gate"]
    early = datetime.now(UTC) - timedelta(minutes=16)
    log(visit).append(happened("gate", topic, {"what": "opened", "gate": sat, "number": 2}, early))
    send(visit, gate, do="draft", item=item(text), source="late = 1")
    assert "The time is over." in page(visit, gate)
    assert "late = 1" in page(visit, gate), "too late to count, and not lost"
    send(visit, gate, do="answer", item=item(text), source=right)
    last = [event.data for event in log(visit).events("gate", topic) if event.data["what"] == "answered"][-1]
    assert (last["verdict"], last["right"]) == ("late", False), "what comes too late is not judged"


def test_a_placement_can_do_without_programs(visit: Visit) -> None:
    send(visit, "/place", do="begin")
    seen = False
    for _ in range(30):
        text = page(visit, "/place")
        if 'value="spare"' in text:
            send(visit, "/place", do="spare", item=item(text))
            seen = True
            break
        if 'name="item"' not in text:
            break
        send(visit, "/place", do="skip", item=item(text))
    told = [event.data for event in log(visit).events("place")]
    assert seen == any(row["what"] == "spared" for row in told)
    after = next((n for n, row in enumerate(told) if row["what"] == "spared"), len(told))
    assert not [row for row in told[after:] if row["what"] == "answered" and row["kind"] == "function"]
