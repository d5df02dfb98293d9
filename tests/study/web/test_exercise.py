"""An exercise answered in the page, with and without scripts, and by a script: one judge, one log, one verdict."""

import html
import re

from tests.study.web.conftest import Visit
from wenjin.study.judge.forms import filled_in
from wenjin.study.web import desk

HOME = "/topics/self-attention/exercises/write-attention"
API = "/api/exercises/self-attention/write-attention"
WRONG = """import torch

def scaled_dot_product_attention(q, k, v, causal=False):
    print("<b>shape</b>", tuple(q.shape))
    return torch.softmax(q @ k.transpose(-2, -1), -1) @ v
"""


def test_a_wrong_answer_is_named_in_the_page_without_scripts(visit: Visit) -> None:
    form = {"csrf": visit.csrf, "do": "judge", "source": WRONG, "revision": "0", "variant": "0"}
    page = visit.client.post(HOME, data=form).text
    shown = page[page.index('id="verdict"') : page.index('id="run"')]
    assert 'data-verdict="wrong"' in shown
    assert "&lt;b&gt;shape&lt;/b&gt;" in shown
    assert "<b>shape" not in page
    assert 'href="/topics/self-attention#' in shown
    (attempt,) = visit.client.get(f"{API}/attempts").json()["attempts"]
    assert (attempt["verdict"], attempt["name"], attempt["source"]) == ("wrong", "missing-scale", "page")
    assert attempt["answer"] == WRONG
    assert visit.client.get(f"{API}/draft").json() == {"text": WRONG, "revision": 1}
    assert html.escape(WRONG, quote=False).splitlines()[2] in page, "the text stays in the editor"


def test_a_revision_that_is_no_number_breaks_nothing(visit: Visit) -> None:
    for revision in ("²", "9" * 5000, "9" * 30, "-1", "x"):
        form = {"csrf": visit.csrf, "do": "save", "source": WRONG, "revision": revision, "variant": "0"}
        assert visit.client.post(HOME, data=form).status_code == 200
    assert visit.client.get(f"{API}/draft").json() == {"text": WRONG, "revision": 1}


def test_a_script_gets_the_verdict_object(visit: Visit) -> None:
    answer = visit.stranger().post(f"{API}/attempts", json={"source": WRONG}, headers=visit.script)
    verdict = answer.json()
    assert answer.status_code == 200
    assert set(verdict) >= {"verdict", "name", "feedback", "ms", "tier"}
    assert (verdict["verdict"], verdict["name"]) == ("wrong", "missing-scale")
    same = visit.client.post(f"{API}/attempts", json={"answer": WRONG}, headers=visit.headers).json()
    assert (same["verdict"], same["name"], same["feedback"]) == (
        verdict["verdict"],
        verdict["name"],
        verdict["feedback"],
    )
    sources = [a["source"] for a in visit.client.get(f"{API}/attempts").json()["attempts"]]
    assert sources == ["page", "api"], "newest first"


def test_run_without_submitting(visit: Visit) -> None:
    scratch = "print('own', scaled_dot_product_attention)"
    ran = visit.client.post(f"{API}/runs", json={"source": WRONG, "scratch": scratch}, headers=visit.headers).json()
    assert "own <function" in ran["output"]
    assert ran["error"] is None
    form = {"csrf": visit.csrf, "do": "run", "source": WRONG, "scratch": "print(1 <2)", "revision": "0"}
    page = visit.client.post(HOME, data=form).text
    assert re.search(r'class="run-output">.*?True', page, re.DOTALL)
    assert "print(1 &lt;2)" in page
    assert visit.client.get(f"{API}/attempts").json() == {"attempts": []}, "a run is no attempt"


def test_two_windows_do_not_overwrite_each_other(visit: Visit) -> None:
    put = lambda text, revision: visit.client.put(  # noqa: E731
        f"{API}/draft", json={"text": text, "revision": revision}, headers=visit.headers
    )
    assert visit.client.get(f"{API}/draft").json() == {"text": None, "revision": 0}
    assert put("one", 0).json() == {"revision": 1}
    conflict = put("two", 0)
    assert (conflict.status_code, conflict.json()) == (409, {"text": "one", "revision": 1})
    assert put("two", 1).json() == {"revision": 2}
    form = {"csrf": visit.csrf, "do": "judge", "source": WRONG, "revision": "1"}
    page = visit.client.post(HOME, data=form).text
    assert 'class="notice"' in page, "the form was sent from an older draft"
    assert "transpose" in page
    assert visit.client.get(f"{API}/draft").json() == {"text": "two", "revision": 2}


def test_starting_over_brings_the_starter_back(visit: Visit) -> None:
    visit.client.put(f"{API}/draft", json={"text": "mine", "revision": 0}, headers=visit.headers)
    assert ">\nmine</textarea>" in visit.client.get(HOME).text
    visit.client.post(HOME, data={"csrf": visit.csrf, "do": "reset"})
    assert "def scaled_dot_product_attention" in visit.client.get(f"{API}/draft").json()["text"]


