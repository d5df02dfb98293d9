"""The topic's own promises: its errors are raised and mended as it says, its formulas hold, its rubric tells right."""

import importlib.util
import re
import tomllib
import warnings
from pathlib import Path
from types import ModuleType

import pytest

import wenjin

FOLDER = Path(wenjin.__file__).parent / "curriculum" / "vision" / "convolutional_networks"
PITFALLS = tomllib.loads((FOLDER / "pitfalls.toml").read_text(encoding="utf-8"))["pitfall"]
PASSES = tomllib.loads((FOLDER / "passes.toml").read_text(encoding="utf-8"))
LESSONS = {language: (FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")}
CHECKED = sorted(set(re.findall(r'\{check="(\w+)"\}', LESSONS["zh"])))
CODE = re.compile(r"`([^`]+)`")


def run(program: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is written is an error, not a warning
        exec(compile(program, "<pitfall>", "exec"), {"__name__": "pitfall"})


@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda row: row["id"])
def test_a_pitfall_is_raised_and_its_repair_works(pitfall: dict) -> None:
    """In both languages the first line of code in the repair, put in place of the program's last line, runs."""
    with pytest.raises((RuntimeError, TypeError, ValueError)) as raised:
        run(pitfall["program"])
    assert pitfall["message"] in str(raised.value)
    before, _ = pitfall["program"].rstrip().rsplit("\n", 1)
    repairs = {found[1] for text in pitfall["repair"].values() if (found := CODE.search(text))}
    assert len(repairs) == 1, "both languages give the same line of code"
    run(f"{before}\n{repairs.pop()}\n")


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("convolutional_networks_checks", FOLDER / "checks.py")
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


# One sentence an idea, in the order of the rubric; the last denies what the errors say.
EXPLAINED = {
    "zh": [
        "每次只看一小块像素。",
        "扫到哪里用的都是同一个核。",
        "因此参数少得多。",
        "输入有几个通道，就把各通道的结果加在一起。",
        "图挪了，后面的图跟着挪。",
        "池化吸收掉很小的移动，挪多了仍会认错，并不是完全不变。",
    ],
    "en": [
        "Each number sees a small patch of pixels.",
        "Everywhere the same kernel is used.",
        "So there are far fewer parameters.",
        "Over the input, channels are added.",
        "When the digit moves, what comes out moves along.",
        "Pooling absorbs a little of that, but a network like this is by no means safe from shifts.",
    ],
}
WRONG = {
    "zh": {
        "fully-invariant": "所以卷积网络完全不怕平移。",
        "kernel-for-each-place": "每个位置有自己的核。",
        "a-map-for-each-channel": "每个通道各出一张图。",
        "pool-learns": "池化的权重也要训练。",
    },
    "en": {
        "fully-invariant": "So convolution is invariant.",
        "kernel-for-each-place": "Each place has its own kernel.",
        "a-map-for-each-channel": "You get a map for each input channel.",
        "pool-learns": "The weights of the pool are trained, too.",
    },
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rubric_tells_ideas_and_errors(language: str) -> None:
    ideas = [row["id"] for row in PASSES["explain"]["idea"]]
    for idea, sentence in zip(ideas, EXPLAINED[language], strict=True):
        assert idea in told(language, "idea", sentence)
    assert told(language, "error", " ".join(EXPLAINED[language])) == set()
    for error, sentence in WRONG[language].items():
        assert told(language, "error", sentence) == {error}


def test_both_languages_run_the_same_programs() -> None:
    programs = [re.findall(r"```\{run\} \w+\n.*?```", lesson, re.S) for lesson in LESSONS.values()]
    assert programs[0] == programs[1]
