"""The form of a question on a page: what is filled in, as an answer; and how it is kept while it is typed.

What is typed and not judged is a draft of the log, the fields by name as JSON. A page and a terminal read the same one.

    source                       a program
    field.NAME, field.NAME.0.1   a number; an entry of a row or matrix
    step.KEY                     the option that was chosen
    place.KEY                    the place of a line in an order
    card.TOPIC/CARD              what was typed for a card
"""

import json
from collections.abc import Mapping
from typing import Any

from wenjin.study.course.graph import Exercise
from wenjin.study.store.log import Conflict, Log

Form = Mapping[str, str]
BESIDES = ("csrf", "do", "n", "item")  # what a form has besides its question


def save(log: Log, subject: str, form: Form) -> None:
    """Keep a question's form as it is typed; of two windows the later one counts."""
    typed = {name: value for name, value in form.items() if name not in BESIDES}
    if not typed:
        return
    text = json.dumps(typed, ensure_ascii=False)
    for _ in range(3):
        draft = log.draft(subject)
        try:
            log.save_draft(subject, text, draft.revision if draft else 0)
        except Conflict:
            continue
        return


def kept(log: Log, subject: str) -> dict[str, str]:
    """What was typed last; nothing where nothing was."""
    draft = log.draft(subject)
    return dict(json.loads(draft.text)) if draft else {}


def filled_in(problem: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The answer that the fields make: numbers by field, options by step, or the order of lines. A field with a blank
    in it is None."""
    return {name: None if is_blank(value) else value for name, value in entries(problem, form).items()}


def entries(problem: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The same with what stands beside a blank."""

    def number(name: str) -> float | str | None:
        text = form.get(name, "").strip().replace("−", "-").replace("，", ".")
        try:
            return float(text)
        except ValueError:
            return text or None  # the judge says what is wrong with it

    def block(name: str, shape: list[int]) -> Any:
        return number(name) if not shape else [block(f"{name}.{n}", shape[1:]) for n in range(shape[0])]

    match problem["form"]:
        case "numeric":
            return {f["name"]: block(f"field.{f['name']}", f["shape"]) for f in problem["fields"]}
        case "order":
            places = {item["key"]: number(f"place.{item['key']}") for item in problem["items"]}
            numbered = {key: place if isinstance(place, float) else 1e9 for key, place in places.items()}
            return {"order": sorted(numbered, key=lambda key: numbered[key])}
        case _:
            return {step["key"]: form.get(f"step.{step['key']}") for step in problem["steps"]}


def is_blank(value: Any) -> bool:
    return any(map(is_blank, value)) if isinstance(value, list) else value is None


def fields(problem: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, str]:
    """The fields that make this answer: `entries` the other way round. What is blank has none."""

    def flat(name: str, value: Any) -> dict[str, str]:
        if isinstance(value, list):
            return {key: each for n, one in enumerate(value) for key, each in flat(f"{name}.{n}", one).items()}
        return {} if value in (None, "") else {name: str(value)}

    if problem["form"] == "order":
        order = answer.get("order")
        return {f"place.{key}": str(n) for n, key in enumerate(order if isinstance(order, list) else [], 1)}
    kind = "field" if problem["form"] == "numeric" else "step"
    return {key: each for name, value in answer.items() for key, each in flat(f"{kind}.{name}", value).items()}


def untouched(exercise: Exercise, problem: Mapping[str, Any], form: Form) -> bool:
    """Whether nothing was filled in: the question is as it was handed out. `problem` is not asked for a program."""
    if exercise.code:
        return form.get("source", "").strip() in ("", exercise.starter.strip())
    filled = entries(problem, form)
    if problem["form"] == "order":
        return not form or bool(filled["order"] == [one["key"] for one in problem["items"]])
    return all(is_empty(value) for value in filled.values())


def is_empty(value: Any) -> bool:
    return all(map(is_empty, value)) if isinstance(value, list) else value is None


def answer(exercise: Exercise, problem: Mapping[str, Any], form: Form, variant: int) -> bytes:
    """What the judge reads."""
    if exercise.code:
        return form.get("source", "").encode()
    return json.dumps({"variant": variant, "answer": filled_in(problem, form)}).encode()
