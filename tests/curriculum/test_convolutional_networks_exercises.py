"""The exercises of convolutional networks: right answers pass in any style, and every mistake is told by its name."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import wenjin
from tests.curriculum import programs
from wenjin.kit.exercise import Code, Numeric
from wenjin.study.judge import answers
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.reference import Reference
from wenjin.study.judge.shelf import Shelf

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "vision" / "convolutional_networks"
SHELF = Shelf(ROOT)
NAMES = ("output-size", "convolution-as-product")

Count = Callable[[int], int]


def exercise(name: str) -> Any:
    return SHELF.get(f"convolutional-networks/{name}").exercise


PRODUCT: Code = exercise("convolution-as-product")
SIZES: Numeric = exercise("output-size")


# As in the judge: for tensors this small, threads only wait for each other.
pytestmark = pytest.mark.usefixtures("one_thread")


def by_torch(x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, w, b, stride, padding)


def by_views(x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    seen = F.pad(x, (padding,) * 4).unfold(2, w.size(2), stride).unfold(3, w.size(3), stride)
    return torch.einsum("ncijuv,mcuv->nmij", seen, w) + b[:, None, None]


def place_by_place(x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    x, (U, V) = F.pad(x, (padding,) * 4), w.shape[2:]
    rows, columns = range(0, x.size(2) - U + 1, stride), range(0, x.size(3) - V + 1, stride)
    places = [x[:, :, i : i + U, j : j + V].flatten(1) @ w.flatten(1).T + b for i in rows for j in columns]
    return torch.stack(places, dim=2).unflatten(2, (len(rows), len(columns)))


def weight_by_weight(x: Tensor, w: Tensor, b: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    x, (U, V) = F.pad(x, (padding,) * 4), w.shape[2:]
    high, wide = (x.size(2) - U) // stride + 1, (x.size(3) - V) // stride + 1
    y = b[None, :, None, None]
    for u in range(U):
        for v in range(V):
            seen = x[:, :, u : u + stride * (high - 1) + 1 : stride, v : v + stride * (wide - 1) + 1 : stride]
            y = y + (w[:, :, u, v] @ seen.flatten(2)).unflatten(2, (high, wide))
    return y


@pytest.mark.parametrize("style", [by_torch, by_views, place_by_place, weight_by_weight], ids=lambda f: f.__name__)
def test_right_answers_of_every_style_stay_within_half_of_the_tolerances(style: Any, count: Count) -> None:
    programs.within_half_of_the_tolerances(style, (Reference(PRODUCT, seed) for seed in range(count(40))))


def test_every_mistake_of_the_product_is_told_by_its_own_name(count: Count) -> None:
    programs.every_mistake_has_its_own_name(Reference(PRODUCT, seed) for seed in range(count(20)))


def test_the_same_draw_gives_the_same_cases_and_another_gives_others() -> None:
    first, again, other = (PRODUCT.cases(random.Random(seed)) for seed in (5, 5, 6))
    for x, y, z in zip(first, again, other, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(x.args, y.args, strict=True))
        assert not torch.equal(x.args[0], z.args[0])


def judged(answer: dict[str, Any], variant: int) -> Any:
    return answers.judge(SIZES, json.dumps({"variant": variant, "answer": answer}).encode())


def made(one: dict[str, Any]) -> nn.Module:
    if one["kind"] == "pool":
        return nn.MaxPool2d(one["kernel"], one["stride"])
    how = {name: one[name] for name in ("stride", "padding", "dilation")}
    return nn.Conv2d(one["channels"], one["maps"], one["kernel"], **how)


def test_sizes_are_those_of_torchs_layers(count: Count) -> None:
    for variant in range(count(100)):
        layers = SIZES.draw(random.Random(variant))["layers"]
        answer: dict[str, Any] = {"shapes": [], "parameters": []}
        for one in layers:
            layer = made(one)
            answer["shapes"].append(list(layer(torch.zeros(1, one["channels"], one["height"], one["width"])).shape[1:]))
            answer["parameters"].append(sum(p.numel() for p in layer.parameters()))
        assert judged(answer, variant).verdict == "pass", variant


def test_every_mistake_of_sizes_is_told_by_its_own_name(count: Count) -> None:
    for variant in range(count(100)):
        givens = SIZES.draw(random.Random(variant))
        for name in SIZES.mistakes:
            assert judged(SIZES.solution(givens, fault=frozenset((name,))), variant).name == name, variant


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
