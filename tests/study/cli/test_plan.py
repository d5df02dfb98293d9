"""`wenjin track | plan | map | resources | career | news`: what they print and keep, and refusals in a sentence."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli import atlas, news, plan, tracks
from wenjin.study.course.graph import Track, TrackPath
from wenjin.study.course.load import load
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

COURSE = load()
PATHS = [(track, path) for track in COURSE.tracks.values() for path in track.paths]
Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("wenjin.study.course.load.load", lambda root: COURSE)  # read once for all

    def run(*words: str, lang: str = "en") -> Said:
        for name, value in (environ | {"WENJIN_LANG": lang}).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        for room in (tracks, plan, atlas, news):
            room.register(app)
        done = CliRunner().invoke(app, list(words))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(("track", "path"), PATHS, ids=[f"{track.id}/{path.id}" for track, path in PATHS])
def test_a_path_shows_its_units_in_order_and_what_is_missing(run: Run, track: Track, path: TrackPath) -> None:
    code, out, _ = run("track", "show", track.id, "--path", path.id)
    assert code == 0
    titles = {unit.id: f"{unit.number:>6}  {unit.title.en}\n" for unit in track.units}
    places = [out.index(titles[unit]) for unit in path.units]
    assert places == sorted(places)
    assert sum(title in out for title in titles.values()) == len(path.units)
    told = json.loads(run("track", "show", track.id, "--path", path.id, "--json")[1])
    shown = out.partition("Prerequisites from outside")[2]
    assert re.findall(r"^    ([a-z0-9-]+)  ", shown, re.M) == told["missing"]


def test_tracks_are_chosen_switched_and_left(run: Run) -> None:
    assert run("track", "choose", "qmatter", "seven-stages")[:2] == (
        0,
        "You now follow: Learn by questions: an introduction to large models, Large models in seven stages\n",
    )
    assert [line[0] for line in run("track", "list")[1].splitlines()[1:]] == [" ", "→", "→", " ", " "]
    _, out, _ = run("track", "choose", "thirty-weeks", "--path", "ai-engineer")
    assert out.startswith("You now follow: Large models in thirty weeks · AI engineer: build and deploy models, Learn")
    assert run("track", "leave", "qmatter")[0] == 0
    places = {row["track"]: row["place"] for row in json.loads(run("track", "list", "--json")[1])["tracks"]}
    assert (places["thirty-weeks"], places["seven-stages"], places["qmatter"]) == (1, 2, None)
    assert run("track", "seen", "qmatter")[0] == 0
    told = json.loads(run("track", "choose", "qmatter", "--json")[1])["followed"]
    assert [row["track"] for row in told] == ["qmatter", "thirty-weeks", "seven-stages"]
    told = json.loads(run("track", "leave", "qmatter", "--json")[1])["followed"]
    assert [row["track"] for row in told] == ["thirty-weeks", "seven-stages"]
    assert (
        "现在没有在走的路线" in [run("track", "leave", id, lang="zh") for id in ("thirty-weeks", "seven-stages")][1][1]
    )


def test_the_list_says_what_its_figures_are_and_no_name_is_no_name(run: Run) -> None:
    assert run("track", "list")[1].startswith("(units / topics / hours; → those that you follow)\n")
    assert run("track", "list", lang="zh")[1].startswith("（单元 / 主题 / 小时；→ 是在走的）\n")
    for name in ("", "\n", " "):
        code, _, error = run("track", "choose", name)
        assert (code, error.startswith("A name is wanted here, and this one is empty.")) == (2, True)


def test_a_share_of_the_hours_is_kept_told_and_refused(run: Run) -> None:
    run("track", "choose", "qmatter", "seven-stages")
    _, out, _ = run("plan", "seven-stages", "--share", "25")
    assert "of each day: Large models in seven stages 25%" in out
    found = json.loads(run("plan", "--json")[1])
    assert found["shares"] == {"seven-stages": 25}
    whole = [week for week in found["weeks"] if week["taken"] == week["minutes"]][1]
    own = sum(item["minutes"] for item in whole["items"] if item["track"] == "seven-stages")
    assert abs(own / whole["taken"] - 0.25) < 0.02
    for words, said in (
        (("plan", "seven-stages", "--share", "101"), "from 0 to 100"),
        (("plan", "qmatter", "--share", "76"), "from 0 to 75"),
        (("plan", "qmatter", "--share", "-1"), "from 0 to 75"),
        (("plan", "--share", "5"), "name it"),
        (("plan", "thirty-weeks", "--share", "5"), "You do not follow thirty-weeks"),
    ):
        code, _, error = run(*words)
        assert (code, said in error) == (2, True), error
    assert json.loads(run("plan", "seven-stages", "--share", "0", "--json")[1])["shares"] == {}


def test_a_plan_keeps_to_its_hours(run: Run) -> None:
    found = json.loads(run("plan", "thirty-weeks", "--weekday", "2.5", "--weekend", "5", "--json")[1])
    assert 24 <= len(found["weeks"]) <= 32
    assert all(sum(item["minutes"] for item in week["items"]) == week["taken"] <= 1050 for week in found["weeks"])
    _, out, _ = run("plan", "thirty-weeks", "--weekday", "2.5", "--weekend", "5")
    assert out.startswith("Large models in thirty weeks\n17.5 hours a week from ")
    assert "One capstone of: " in out
    assert "(not written yet) (needed first by " in out
    assert out.endswith("Daily reviews come on top.\n")


def test_a_followed_plan_says_how_it_stands(run: Run, environ: dict[str, str]) -> None:
    assert run("plan")[0] == 2
    run("track", "choose", "qmatter")
    _, out, _ = run("plan")
    assert "You have not said how many hours you have; 1 on weekdays and 2 at weekends are assumed" in out
    assert "an introduction to large models: on time; it ends on " in out
    assert "on time" not in run("plan", "qmatter", "--weekday", "4")[1], (
        "of hours that are not kept nothing is promised"
    )
    _, out, _ = run("plan", "qmatter", "--weekday", "2", "--weekend", "4", "--keep")
    assert "on time" in out
    assert "assumed" not in run("plan")[1]
    assert "on time" in run("plan", "--weekday", "3", "--weekend", "6", "--keep")[1], "hours alone are no pace"
    promised = json.loads(run("plan", "--json")[1])["tracks"]["qmatter"]["promised"]
    earlier = (date.fromisoformat(promised) - timedelta(days=7)).isoformat()
    log = open_log(places(Path(environ["WENJIN_DATA"]), environ={}), role="command")
    log.append(happened("setting", "promised", {"key": "promised", "value": {"qmatter": earlier}}))
    log.close()
    _, out, _ = run("plan", lang="zh")
    assert re.search(r"迟了 \d+ 天；原定 \d+-\d+-\d+ 学完，现在要到", out)
    assert re.search(r"每周 \d+(\.\d)? 小时可以赶回来。", out)
    assert "on time" in run("plan", "--from-today")[1]
    assert json.loads(run("plan", "--json")[1])["tracks"]["qmatter"]["is"] == "on-time"


def test_the_map_lists_every_topic_once_and_marks_a_track(run: Run) -> None:
    for track in COURSE.tracks.values():
        _, out, _ = run("map", "--track", track.id)
        listed = re.findall(r"^  ([★ ]) . ([a-z0-9-]+)  ", out, re.M)
        assert sorted(id for _, id in listed) == sorted(COURSE.topics)
        assert {id for star, id in listed if star == "★"} == set(track.topics)
    told = json.loads(run("map", "--json")[1])["topics"]
    assert {row["topic"]: tuple(row["prerequisites"]) for row in told} == {
        id: topic.prerequisites for id, topic in COURSE.topics.items()
    }


def test_resources_say_why_and_when(run: Run) -> None:
    _, out, _ = run("resources", "--topic", "self-attention", lang="zh")
    assert "Transformer 的原文；学过自注意力读一遍" in out
    assert "什么时候：" in out
    assert "qmatter/transformer" in out
    assert "这一课引用的文献" in out
    told = json.loads(run("resources", "--json")[1])["resources"]
    assert {row["id"] for row in told} == set(COURSE.resources)
    assert all(row["when"] and row["why"]["zh"] for row in told)


def test_a_role_lists_topics_projects_and_gap(run: Run) -> None:
    assert len(run("career")[1].splitlines()) == 10
    for row in json.loads(run("career", "--json")[1]):
        assert row["projects"]
        assert set(row["topics"]) <= set(row["gap"])
    _, out, _ = run("career", "ai-engineer")
    assert out.startswith("AI engineer: build and deploy models\n")
    assert "Projects that show it\n  Production" in out
    assert re.search(r"Gap: \d+ topics, about \d+ hours; projects, about \d+ hours", out)


def test_news_are_told_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from wenjin.study.course import marks

    _, first, _ = run("news")
    written = [topic for topic in COURSE.topics.values() if topic.written]
    assert first.startswith("This is the first look")
    assert all(f"  {topic.id}  {topic.title.en}\n" in first for topic in written)
    assert run("news")[1].endswith("Nothing has changed.\n")
    known = marks.marks(COURSE)
    changed = {id: mark + ("x" if id == written[0].id else "") for id, mark in known.items()}
    monkeypatch.setattr(marks, "marks", lambda course: changed)
    assert json.loads(run("news", "--json")[1])["changed"] == [written[0].id]
    assert f"改过的\n  {written[0].id}  " in run("news", lang="zh")[1]
    assert run("news")[1].endswith("Nothing has changed.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["track", "show", "qmater"], "There is no track called qmater."),
        (["track", "show", "qmatter/x"], "qmatter has no unit called x."),
        (["track", "show", "qmatter", "--path", "x"], "qmatter has no path called x. Known are: in-order."),
        (["track", "choose", "qmatter", "seven-stages", "--path", "in-order"], "--path goes with one track only."),
        (["track", "leave", "qmatter"], "You do not follow qmatter; you follow: —."),
        (["plan", "none"], "There is no track called none."),
        (["plan", "qmatter", "--weekday", "0", "--weekend", "0"], "No plan fits into these hours"),
        (["plan", "qmatter", "--weekday", "nan"], "No plan fits into these hours"),
        (["plan", "qmatter", "--from-today"], "You do not follow qmatter; choose it first"),
        (["plan"], "You follow no track; name one"),
        (["map", "--track", "none"], "There is no track called none."),
        (["resources", "--topic", "self-atention"], "There is no topic called self-atention."),
        (["career", "x"], "There is no role called x."),
        (["news", "--since", "soon"], "--since needs a date such as 2026-11-01; it is soon."),
    ],
)
def test_refusals_are_sentences(run: Run, words: list[str], said: str) -> None:
    code, out, error = run(*words)
    assert (code, out) == (2, "")
    assert error.startswith(said)
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["track", n] for n in ("list", "show", "choose", "leave", "seen")] + [
    ["plan"], ["map"], ["resources"], ["career"], ["news"]])  # fmt: skip
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_has_examples(run: Run, words: list[str], lang: str) -> None:
    code, out, _ = run(*words, "--help", lang=lang)
    assert code == 0
    assert f"  wenjin {' '.join(words)}" in out
    assert bool(re.search(r"[\u4e00-\u9fff]", out)) is (lang == "zh")
