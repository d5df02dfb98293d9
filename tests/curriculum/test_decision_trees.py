"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "machine_learning" / "decision_trees_and_forests"
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
    with pytest.raises(ValueError, match=re.escape(pitfall["message"])):
        run(pitfall["program"])
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("decision_trees_checks", FOLDER / "checks.py")
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
        "长到最后，一刀是为一两个样本切的。",
        "样本稍有出入，树就大不一样，很不稳定。",
        "许多棵一平均，各自的错互相抵消。",
        "有放回地抽行，每次切分再少看些特征，树就各不相同。",
        "大家一样错的那部分，平均多少棵都在；而种得再多，也不至于过拟合。",
    ],
    "en": [
        "Far down, a cut is made for a row or two.",
        "Such a tree is unstable.",
        "In an average, errors that differ cancel.",
        "Rows are drawn with replacement, so that trees differ.",
        "What they get wrong alike is still there; planting more of them does no harm.",
    ],
}
WRONG = {
    "zh": {
        "many-trees-overfit": "小心，树太多会过拟合。",
        "independent-trees": "平均两百棵，方差降到两百分之一。",
        "better-single-trees": "因为随机，每棵树都更准。",
        "importance-as-cause": "森林告诉我们，最重要的特征就是病因。",
    },
    "en": {
        "many-trees-overfit": "Beware: too many trees overfit.",
        "independent-trees": "The variance is divided by the number of trees.",
        "better-single-trees": "Thanks to chance each tree is more accurate.",
        "importance-as-cause": "It is important, so it is the cause.",
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
