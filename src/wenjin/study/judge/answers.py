"""Judge an answer that is no program: numbers worked out by hand, choices, an order of lines.

The answer is a document {"variant": int, "answer": {...}}, JSON from the page or TOML from the workspace.
"""

import json
import random
import tomllib
from typing import Any

import numpy as np

from wenjin.kit.exercise import Choice, Field, Mistake, Numeric, Order
from wenjin.kit.text import Text
from wenjin.kit.verdict import Verdict
from wenjin.study.judge import messages, show
from wenjin.study.judge.source import Unreadable, decode

SIZE_CAP = 1 << 16


def judge(exercise: Numeric | Choice | Order, answer: bytes) -> Verdict:
    """The verdict on the bytes of an answer document."""
    try:
        document = _document(answer)
    except (ValueError, RecursionError, Unreadable) as error:
        detail = error.text if isinstance(error, Unreadable) else str(error)
        return Verdict("error", messages.say("unreadable", detail=detail), "unreadable")
    given = document.get("answer")
    if not isinstance(given, dict):
        return Verdict("error", messages.say("unreadable", detail="answer"), "unreadable")
    if isinstance(exercise, Numeric):
        variant = document.get("variant", 0)
        return _numeric(exercise, given, variant if type(variant) is int else 0)
    return _choice(exercise, given) if isinstance(exercise, Choice) else _order(exercise, given)


def _document(answer: bytes) -> dict[str, Any]:
    if len(answer) > SIZE_CAP:
        raise ValueError(f"{len(answer)} > {SIZE_CAP} bytes")
    text = decode(answer)
    document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a table")
    return document


def problem(exercise: Numeric | Choice | Order, variant: int) -> dict[str, Any]:
    """What the learner is shown: the variant's givens, or the options in a shuffled order. No solution is in it."""
    dice = random.Random(variant)
    if isinstance(exercise, Numeric):
        shown = exercise.show(exercise.draw(random.Random(variant)))
        blanks = [{"name": f.name, "label": f.label.as_dict(), "shape": list(f.shape)} for f in exercise.fields]
        return {"form": "numeric", "variant": variant, "show": shown.as_dict(), "fields": blanks}
    if isinstance(exercise, Choice):
        steps = []
        for step in exercise.steps:
            options = [{"key": o.key, "text": o.text.as_dict()} for o in step.options]
            dice.shuffle(options)
            steps.append({"key": step.key, "prompt": step.prompt.as_dict(), "options": options})
        return {"form": "proof" if exercise.proof else "choice", "variant": variant, "steps": steps}
    items = [{"key": key, "text": text.as_dict()} for key, text in exercise.items.items()]
    dice.shuffle(items)
    return {"form": "order", "variant": variant, "items": items}


def _told(mistake: Mistake, passed: int, total: int, case: Text | None = None) -> Verdict:
    feedback = messages.mistake_text(mistake)
    return Verdict("wrong", feedback, mistake.name, case, mistake.section, passed=passed, total=total)


