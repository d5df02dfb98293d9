"""The reference answer is text that the judge itself accepts, for every form; without one, its author hears it."""

import shutil
from pathlib import Path

import pytest

from tests.study.judge.conftest import COURSE
from wenjin.study.judge.client import Judge, JudgeError, local_judge


@pytest.mark.parametrize("name", ["top-p", "running-mean", "word-count", "pick", "steps", "by-hand"])
@pytest.mark.parametrize("variant", [0, 3])
def test_the_reference_answer_passes(judge: Judge, name: str, variant: int) -> None:
    text = judge.solution(f"kinds/{name}", variant)
    assert judge.judge(f"kinds/{name}", text.encode())["verdict"] == "pass", text


def test_a_missing_or_wrong_reference_answer_is_a_fault_of_the_exercise(tmp_path: Path) -> None:
    shutil.copytree(COURSE, tmp_path / "course")
    folder = tmp_path / "course/sample/kinds/exercises"
    (folder / "top_p/solution.py").unlink()
    (folder / "word_count/solution.py").write_text("print(7)")
    with local_judge(tmp_path / "course") as judge:
        with pytest.raises(JudgeError, match=r"solution\.py"):
            judge.solution("kinds/top-p")
        for name, said in (("top-p", "solution.py is missing."), ("word-count", "solution.py does not pass.")):
            faults = judge.prove(f"kinds/{name}", pairs=0.0)
            assert [fault["what"]["en"] for fault in faults] == [said]
