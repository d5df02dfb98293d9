"""Every kind of exercise, judged whole: right, wrong with the mistake named, broken, left empty."""

import json

import pytest

from wenjin.kit.exercise import Choice
from wenjin.study.course.load import CURRICULUM
from wenjin.study.judge import answers
from wenjin.study.judge.client import Judge
from wenjin.study.judge.shelf import Shelf

TOP_P = """
def top_p(probs, p):
    order, kept, mass = sorted(range(len(probs)), key=lambda i: -probs[i]), [], 0.0
    for i in order:
        kept.append(i)
        mass += probs[i]
        if mass >= p:
            break
    return [q / mass if i in kept else 0.0 for i, q in enumerate(probs)]
"""
MEAN = """
class RunningMean:
    def __init__(self, start):
        self.seen = [start]

    def add(self, x):
        self.seen.append(x)
        return sum(self.seen) / len(self.seen)
"""
COUNT = "print(len(input().split()))\n"


def document(answer: object, variant: int = 0) -> bytes:
    return json.dumps({"variant": variant, "answer": answer}).encode()


PICK = {"sum": "add", "double": "four"}
ORDER = ["scores", "mask", "softmax", "mix"]
ANSWERS = [
    ("kinds/top-p", TOP_P.encode(), "pass", None),
    ("kinds/top-p", TOP_P.replace("q / mass", "q").encode(), "wrong", "forgets-to-rescale"),
    ("kinds/top-p", b"", "error", "missing"),
    ("kinds/top-p", b"def top_k(): pass\n", "error", "missing"),
    ("kinds/top-p", b"def top_p(probs, p):\n    return probs[9]\n", "error", "exception"),
    ("kinds/top-p", "def top_p(probs，p):\n    pass\n".encode(), "error", "syntax"),
    ("kinds/top-p", b"def top_p(probs, p):\n    while True: pass\n", "timeout", "timeout"),
    ("kinds/running-mean", MEAN.encode(), "pass", None),
    ("kinds/running-mean", MEAN.replace("sum(self.seen) / len(self.seen)", "0.0").encode(), "wrong", None),
    ("kinds/word-count", COUNT.encode(), "pass", None),
    ("kinds/word-count", COUNT.replace("split()", "split(' ')").encode(), "wrong", "splits-at-each-blank"),
    ("kinds/word-count", b"print(1/0)", "error", "exception"),
    ("kinds/pick", document(PICK), "pass", None),
    ("kinds/pick", document({**PICK, "double": "two"}), "wrong", "factor-not-squared"),
    ("kinds/pick", document({**PICK, "sum": "deviations", "double": "two"}), "wrong", "adds-deviations"),
    ("kinds/pick", document({"sum": "add"}), "error", "incomplete"),
    ("kinds/pick", document({**PICK, "sum": "nonsense"}), "error", "unreadable"),
    ("kinds/pick", b'[answer]\nsum = "add"\ndouble = "four"\n', "pass", None),
    ("kinds/steps", document({"order": ORDER}), "pass", None),
    ("kinds/steps", document({"order": ["scores", "softmax", "mask", "mix"]}), "wrong", "mask-after-softmax"),
    ("kinds/steps", document({"order": ORDER[:3]}), "error", "incomplete"),
    ("kinds/by-hand", document({"products": [], "dot": None}), "error", "incomplete"),
    ("kinds/by-hand", document({"products": ["a", 1], "dot": 3}), "error", "not-a-number"),
    ("kinds/by-hand", document({"products": [1, 2, 3], "dot": 3}), "error", "not-a-number"),
    ("kinds/by-hand", b"{", "error", "unreadable"),
    ("kinds/by-hand", b"[" * 60_000, "error", "unreadable"),
    ("kinds/by-hand", b"x" * 100_000, "error", "unreadable"),
    ("kinds/none", b"", "error", "unknown-exercise"),
    ("../kinds/top-p", b"", "error", "unknown-exercise"),
]


