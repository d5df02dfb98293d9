"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "language" / "tokenization"
PITFALLS = tomllib.loads((FOLDER / "pitfalls.toml").read_text(encoding="utf-8"))["pitfall"]
PASSES = tomllib.loads((FOLDER / "passes.toml").read_text(encoding="utf-8"))
LESSONS = {language: (FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")}
CHECKED = sorted(set(re.findall(r'\{check="(\w+)"\}', LESSONS["zh"])))
CODE = re.compile(r"`([^`]+)`")


def run(program: str) -> None:
    exec(compile(program, "<pitfall>", "exec"), {"__name__": "pitfall"})


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda row: row["id"])
def test_a_pitfall_is_raised_and_its_repair_works(pitfall: dict) -> None:
    """In both languages the first line of code in the repair, put in place of the program's last line, runs."""
    with pytest.raises((re.error, TypeError, ValueError)) as raised:
        run(pitfall["program"])
    assert pitfall["message"] in str(raised.value)
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tokenization_checks", FOLDER / "checks.py")
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
        "进到模型里的是一串编号。",
        "训练时反复取最常见的一对，并起来。",
        "切新词要照学的次序来。",
        "最底下是字节，什么都能写出来。",
        "可词表是从英文学来的，中文就切得碎；一个词元并不是一个词。",
    ],
    "en": [
        "What goes in is a row of numbers.",
        "Training takes the most frequent neighbors together, again and again.",
        "A new word is cut by doing this in the order learned.",
        "At the bottom are bytes, so anything can be written.",
        "But it was trained on English, so Chinese falls into crumbs; and a token need not be a word.",
    ],
}
WRONG = {
    "zh": {
        "token-equals-word": "词元就是词。",
        "cannot-spell": "因为模型太笨。",
        "text-is-lost": "切碎了汉字会丢。",
        "longest-token": "每次取最长的词元。",
    },
    "en": {
        "token-equals-word": "Tokens are words.",
        "cannot-spell": "It is too stupid for that.",
        "text-is-lost": "Rare characters are lost.",
        "longest-token": "BPE takes the longest one that fits.",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rubric_tells_what_is_there_and_what_is_missing(language: str) -> None:
    ideas = [row["id"] for row in PASSES["explain"]["idea"]]
    sentences = EXPLAINED[language]
    whole = "".join(sentences)
    assert told(language, "idea", whole) == set(ideas)
    assert told(language, "error", whole) == set()
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
