"""The exercises of causal language modeling: right answers pass in any style, mistakes are told by their own names."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import wenjin
from tests.curriculum import programs
from wenjin.kit.exercise import Choice, Code
from wenjin.stack.models.bert import PretrainingBert
from wenjin.stack.models.gpt2 import GPT2
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.reference import Reference
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "transformer" / "causal_language_modeling"
SHELF = Shelf(ROOT)
NAMES = ("shift-the-labels", "bert-or-gpt")

Count = Callable[[int], int]
pytestmark = pytest.mark.usefixtures("one_thread")


def exercise(name: str) -> Any:
    return SHELF.get(f"causal-language-modeling/{name}").exercise


SHIFT: Code = exercise("shift-the-labels")
CHOOSE: Choice = exercise("bert-or-gpt")


def file(which: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    text = (FOLDER / "exercises" / "shift_the_labels" / f"{which}.py").read_text(encoding="utf-8")
    exec(compile(text, f"{which}.py", "exec"), space)
    return space


def shown(texts: list[list[int]], end: int, table: Tensor) -> dict[str, Any]:
    return dict(file("solution")["batch"](texts, end, table))


def place_by_place(texts: list[list[int]], end: int, table: Tensor) -> dict[str, Any]:
    """Loops over single places, and no cross_entropy."""
    T = max(map(len, texts)) - 1
    inputs = [[text[t] if t < len(text) else end for t in range(T)] for text in texts]
    labels = [[text[t + 1] if t + 1 < len(text) else -100 for t in range(T)] for text in texts]
    losses = []
    for text, row, wanted in zip(texts, inputs, labels, strict=True):
        for t in range(len(text) - 1):
            scores = table[torch.tensor(row[: t + 1])].mean(dim=0)
            losses.append(float(scores.logsumexp(dim=0) - scores[wanted[t]]))
    mask = torch.tensor([[j <= i for j in range(T)] for i in range(T)])
    return {
        "inputs": torch.tensor(inputs),
        "labels": torch.tensor(labels),
        "mask": mask,
        "loss": sum(losses) / len(losses),
    }


def by_lengths(texts: list[list[int]], end: int, table: Tensor) -> dict[str, Any]:
    rows = torch.nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], True, float(end))
    inputs, labels = rows[:, :-1], rows[:, 1:].clone()
    T = inputs.shape[1]
    last = torch.tensor([len(text) - 1 for text in texts])
    labels[torch.arange(T)[None] >= last[:, None]] = -100
    mask = torch.arange(T)[:, None] >= torch.arange(T)
    logits = torch.einsum("ts,bsv->btv", mask / torch.arange(1, T + 1)[:, None], table[inputs])
    each = F.nll_loss(logits.log_softmax(-1).movedim(-1, 1), labels, reduction="sum")
    return {"inputs": inputs, "labels": labels, "mask": mask, "loss": float(each / last.sum())}


@pytest.mark.parametrize("style", [shown, place_by_place, by_lengths], ids=lambda f: f.__name__)
def test_right_answers_of_every_style_stay_within_half_of_the_tolerances(style: Any, count: Count) -> None:
    programs.within_half_of_the_tolerances(style, (Reference(SHIFT, seed) for seed in range(count(40))))


def test_every_mistake_of_the_batch_is_told_by_its_own_name(count: Count) -> None:
    programs.every_mistake_has_its_own_name(Reference(SHIFT, seed) for seed in range(count(40)))


def test_the_example_of_the_task_is_what_the_solution_gives() -> None:
    got = SHIFT.solution([[3, 1, 4, 0], [2, 0]], 0, torch.zeros(6, 6))
    assert got["inputs"].tolist() == [[3, 1, 4], [2, 0, 0]]
    assert got["labels"].tolist() == [[1, 4, 0], [0, -100, -100]]
    assert got["mask"].tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert got["loss"] == pytest.approx(torch.tensor(6.0).log().item())


def test_the_loss_of_the_starter_is_too_good() -> None:
    """With a table that only knows which tokens it sees, the colleague's program is far better than the right one."""
    texts, table = [[3, 1, 4, 0], [2, 5, 0]], 9 * torch.eye(6)
    wrong, right = (file(which)["batch"](texts, 0, table)["loss"] for which in ("starter", "solution"))
    assert wrong < right - 1


def judged(chosen: dict[str, str]) -> Any:
    return answers.judge(CHOOSE, json.dumps({"answer": chosen}).encode())


RIGHT = {step.key: next(o.key for o in step.options if o.mistake is None) for step in CHOOSE.steps}


def test_the_right_choices_pass_and_each_wrong_one_is_told_by_its_belief() -> None:
    assert len(RIGHT) == 8
    assert judged(RIGHT).verdict == "pass"
    for step in CHOOSE.steps:
        assert sum(option.mistake is None for option in step.options) == 1
        for option in step.options:
            if option.mistake:
                assert judged(RIGHT | {step.key: option.key}).name == option.mistake, (step.key, option.key)
    told_of = {option.mistake for step in CHOOSE.steps for option in step.options if option.mistake}
    assert told_of == set(CHOOSE.mistakes)


def test_what_the_options_say_of_states_is_so() -> None:
    """A decoder's states in the middle do not know what follows, its last one does; an encoder's all do."""
    torch.manual_seed(0)
    sizes = {"vocab": 30, "dim": 16, "layers": 2, "heads": 2, "context": 12}
    ids = torch.randint(0, 30, (3, 10))
    later = torch.cat((ids[:, :5], (ids[:, 5:] + 1) % 30), dim=1)
    gpt = GPT2(**sizes)  # type: ignore[arg-type]
    moved = (gpt.states(ids) - gpt.states(later)).abs().amax(dim=(0, 2))
    assert moved[:5].max() < 1e-6
    assert moved[5:].min() > 1e-4
    bert = PretrainingBert(**sizes, hidden=64, pad=None).bert
    assert (bert(ids) - bert(later)).abs().amax(dim=(0, 2)).min() > 1e-6


def test_the_same_draw_gives_the_same_cases() -> None:
    first, again, other = (SHIFT.cases(random.Random(seed)) for seed in (5, 5, 6))
    assert [case.args[0] for case in first] == [case.args[0] for case in again]
    assert [case.args[0] for case in first] != [case.args[0] for case in other]


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
