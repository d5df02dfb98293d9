"""Reading again and explaining back: every written topic has its eight tasks, and its rubric tells right from wrong."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.study.cli import again
from wenjin.study.course import load
from wenjin.study.course.faults import Faults
from wenjin.study.course.passes import PASSES, explained, read_passes
from wenjin.study.progress.passes import Passes, passes
from wenjin.study.store.log import happened

Said = tuple[int, str, str]
RUBRICS = Path(__file__).parents[2] / "curriculum" / "rubrics"
COURSE = load.load(coverage=False)
TOPICS = sorted(path.stem for path in RUBRICS.glob("*.toml"))


@pytest.fixture
def wenjin(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    monkeypatch.setattr(load, "load", lambda: COURSE)

    def run(*words: object, said: bytes = b"", **more: str) -> Said:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        app = typer.Typer(rich_markup_mode=None)
        again.register(app)
        done = CliRunner().invoke(app, [str(word) for word in words], input=said)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def samples(topic: str, language: str, kind: str) -> dict[str, str]:
    table = tomllib.loads((RUBRICS / f"{topic}.toml").read_text(encoding="utf-8"))
    return dict(table[language][kind])


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rubric_tells_what_is_missing_and_what_is_wrong(topic: str, language: str) -> None:
    folder = COURSE.topics[topic].folder
    assert folder
    rubric = read_passes(folder, Faults(COURSE.root))[1]
    assert rubric
    said = samples(topic, language, "ideas")
    whole = " ".join(said.values())
    assert explained(rubric, whole).whole
    for lacking in said:
        held = explained(rubric, " ".join(text for id, text in said.items() if id != lacking))
        assert [idea.id for idea in held.missing] == [lacking]
    for error, text in samples(topic, language, "errors").items():
        held = explained(rubric, f"{whole} {text}")
        assert error in [known.id for known in held.errors]
        assert not held.whole


def test_an_explanation_is_checked_from_a_file(wenjin: Callable[..., Said], tmp_path: Path) -> None:
    said = samples("self-attention", "en", "ideas")
    file = tmp_path / "mine.md"
    file.write_text(" ".join(list(said.values())[1:]), encoding="utf-8")
    code, out, _ = wenjin("explain", "self-attention", "--check", file)
    assert code == 1
    assert "Missing: a dot product is a sum of d terms" in out
    told = json.loads(
        wenjin("explain", "self-attention", "--check", "-", "--json", said=" ".join(said.values()).encode())[1]
    )
    assert (told["whole"], told["missing"], told["errors"]) == (True, [], [])
    wrong = next(iter(samples("self-attention", "en", "errors").values()))
    assert "self-attention#" in wenjin("explain", "self-attention", "--check", "-", said=wrong.encode())[1]
    assert "square root of d" in wenjin("explain", "self-attention")[1]


def test_a_pass_shows_its_task_and_is_marked(wenjin: Callable[..., Said]) -> None:
    assert wenjin("learn", "self-attention")[1].count("○") == 8
    code, out, _ = wenjin("learn", "self-attention", "--pass", "code")
    assert code == 0
    assert out.startswith("◐ code")
    assert "attend_fast" in out
    assert wenjin("learn", "self-attention", "--pass", "code", "--done", "it detaches the maximum")[1].startswith("✓")
    wenjin("learn", "self-attention", "--pass", "code")
    rows = json.loads(wenjin("learn", "self-attention", "--json")[1])["passes"]
    assert tuple(rows) == PASSES
    assert {id for id, row in rows.items() if row["stage"] == "done"} == {"code"}
    assert "注意力" in wenjin("learn", "self-attention", "--pass", "cost", WENJIN_LANG="zh")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["learn", "nothing"], "There is no topic nothing"),
        (["learn", "self-attention", "--pass", "smell"], "There is no pass smell"),
        (["learn", "self-attention", "--done", "x"], "Say with --pass"),
        (["explain", "ppo"], "not written yet"),
        (["explain", "self-attention", "--check", "/nowhere/x"], "cannot be read"),
        (["explain", "self-attention", "--check", "-"], "The explanation is empty"),
    ],
)
def test_refusals_are_sentences(wenjin: Callable[..., Said], words: list[str], said: str) -> None:
    code, _, error = wenjin(*words)
    assert code in (1, 2)
    assert said in error


def test_a_fold_that_was_kept_goes_on() -> None:
    events = [
        happened("pass", "a", {"pass": "code", "what": "done"}),
        happened("pass", "a", {"pass": "code", "what": "begun"}),
        happened("pass", "a", {"pass": "unknown", "what": "done"}),
        happened("explain", "b", {"missing": ["x"], "errors": []}),
        happened("explain", "b", {"missing": [], "errors": []}),
    ]
    fold = Passes()
    for event in events[:2]:
        fold.take(event)
    fold = Passes.from_dict(json.loads(json.dumps(fold.as_dict())))
    for event in events[2:]:
        fold.take(event)
    assert fold.topics == passes(events)
    assert (fold.topics["a"].done, fold.topics["b"].explained, fold.topics["b"].whole) == (["code"], 2, True)
