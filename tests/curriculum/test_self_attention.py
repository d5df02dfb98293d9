"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import importlib.util
import re
import tomllib
import warnings
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "transformer" / "self_attention"
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
    with pytest.raises((RuntimeError, TypeError, ValueError, Warning)) as raised:
        run(pitfall["program"])
    assert pitfall["message"] in str(raised.value)
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("self_attention_checks", FOLDER / "checks.py")
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
        "q·k 是 d 项相加。",
        "刚开始训练时，各个分量互不相关，平均在零附近。",
        "除掉 √d，得到的数就不随 d 变了。",
        "softmax 看的是分数的差。",
        "不除的话它会饱和。",
        "换成 d 又太平，几乎平均；谁排第一倒是不会变。",
    ],
    "en": [
        "q·k adds up d products.",
        "At the start the coordinates are uncorrelated, around zero.",
        "Divide by √d and the size is the same whatever d is.",
        "Softmax takes the exponential of the scores.",
        "Undivided, it saturates.",
        "With d instead the weights are almost uniform, although this never alters which key comes first.",
    ],
}
WRONG = {
    "zh": {
        "ranking-changes": "不除的话，排名就不同了。",
        "only-against-overflow": "√d 是为了防止溢出。",
        "makes-scores-probabilities": "这样就把分数变成概率了。",
        "width-of-the-model": "除的是根号 d_model。",
    },
    "en": {
        "ranking-changes": "Scaling changes the ranking of the keys.",
        "only-against-overflow": "The root is there to avoid overflow.",
        "makes-scores-probabilities": "It makes the scores sum to one.",
        "width-of-the-model": "We take the root of d_model.",
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