def test_hints_open_one_at_a_time_and_the_answer_last(visit: Visit) -> None:
    exercise = visit.client.app.state.site.course.exercises["self-attention/write-attention"]  # type: ignore[attr-defined]
    total = len(exercise.hints)
    assert visit.client.post(f"{API}/solution", headers=visit.headers).status_code == 403
    first = visit.client.post(f"{API}/hints", data={"csrf": visit.csrf, "number": "1"}, follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, f"{HOME}#hints")
    again = visit.client.post(f"{API}/hints", data={"csrf": visit.csrf, "number": "1"}, headers={"hx-request": "true"})
    assert again.text.lstrip().startswith('<section id="hints"'), "a fragment for the page's script"
    assert f"1 / {total}" in again.text, "asking twice for the same hint opens one"
    assert "参考答案" not in visit.client.get(HOME).text.partition('id="solution"')[0].partition("<main")[2]
    for number in range(2, total + 1):
        opened = visit.client.post(f"{API}/hints", headers=visit.headers).json()
        assert (opened["opened"], len(opened["hints"])) == (number, number)
    answer = visit.client.post(f"{API}/solution", headers=visit.headers).json()["solution"]
    verdict = visit.client.post(f"{API}/attempts", json={"source": answer}, headers=visit.headers).json()
    assert verdict["verdict"] == "pass"
    page = visit.client.get(HOME).text
    assert 'data-state="passed"' in page
    assert 'class="pre code' in page or "<pre" in page[page.index('id="solution"') :]


def test_home_leads_on(visit: Visit) -> None:
    assert "从这里开始" in visit.client.get("/").text
    visit.client.post(f"{API}/attempts", json={"source": WRONG}, headers=visit.headers)
    page = visit.client.get("/").text
    assert "下一步" in page
    assert f'href="{HOME}" aria-keyshortcuts="N"' in page


def test_numbers_are_answered_in_the_page(visit: Visit) -> None:
    home = "/topics/self-attention/exercises/attention-by-hand"
    page = visit.client.get(f"{home}?variant=3").text
    names = re.findall(r'<input name="(field\.[\w.-]+)"', page)
    assert len(names) == 24, "three tables: 3 x 3, 3 x 3, 3 x 2"
    other = visit.client.get(f"{home}?variant=4").text
    given = [shown[shown.index('class="givens"') : shown.index('class="field"')] for shown in (page, other)]
    assert given[0] != given[1]
    form = {"csrf": visit.csrf, "variant": "3"} | dict.fromkeys(names, "0")
    judged = visit.client.post(home, data=form).text
    assert 'data-verdict="wrong"' in judged
    assert given[0] in judged, "the same numbers stay on the page"
    assert 'value="0"' in judged, "and what was filled in"
    blank = visit.client.post(home, data={"csrf": visit.csrf, "variant": "3"}).text
    assert 'data-verdict="error"' in blank
    (first, second) = visit.client.get("/api/exercises/self-attention/attention-by-hand/attempts").json()["attempts"]
    assert (first["verdict"], second["verdict"], second["variant"]) == ("error", "wrong", 3)


def test_a_proof_is_answered_in_the_page_and_its_answer_can_be_read(visit: Visit) -> None:
    home, api = "/topics/self-attention/exercises/variance-of-a-dot-product", "/api/exercises/self-attention"
    page = visit.client.get(home).text
    steps = dict(re.findall(r'<input type="radio" name="(step\.[\w-]+)" value="([\w-]+)"', page))
    judged = visit.client.post(home, data={"csrf": visit.csrf} | steps).text
    assert judged.count(" checked>") == len(steps)
    assert 'data-verdict="' in judged
    hints = f"{api}/variance-of-a-dot-product/hints"
    while (opened := visit.client.post(hints, headers=visit.headers).json())["opened"] < opened["total"]:
        pass
    solution = f"{api}/variance-of-a-dot-product/solution"
    shown = visit.client.post(solution, data={"csrf": visit.csrf}, headers={"hx-request": "true"}).text
    assert shown.count("<dt>") == len(steps)
    assert "katex" in shown


def test_forms_become_answers() -> None:
    numeric = {"form": "numeric", "fields": [{"name": "a", "shape": []}, {"name": "m", "shape": [2, 2]}]}
    form = {"field.a": " −0.5 ", "field.m.0.0": "1", "field.m.0.1": "2", "field.m.1.0": "x", "field.m.1.1": "4e-1"}
    assert filled_in(numeric, form) == {"a": -0.5, "m": [[1.0, 2.0], ["x", 0.4]]}
    assert filled_in(numeric, {"field.m.0.0": "1"}) == {"a": None, "m": None}
    order = {"form": "order", "items": [{"key": "x"}, {"key": "y"}, {"key": "z"}]}
    assert filled_in(order, {"place.x": "3", "place.y": "1", "place.z": "2"}) == {"order": ["y", "z", "x"]}
    choice = {"form": "proof", "steps": [{"key": "one"}, {"key": "two"}]}
    assert filled_in(choice, {"step.one": "a"}) == {"one": "a", "two": None}
    assert desk.numbers([[1, 0.5], [0.25, 1 / 3]]) == r"$\begin{bmatrix}1&0.5\\0.25&0.3333\end{bmatrix}$"
