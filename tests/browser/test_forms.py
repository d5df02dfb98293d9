"""Answers that are no programs: numbers and the steps of a proof, with and without scripts."""

import math
import re
import runpy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Picture, Visiting

TOPIC = "/topics/self-attention/exercises/"
EXERCISES = Path("src/wenjin/curriculum/transformer/self_attention/exercises")
Matrix = list[list[float]]


def givens(page: Page) -> tuple[Matrix, Matrix, Matrix]:
    """q, k and v as the page shows them."""
    shown = page.locator(".givens").inner_text()
    rows = {name: [float(x) for x in row.split(",")] for name, row in re.findall(r"([qkv]\d) = \[([^\]]*)\]", shown)}
    q, k, v = ([rows[f"{letter}{n}"] for n in (1, 2, 3)] for letter in "qkv")
    return q, k, v


def attention(q: Matrix, k: Matrix, v: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Scaled scores, causal weights, outputs: by hand, as the task asks."""
    scores = [[sum(a * b for a, b in zip(row, key, strict=True)) / math.sqrt(len(row)) for key in k] for row in q]
    weights = []
    for i, row in enumerate(scores):
        powers = [math.exp(x) if j <= i else 0.0 for j, x in enumerate(row)]
        weights.append([x / sum(powers) for x in powers])
    outputs = [[sum(w * x[c] for w, x in zip(row, v, strict=True)) for c in range(len(v[0]))] for row in weights]
    return scores, weights, outputs


def fill(page: Page, matrices: tuple[Matrix, ...]) -> None:
    blanks = page.locator('#answer input[name^="field."]')
    values = [x for matrix in matrices for row in matrix for x in row]
    assert blanks.count() == len(values)
    for at, value in enumerate(values):
        blanks.nth(at).fill(f"{value:.6f}".replace("-", "−"))  # a minus sign as it is printed


def judged(page: Page, verdict: str) -> None:
    expect(page.locator("#verdict .verdict")).to_have_attribute("data-verdict", verdict, timeout=30000)


@pytest.mark.parametrize("scripts", [True, False])
def test_numbers_by_hand(visit: Visiting, picture: Picture, scripts: bool) -> None:
    page = visit(lang="zh", scripts=scripts).open(TOPIC + "attention-by-hand?variant=3")
    q, k, v = givens(page)
    right = attention(q, k, v)
    unscaled = ([[2 * x for x in row] for row in right[0]], right[1], right[2])
    fill(page, unscaled)
    page.locator('button[value="judge"]').click()
    judged(page, "wrong")
    picture(page, f"numbers-{scripts}")
    fill(page, right)
    page.locator('button[value="judge"]').click()
    judged(page, "pass")
    assert givens(page) == (q, k, v)


def test_an_empty_answer_and_a_word_are_told(visit: Visiting) -> None:
    page = visit(lang="en").open(TOPIC + "attention-by-hand")
    page.locator('button[value="judge"]').click()
    judged(page, "error")
    fill(page, attention(*givens(page)))
    page.locator('#answer input[name^="field."]').first.fill("two")
    page.locator('button[value="judge"]').click()
    judged(page, "error")


def test_an_earlier_answer_comes_back(visit: Visiting) -> None:
    page = visit(lang="en").open(TOPIC + "attention-by-hand")
    fill(page, attention(*givens(page)))
    first = page.locator('#answer input[name^="field."]').first
    value = first.input_value()
    page.keyboard.press("Control+Enter")
    judged(page, "pass")
    first.fill("99")
    page.locator("details.history > summary").click()
    page.locator("#history details.attempt > summary").first.click()
    page.locator("#history .attempt-text button").click()
    assert float(first.input_value()) == float(value.replace("−", "-"))


@pytest.mark.parametrize("scripts", [True, False])
def test_the_steps_of_a_proof(visit: Visiting, picture: Picture, scripts: bool) -> None:
    page = visit(lang="en", scripts=scripts).open(TOPIC + "variance-of-a-dot-product")
    steps = runpy.run_path(str(EXERCISES / "variance_of_a_dot_product" / "grade.py"))["exercise"].steps
    for step in steps:
        right = next(option for option in step.options if option.mistake is None)
        page.locator(f'input[name="step.{step.key}"][value="{right.key}"]').check()
    wrong = next(option for option in steps[1].options if option.mistake is not None)
    page.locator(f'input[name="step.{steps[1].key}"][value="{wrong.key}"]').check()
    page.locator('button[value="judge"]').click()
    judged(page, "wrong")
    picture(page, f"proof-{scripts}")
    right = next(option for option in steps[1].options if option.mistake is None)
    page.locator(f'input[name="step.{steps[1].key}"][value="{right.key}"]').check()
    page.locator('button[value="judge"]').click()
    judged(page, "pass")
