"""Passes, explaining back and pitfalls in the pages, by forms alone; the map shows what is held and read again."""

import re
import tomllib
from pathlib import Path

from tests.study.web.conftest import Visit
from wenjin.study.course.passes import PASSES
from wenjin.study.store.log import happened

TOPIC = "/topics/self-attention"
RUBRIC = Path(__file__).parents[2] / "curriculum" / "rubrics" / "self-attention.toml"


def send(visit: Visit, address: str, **fields: str) -> str:
    page = visit.client.get(f"{address.removesuffix('/passes')}?lang=en").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    answer = visit.client.post(address, data={"csrf": csrf[1], **fields}, headers=visit.headers)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


def node(visit: Visit, topic: str = "self-attention") -> str:
    found = re.search(rf'<a class="map-node[^>]*data-topic="{topic}".*?</a>', visit.client.get("/map").text, re.DOTALL)
    assert found
    return found[0]


def test_a_pass_is_begun_done_and_seen_on_the_map(visit: Visit) -> None:
    page = visit.client.get(f"{TOPIC}?lang=en").text
    assert [name for name in PASSES if f'id="pass-{name}" data-stage="new"' in page] == list(PASSES)
    assert re.search(r'id="pass-question" data-stage="new" data-next', page)
    assert "map-pass" not in node(visit)
    page = send(visit, f"{TOPIC}/passes", name="code", what="begun")
    assert re.search(r'id="pass-code" data-stage="begun" data-next', page)
    assert "It was begun: finish it first." in page
    page = send(visit, f"{TOPIC}/passes", name="code", what="done", text="it <detaches> the maximum")
    assert 'id="pass-code" data-stage="done"' in page
    assert "it &lt;detaches&gt; the maximum" in page
    shown = dict(re.findall(r'data-pass="(\w+)" data-stage="(\w+)"', node(visit)))
    assert shown == dict.fromkeys(PASSES, "new") | {"code": "done"}
    assert "Read again, 1 of eight: Code" in visit.client.get("/map").text
    for name, what in (("smell", "done"), ("code", "undone")):
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        answer = visit.client.post(
            f"{TOPIC}/passes", data={"csrf": csrf[1], "name": name, "what": what}, headers=visit.headers
        )
        assert answer.status_code == 422


def test_an_explanation_is_checked_kept_and_compared(visit: Visit) -> None:
    said = list(tomllib.loads(RUBRIC.read_text(encoding="utf-8"))["en"]["ideas"].values())
    page = send(visit, f"{TOPIC}/explain", text=said[0])
    assert (page.count('data-idea="told"'), page.count('data-idea="missing"')) == (1, len(said) - 1)
    page = send(visit, f"{TOPIC}/explain", text="\r\n".join(said))
    assert "Every idea is there" in page
    assert page.count("now told: ") == len(said) - 1
    assert "Explanation 1" in page
    assert "explained 2 times · once without a gap" in visit.client.get(f"{TOPIC}?lang=en").text
    assert visit.client.get("/topics/multi-head-attention/explain").status_code == 200
    assert visit.client.get("/topics/none/explain").status_code == 404


def test_a_pasted_error_finds_its_entry_and_each_topic_shows_its_own(visit: Visit) -> None:
    page = visit.client.get(f"{TOPIC}?lang=en").text
    assert page.count('class="pitfall"') == 10
    found = visit.client.get(
        "/pitfalls", params={"q": "RuntimeError: The size of tensor a (64) must match the size of tensor b (70) at "
                                  "non-singleton dimension 3", "lang": "en"}
    ).text  # fmt: skip
    assert 'id="pitfall-mask-of-fixed-size" open' in found
    part = visit.client.get("/pitfalls?q=size+of+Tensor+a&lang=en").text
    assert 'id="pitfall-mask-of-fixed-size" open' in part, "three words in a row of a message are enough"
    assert "None of the listed errors" in visit.client.get("/pitfalls?q=of+tensor&lang=en").text
    assert "None of the listed errors" in visit.client.get("/pitfalls?q=qqq&lang=en").text


def test_the_map_tells_what_is_held_by_a_figure_too(visit: Visit) -> None:
    assert 'data-step="0"' in node(visit)
    assert "map-percent" not in node(visit)
    log = visit.client.app.state.site.log  # type: ignore[attr-defined]
    for exercise in ("attention-by-hand", "write-attention", "variance-of-a-dot-product"):
        log.append(happened("attempt", f"self-attention/{exercise}", {"verdict": "pass"}))
    shown = node(visit)
    step, percent = re.search(r'data-step="(\d)"', shown), re.search(r'class="map-percent"[^>]*>[^<]*?(\d+)%', shown)
    assert step
    assert percent
    assert int(step[1]) > 0
    assert int(percent[1]) > 0
    assert f"{percent[1]}% held" in visit.client.get("/map?lang=en").text
