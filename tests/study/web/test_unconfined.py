"""Where nothing confines an answer (tier F), it is run only when the learner says so, each time: API, page, watch."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.study.web.conftest import Visit
from wenjin.study.cli.desk import Desk
from wenjin.study.cli.happenings import Pressed
from wenjin.study.cli.watch import Watch
from wenjin.study.course.load import CURRICULUM
from wenjin.study.judge.client import Judge
from wenjin.study.store.places import places

ID = "self-attention/write-attention"
API, PAGE = f"/api/exercises/{ID}", "/topics/self-attention/exercises/write-attention"
ANSWER = "def scaled_dot_product_attention(q, k, v, causal=False):\n    return q\n"
WORKER = Path(__file__).parents[1] / "judge/unguarded.py"


def unguarded() -> Judge:
    return Judge([sys.executable, "-P", str(WORKER), str(CURRICULUM)], readable=[CURRICULUM, WORKER.parent])


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """In place of the judge that visits have elsewhere."""
    with unguarded() as judge:
        assert judge.tier()["tier"] == "F"
        yield judge


def test_the_api_runs_nothing_until_it_is_confirmed(visit: Visit) -> None:
    first = visit.client.post(f"{API}/attempts", json={"source": ANSWER}, headers=visit.headers).json()
    assert (first["verdict"], first["name"]) == ("blocked", "unconfined")
    assert visit.client.get(f"{API}/attempts").json()["attempts"] == []
    again = {"source": ANSWER, "confirmed": True}
    second = visit.client.post(f"{API}/attempts", json=again, headers=visit.headers).json()
    assert (second["verdict"], second["tier"]) == ("wrong", "F")
    ran = visit.client.post(f"{API}/runs", json={"source": "print(1)"}, headers=visit.headers).json()
    assert (ran["output"], ran["unconfined"]) == ("", True)
    ran = visit.client.post(f"{API}/runs", json={"source": "print(1)", "confirmed": True}, headers=visit.headers).json()
    assert (ran["output"], ran["unconfined"]) == ("1\n", False)


@pytest.mark.parametrize("do", ["judge", "run"])
def test_the_page_asks_and_takes_the_answer_without_scripts(visit: Visit, do: str) -> None:
    form = {"csrf": visit.csrf, "source": ANSWER + "print('here')\n", "do": do}
    page = visit.client.post(PAGE, data=form).text
    assert f'form="answer" name="do" value="{do}-unconfined"' in page
    assert "here</pre>" not in page
    page = visit.client.post(PAGE, data=form | {"do": f"{do}-unconfined"}).text
    assert "unconfined" not in page
    assert "here" in page.partition('<section id="verdict"')[2]


def test_watch_asks_and_y_runs_it_once(tmp_path: Path) -> None:
    shown: list[str] = []
    here = places(tmp_path / "data", tmp_path / "workspace", environ={})
    with Desk(here, "en", judge=unguarded) as desk:
        watch = Watch(desk, desk.find(ID), lambda *parts: shown.append("\n".join(map(str, parts))))
        watch.file.write_text(ANSWER)
        watch.happened(Pressed("\n"))
        assert "y runs it this once" in shown[-1]
        assert desk.log.events("attempt") == []
        watch.happened(Pressed("y"))
        assert "y runs it" not in shown[-1]
        assert [event.data["verdict"] for event in desk.log.events("attempt")] == ["wrong"]
        watch.happened(Pressed("y"))
        assert "There is no key y" in shown[-1]
