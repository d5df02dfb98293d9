"""Formulas: no inline styles, one sheet for all, a cache that cannot harm, sentences for what cannot be read."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wenjin.study.course.maths import Maths, MathsError, without_styles

HARD = [
    r"\operatorname{softmax}\!\left(\frac{QK^\top}{\sqrt{d}}\right)V",
    r"\begin{pmatrix}\cos m\theta & -\sin m\theta\\ \sin m\theta & \cos m\theta\end{pmatrix}",
    r"\begin{aligned}\nabla_\theta J &= \mathbb E\Big[\sum_t A_t\Big]\\ &\approx \widehat{x}\end{aligned}",
    r"D_{\mathrm{KL}}(p\,\|\,q) = \sum_x p(x)\log\frac{p(x)}{q(x)}",
    r"\min\bigl(r_t A_t,\ \operatorname{clip}(r_t, 1-\epsilon, 1+\epsilon) A_t\bigr)",
    r"m_{ij} = \begin{cases} 0 & \text{若 } j \le i\\ -\infty & \text{否则} \end{cases}",
    r"\overbrace{a+b}^{x}+\underbrace{c}_{y}+\overrightarrow{AB}+\cancel{x}",
    r"\fcolorbox{red}{#ffe}{$x$}\rule{1em}{2em}\boxed{a}\Large x\raisebox{0.25em}{b}",
    r"\begin{array}{c|c}\hline a&b\\ \hline\end{array}\quad\mathop{\arg\max}_{\substack{i\in A\\ j\in B}}",
]


@pytest.fixture
def maths() -> Maths:
    return Maths()


@pytest.mark.parametrize("tex", HARD)
@pytest.mark.parametrize("display", [True, False])
def test_sets_hard_formulas_without_inline_styles(maths: Maths, tex: str, display: bool) -> None:
    page = maths.html(tex, display)
    assert not re.search(r"<[^>]*\sstyle=", page)
    assert "<math" in page  # for those who listen
    used = set(re.findall(r"kx-[0-9a-f]{8}", page))
    assert used
    assert used <= set(re.findall(r"kx-[0-9a-f]{8}", maths.sheet()))


def test_a_style_becomes_a_class_beside_the_ones_that_stand() -> None:
    page, rules = without_styles('<span class="vlist" style="height:1em;top:-2em;"><b style="color:red;">x</b></span>')
    (first, _), (second, _) = rules.items()
    assert page == f'<span class="vlist {first}"><b class="{second}">x</b></span>'
    assert list(rules.values()) == ["height:1em!important;top:-2em!important", "color:red!important"]


def test_a_formula_that_cannot_be_read_is_told_with_its_place(maths: Maths) -> None:
    for tex, at in ((r"a + \frac{1", 12), (r"x + \foo", 5), ("a & b", 3)):
        with pytest.raises(MathsError) as caught:
            maths.html(tex)
        assert tex in caught.value.text.zh
        assert f"第 {at} 个字符" in caught.value.text.zh
        assert f"character {at} " in caught.value.text.en


@pytest.mark.parametrize(
    "tex", [r"\def\a{\a\a}\a", r"\htmlStyle{color:red}{x}", r"\href{javascript:alert(1)}{x}", r"\url{x}"]
)
def test_refuses_what_is_not_for_lessons(maths: Maths, tex: str) -> None:
    with pytest.raises(MathsError):
        maths.html(tex)


def test_markup_in_a_formula_stays_text(maths: Maths) -> None:
    assert "<img" not in maths.html(r"\text{<img src=x onerror=alert(1)>}")


def test_what_is_cached_agrees_with_the_sheet_of_a_new_process(tmp_path: Path) -> None:
    first = Maths(tmp_path / "formulas")
    pages = [first.html(tex, True) for tex in HARD]
    second = Maths(tmp_path / "formulas")
    second._engine.shutdown()  # nothing may be set anew
    assert [second.html(tex, True) for tex in HARD] == pages
    assert second.sheet() == first.sheet()
    assert second.version() == first.version()


def test_a_spoiled_cache_is_set_anew(tmp_path: Path) -> None:
    page = Maths(tmp_path).html(HARD[0], True)
    (kept,) = tmp_path.iterdir()
    for spoiled in ("", "{", "[]", json.dumps({"html": 1}), "\x00"):
        kept.write_text(spoiled)
        assert Maths(tmp_path).html(HARD[0], True) == page
    assert json.loads(kept.read_text())["html"] == page


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "katex" in Maths(tmp_path / "file").html("x")


def test_threads_share_one_engine(maths: Maths) -> None:
    formulas = [f"x_{{{n % 40}}}" for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(maths.html, formulas))
    assert pages == [maths.html(tex) for tex in formulas]


def test_loads_nothing_before_the_first_formula() -> None:
    code = "import sys; from wenjin.study.course.maths import Maths; Maths(); print('dukpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


def test_an_engine_that_is_not_built_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenjin.study.course.maths.DIST", tmp_path)
    with pytest.raises(MathsError, match=r"python -m wenjin.study.web.build"):
        Maths().html("x")
