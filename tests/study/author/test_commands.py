"""`wenjin course …` and `wenjin track …` as they are typed."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wenjin.cli import application
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

REVIEWS = {name: date.today() + timedelta(days=n) for name, n in (("yesterday", -1), ("tomorrow", 1))}


@pytest.fixture
def wenjin(monkeypatch: pytest.MonkeyPatch):
    def run(*words: str, language: str = "en") -> Result:
        monkeypatch.setenv("WENJIN_LANG", language)
        return CliRunner().invoke(application(), list(words))

    return run


def test_check_tells_what_it_does_and_what_it_finds(small, wenjin) -> None:
    root = ("--root", str(small.root))
    good = wenjin("course", "check", *root)
    assert good.exit_code == 0
    assert "topics 2 (1 written), hours 1" in good.stdout
    assert "· doubling/write-double: proving the grader" in good.stderr
    small.replace("counting/doubling/cards.toml", 'section = "end"', 'section = "ends"')
    quoted = 'section = "end"\nsays = { zh = "不会，只要还有地方放", en = "No, as long as there is room" }'
    rows = [f'[[dated]]\nid = "{name}"\n{quoted}\nreview = "{day}"\n' for name, day in REVIEWS.items()]
    small.write("counting/doubling/dated.toml", "\n".join(["format = 1\n", *rows]))
    for language, said in (("en", "→ Did you mean end?"), ("zh", "→ 是不是想写 end？")):
        bad = wenjin("course", "check", "doubling", *root, language=language)
        assert bad.exit_code == 1
        assert "✗ counting/doubling/cards.toml, card card-3" in bad.stderr
        assert said in bad.stderr
        assert "dated yesterday" in bad.stderr, "the day is that of the clock"
        assert "dated tomorrow" not in bad.stderr


def test_new_and_record(small, wenjin) -> None:
    root = ("--root", str(small.root))
    laid = wenjin("course", "new", "halving", *root)
    assert (laid.exit_code, laid.stdout.splitlines()[0]) == (0, str(small.root / "counting" / "halving"))
    again = wenjin("course", "new", "halving", *root)
    assert again.exit_code == 1
    assert "This topic has its folder already." in again.stderr
    assert wenjin("course", "record", "doubling", *root).stdout == "doubling: nothing changed\n"
    small.remove("counting/doubling/recorded/steps.json")
    assert wenjin("course", "record", *root).stdout.startswith("doubling: steps\n")
    assert wenjin("course", "record", "tripling", *root).exit_code == 1


def test_a_course_that_does_not_load_is_told_in_sentences(small, wenjin) -> None:
    small.replace("tracks/by-hand.toml", "doubling/growth", "doubling/grow")
    said = wenjin("track", "list", "--root", str(small.root))
    assert said.exit_code == 1
    assert "Did you mean doubling/growth?" in said.stderr
    assert "Traceback" not in said.output


def test_tracks_are_listed_and_shown(small, wenjin) -> None:
    root = ("--root", str(small.root))
    assert wenjin("track", "list", *root).stdout.endswith(")\n  by-hand            By hand  (2 / 2 / 1 h)\n")
    shown = wenjin("track", "show", "by-hand", *root, language="zh").stdout
    first, second = shown.index("第一周"), shown.index("第二周")
    assert first < shown.index("● doubling  翻倍") < shown.index("☐ 会翻倍。") < second < shown.index("○ halving  减半")
    path = wenjin("track", "show", "by-hand", "--path", "halves-only", *root).stdout
    assert "Week one" not in path
    assert "Prerequisites from outside that you do not know yet:\n    doubling" in path
    refused = wenjin("track", "show", "by-foot", *root)
    assert refused.exit_code == 2
    assert "There is no track called by-foot. Known are: by-hand." in refused.stderr


def test_every_track_of_the_course_is_shown_with_each_path(wenjin) -> None:
    from wenjin.study.course.load import load

    for track in load().tracks.values():
        shown = wenjin("track", "show", track.id).stdout
        assert all(unit.title.en in shown and unit.checkpoint.en in shown for unit in track.units)
        for path in track.paths:
            assert wenjin("track", "show", track.id, "--path", path.id).exit_code == 0


def test_a_track_is_chosen(tmp_path: Path, wenjin) -> None:
    data = tmp_path / "data"
    said = wenjin("track", "choose", "qmatter", "--data", str(data))
    assert said.exit_code == 0
    log = open_log(places(data), role="command")
    try:
        told = {event.subject: event.data["value"] for event in log.events(kind="setting")}
        assert (told["track"], told["tracks"]) == ("qmatter", ["qmatter"])
    finally:
        log.close()
    assert wenjin("track", "choose", "qmater", "--data", str(data)).exit_code == 2
