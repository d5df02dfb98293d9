"""The formulas that are set when the pages are built: all of the course, so that a running one starts no engine."""

import json
from pathlib import Path

import pytest

from wenjin.study.course import maths
from wenjin.study.course.formulas import Formulas, write
from wenjin.study.course.load import load
from wenjin.study.course.maths import Maths
from wenjin.study.course.render import Renderer
from wenjin.study.web import build


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of a build that formulas come from."""
    folder = tmp_path_factory.mktemp("dist")
    katex = build.ISLANDS / "node_modules" / build.TAKEN["katex.js"]
    files = {"katex.js": katex.read_bytes(), "formulas.db": build.formulas(katex.read_bytes(), folder)}
    build.publish(files, "", folder)
    return folder


def started(setter: Maths) -> bool:
    """Has the engine's thread begun?"""
    return bool(setter._engine._threads)


def test_every_lesson_is_set_without_the_engine(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maths, "DIST", dist)
    course, setter = load(), Maths()
    renderer = Renderer(setter)
    for topic in course.topics.values():
        for language in ("zh", "en"):
            if topic.written:
                assert "kx-" in renderer.render(topic, course, language).html
    assert len(setter.made()) > 100
    assert setter.sheet()
    assert not started(setter)
    assert "katex" in setter.html(r"\sqrt{a + \text{a formula of no lesson}}")
    assert started(setter)
    setter.close()


def test_they_are_what_the_engine_makes(dist: Path) -> None:
    names = json.loads((dist / "manifest.json").read_text())["files"]
    setter = Maths(None, dist / names["katex.js"])
    tex = r"\frac{QK^\top}{\sqrt{d}}"
    page = setter.html(tex, display=True)
    ((key, formula),) = setter.made().items()
    write(dist / "one.db", {key: formula})
    shelf = Formulas(dist / "one.db")
    assert shelf.find(key) == formula == (page, formula[1])
    assert shelf.find("another") is None
    shelf.close()
    setter.close()


def test_the_same_formulas_make_the_same_bytes(tmp_path: Path) -> None:
    some = {f"{n:x}": (f"<b>{n}</b>", {"kx-1": "top:0"}) for n in range(300)}
    write(tmp_path / "one.db", some)
    write(tmp_path / "two.db", dict(reversed(some.items())))
    assert (tmp_path / "one.db").read_bytes() == (tmp_path / "two.db").read_bytes()


def test_a_spoiled_file_costs_time_only(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = json.loads((dist / "manifest.json").read_text())["files"]
    for name in names.values():
        (tmp_path / name).write_bytes((dist / name).read_bytes())
    (tmp_path / names["formulas.db"]).write_bytes(b"not a database" * 1000)
    (tmp_path / "manifest.json").write_text(json.dumps({"files": names}))
    monkeypatch.setattr(maths, "DIST", tmp_path)
    setter = Maths()
    assert "katex" in setter.html("x + y")
    setter.close()
