"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import importlib.util
import re
import tomllib
import warnings
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "mathematics" / "probability_and_bayes"
PITFALLS = tomllib.loads((FOLDER / "pitfalls.toml").read_text(encoding="utf-8"))["pitfall"]
PASSES = tomllib.loads((FOLDER / "passes.toml").read_text(encoding="utf-8"))
LESSONS = {language: (FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")}
CHECKED = sorted(set(re.findall(r'\{check="(\w+)"\}', LESSONS["zh"])))
CODE = re.compile(r"`([^`]+)`")


def run(program: str) -> None:
    with warnings.catch_warnings():
        exec(compile(program, "<pitfall>", "exec"), {"__name__": "pitfall"})


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda row: row["id"])
def test_a_pitfall_is_raised_and_its_repair_works(pitfall: dict) -> None:
    """In both languages the first line of code in the repair, put in place of the program's last line, runs."""
    with pytest.raises((RuntimeError, TypeError, ValueError, ArithmeticError, Warning)) as raised:
        run(pitfall["program"])
    assert pitfall["message"] in str(raised.value)
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("probability_and_bayes_checks", FOLDER / "checks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", CHECKED)
def test_a_formula_of_the_lesson_holds(checks: ModuleType, name: str) -> None:
    getattr(checks, name)()


def told(language: str, kind: str, text: str) -> set[str]:
    """The ideas or errors of the rubric whose words occur in the text."""
    rows = PASSES["explain"][kind]
    return {row["id"] for row in rows if any(word.lower() in text.lower() for word in row["words"][language])}


# One sentence an idea, in the order of the rubric.
EXPLAINED = {
    "zh": [
        "你要知道的是阳性的人里有几个真的病了。",
        "这种病很罕见。",
        "没病的人偶尔也会被误报。",
        "拿一千人来数一数就清楚了。",
        "当然，结果还是把你的可能抬高了不少。",
        "再测一次，要换一种方法才算数。",
    ],
    "en": [
        "What you want is how many among the positive are ill.",
        "The disease is rare.",
        "A few of the others get a false alarm.",
        "Take a thousand people, row by row.",
        "Of course it went up a good deal.",
        "A second result counts if it comes independently.",
    ],
}
WRONG = {
    "zh": {
        "test-is-bad": "所以检测不准。",
        "accuracy-is-chance": "也就是说我 99% 有病。",
        "posteriors-multiply": "两次的概率相乘就行。",
        "start-again": "第二次也是 9%。",
    },
    "en": {
        "test-is-bad": "So the test is bad.",
        "accuracy-is-chance": "I am 99% sick, then.",
        "posteriors-multiply": "Just multiply the two probabilities.",
        "start-again": "The second time it is still 9%.",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rubric_tells_what_is_there_and_what_is_missing(language: str) -> None:
    ideas = [row["id"] for row in PASSES["explain"]["idea"]]
    sentences = EXPLAINED[language]
    assert told(language, "idea", "".join(sentences)) == set(ideas)
    assert told(language, "error", "".join(sentences)) == set()
    for missing, idea in enumerate(ideas):
        shorter = "".join(s for n, s in enumerate(sentences) if n != missing)
        assert told(language, "idea", shorter) == set(ideas) - {idea}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rubric_names_each_known_error(language: str) -> None:
    assert set(WRONG[language]) == {row["id"] for row in PASSES["explain"]["error"]}
    for error, sentence in WRONG[language].items():
        assert told(language, "error", sentence) == {error}


def test_all_eight_passes_have_their_task() -> None:
    assert [row["id"] for row in PASSES["pass"]] == [
        *("question", "picture", "mathematics", "code"),
        *("data", "cost", "history", "application"),
    ]


@pytest.mark.parametrize("rows", [PITFALLS, PASSES["explain"]["error"]], ids=["pitfalls", "errors"])
def test_what_points_to_the_lesson_finds_it(rows: list[dict]) -> None:
    for row in rows:
        for text in LESSONS.values():
            assert f"{{#{row['section']}}}" in text, row["id"]