def _numeric(exercise: Numeric, given: dict[str, Any], variant: int) -> Verdict:
    missing = [f.label for f in exercise.fields if given.get(f.name) in (None, "", [])]
    if missing:
        listed = Text("、".join(t.zh for t in missing), ", ".join(t.en for t in missing))
        return Verdict("error", messages.say("incomplete", detail=listed), "incomplete")
    numbers: dict[str, Any] = {}
    for blank in exercise.fields:
        try:
            numbers[blank.name] = np.array(given[blank.name], dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            return Verdict("error", messages.say("not-a-number", detail=blank.label), "not-a-number")
        if numbers[blank.name].shape != blank.shape:
            return Verdict("error", messages.say("not-a-number", detail=blank.label), "not-a-number")
    givens = exercise.draw(random.Random(variant))
    right = exercise.solution(givens)
    wrong = [f for f in exercise.fields if not _equal(f, numbers[f.name], right[f.name])]
    total = len(exercise.fields)
    if not wrong:
        return Verdict("pass", messages.say("pass"), passed=total, total=total)
    case = _first_wrong(wrong[0], numbers[wrong[0].name], np.array(right[wrong[0].name], dtype=np.float64))
    for fields in (exercise.fields, wrong[:1]):  # what agrees as a whole, else what agrees in the first wrong blank
        for name, mistake in exercise.mistakes.items():
            believed = exercise.solution(givens, fault=frozenset((name,)))
            if all(_equal(f, numbers[f.name], believed[f.name]) for f in fields):
                return _told(mistake, total - len(wrong), total, case)
    return Verdict("wrong", messages.say("unexplained"), None, case, passed=total - len(wrong), total=total)


def _equal(blank: Field, got: Any, expected: Any) -> bool:
    return bool(np.allclose(got, np.array(expected, dtype=np.float64), rtol=0.0, atol=blank.tolerance))


def _first_wrong(blank: Field, got: Any, expected: Any) -> Text:
    """Where the first wrong number stands. The right number is not told: it is the learner's to find."""
    place = [int(n) + 1 for n in np.argwhere(~(np.abs(got - expected) <= blank.tolerance))[0]] if got.shape else []
    at = tuple(n - 1 for n in place)
    zh = f"{blank.label.zh}：第一个不对的数" + (f"在第 {'、'.join(map(str, place))} 位" if place else "")
    en = f"{blank.label.en}: the first wrong number" + (f" stands at {tuple(place)}" if place else "")
    return Text(f"{zh}，你填的是 {show.value(got[at].item())}", f"{en}; you entered {show.value(got[at].item())}")


def _choice(exercise: Choice, given: dict[str, Any]) -> Verdict:
    total, passed = len(exercise.steps), 0
    missing = [n for n, s in enumerate(exercise.steps, 1) if given.get(s.key) in (None, "")]
    first: Verdict | None = None
    for n, step in enumerate(exercise.steps, 1):
        option = next((o for o in step.options if o.key == given.get(step.key)), None)
        if option is None and not missing:
            return Verdict("error", messages.say("unreadable", detail=step.key), "unreadable")
        if option is not None and option.mistake is None:
            passed += 1
        elif option is not None and option.mistake and first is None:
            case = Text(f"第 {n} 步，你选的是：{option.text.zh}", f"Step {n}, you chose: {option.text.en}")
            first = _told(exercise.mistakes[option.mistake], 0, total, case)
    if missing:
        return Verdict("error", messages.say("incomplete", detail=_steps(missing)), "incomplete")
    if first is None:
        return Verdict("pass", messages.say("pass"), passed=passed, total=total)
    return Verdict(first.verdict, first.feedback, first.name, first.case, first.section, passed=passed, total=total)


def _steps(numbers: list[int]) -> Text:
    """1, 2, 3, 5 -> steps 1–3, 5."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return Text(f"第 {'、'.join(parts)} 步", f"step{'s' * (len(numbers) > 1)} {', '.join(parts)}")


def _order(exercise: Order, given: dict[str, Any]) -> Verdict:
    keys = given.get("order")
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(exercise.items):
        return Verdict("error", messages.say("incomplete", detail="order"), "incomplete")
    order, total = tuple(keys), len(exercise.items)
    if order in exercise.right:
        return Verdict("pass", messages.say("pass"), passed=total, total=total)
    good = max(next((n for n in range(total) if order[n] != r[n]), total) for r in exercise.right)
    line = exercise.items[order[good]]
    case = Text(f"第 {good + 1} 步还不能是：{line.zh}", f"Step {good + 1} cannot be this yet: {line.en}")
    name = next((name for name, shows in exercise.wrong.items() if shows(order)), None)
    if name:
        return _told(exercise.mistakes[name], good, total, case)
    return Verdict("wrong", messages.say("unexplained"), None, case, passed=good, total=total)