@pytest.mark.parametrize(("exercise", "answer", "verdict", "name"), ANSWERS)
def test_verdicts(judge: Judge, exercise: str, answer: bytes, verdict: str, name: str | None) -> None:
    told = judge.judge(exercise, answer)
    assert (told["verdict"], told["name"]) == (verdict, name), told
    assert told["feedback"]["zh"] != told["feedback"]["en"]


def test_numbers_by_hand(judge: Judge) -> None:
    """The variant's givens are shown; the answer worked out from them passes, its mean is told by name."""
    shown = judge.problem("kinds/by-hand", 5)
    q, k = (json.loads(part.split("= ")[1]) for part in shown["show"]["en"].split(", k "))
    products = [q[0] * k[0], q[1] * k[1]]
    right = judge.judge("kinds/by-hand", document({"products": products, "dot": sum(products)}, 5))
    assert right["verdict"] == "pass"
    mean = judge.judge("kinds/by-hand", document({"products": products, "dot": sum(products) / 2}, 5))
    assert (mean["name"], mean["passed"], mean["total"]) == ("mean-not-sum", 1, 2)
    assert str(sum(products)) not in mean["case"]["en"], "the right number is the learner's to find"
    assert judge.judge("kinds/by-hand", document({"products": products, "dot": sum(products)}, 6))["verdict"] == "wrong"


def test_what_is_shown_holds_no_solution(judge: Judge) -> None:
    for exercise in ("pick", "steps", "by-hand"):
        text = json.dumps(judge.problem(f"kinds/{exercise}", 3))
        assert "mistake" not in text
        assert "deviations-" not in text
        assert "fault" not in text


def test_options_are_shuffled_by_the_variant(judge: Judge) -> None:
    orders = {tuple(i["key"] for i in judge.problem("kinds/steps", v)["items"]) for v in range(12)}
    assert len(orders) > 3


def test_the_smallest_failing_case_is_told(judge: Judge) -> None:
    told = judge.judge("kinds/top-p", TOP_P.replace("q / mass", "q").encode(), seed=1)
    assert "probs = [" in told["case"]["en"]
    assert "First difference at [0]" in told["case"]["en"]
    assert "第一处不同" in told["case"]["zh"]
    assert told["section"] == "why"


def test_own_print_is_shown_once(judge: Judge) -> None:
    loud = "print('loaded')\n" + TOP_P.replace("    order,", "    print('called', p)\n    order,", 1)
    output = judge.judge("kinds/top-p", loud.encode())["output"].splitlines()
    assert output[0] == "loaded"
    assert len(output) == 2
    assert output[1].startswith("called")


def test_run_with_own_inputs(judge: Judge) -> None:
    ran = judge.run("kinds/top-p", TOP_P.encode(), "x = [0.5, 0.5]\nprint('in')\ntop_p(x, 0.3)")
    assert ran["output"] == "in\n[1.0, 0.0]\n"
    assert ran["error"] is None
    assert "ZeroDivisionError" in judge.run("kinds/top-p", TOP_P.encode(), "1 / 0")["error"]["en"]
    assert "，" in judge.run("kinds/top-p", "x = (1，2)".encode(), "")["error"]["zh"]


def test_every_sample_is_proven(judge: Judge) -> None:
    for name in ("top-p", "running-mean", "word-count", "pick", "steps", "by-hand"):
        assert judge.prove(f"kinds/{name}") == []


def test_steps_that_are_not_chosen_are_named_by_number() -> None:
    exercise = Shelf(CURRICULUM).get("self-attention/variance-of-a-dot-product").exercise
    assert isinstance(exercise, Choice)
    keys = [step.key for step in exercise.steps]
    right = {step.key: next(o.key for o in step.options if o.mistake is None) for step in exercise.steps}

    def told(missing: set[int]) -> str:
        chosen = {key: right[key] for n, key in enumerate(keys, 1) if n not in missing}
        return answers.judge(exercise, json.dumps({"answer": chosen}).encode()).feedback.en

    assert told({2}) == "Not filled in yet: step 2."
    assert told({1, 2, 3, 5}) == "Not filled in yet: steps 1–3, 5."
    assert told(set(range(1, len(keys) + 1))) == f"Not filled in yet: steps 1–{len(keys)}."
