"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import contextlib
import importlib.util
import io
import re
import tomllib
import traceback
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "python" / "python_core"
PITFALLS = tomllib.loads((FOLDER / "pitfalls.toml").read_text(encoding="utf-8"))["pitfall"]
PASSES = tomllib.loads((FOLDER / "passes.toml").read_text(encoding="utf-8"))
LESSONS = {language: (FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")}
CHECKED = sorted(set(re.findall(r'\{check="(\w+)"\}', LESSONS["zh"])))
CODE = re.compile(r"`([^`]+)`")


def run(program: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, "<pitfall>", "exec"), {"__name__": "pitfall"})


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda row: row["id"])
def test_a_pitfall_is_raised_and_its_repair_works(pitfall: dict) -> None:
    """In both languages the first line of code in the repair, put in place of the program's last line, runs."""
    with pytest.raises((RuntimeError, TypeError, KeyError)) as raised:
        run(pitfall["program"])
    assert pitfall["message"] in traceback.format_exception_only(raised.value)[0]
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("python_core_checks", FOLDER / "checks.py")
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


# One sentence an idea, in the order of the rubric, in words of no file of the course.
EXPLAINED = {
    "zh": [
        "赋值只是让第二个名字指向已经有的列表。",
        "append 是就地改的，等号不是。",
        "用切片得到的是浅拷贝。",
        "调用时，传参就是赋值。",
        "def 那一行的默认列表只造一次。",
    ],
    "en": [
        "After the assignment a second name points at the list.",
        "Append works in place, an equals sign does not.",
        "What a slice gives is shallow.",
        "A call hands over by sharing.",
        "The default list is made once.",
    ],
}
WRONG = {
    "zh": {
        "passed-by-value": "Python 的列表是传值的。",
        "passed-by-reference": "Python 的参数是传引用。",
        "default-each-call": "默认参数每次都是新的。",
        "slice-copies-everything": "切片会复制里面的行。",
    },
    "en": {
        "passed-by-value": "In Python a list is passed by value.",
        "passed-by-reference": "Arguments are passed by reference.",
        "default-each-call": "The default is evaluated at each call.",
        "slice-copies-everything": "A slice is a deep copy, too.",
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
