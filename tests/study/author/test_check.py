"""`course check` refuses each fault that is planted in the small course, in words that the snapshots keep."""

from collections.abc import Callable

import pytest

TOPIC = "counting/doubling/topic.toml"
ZH, EN = "counting/doubling/lesson.zh.md", "counting/doubling/lesson.en.md"
CARDS, PITFALLS, PASSES = (f"counting/doubling/{name}.toml" for name in ("cards", "pitfalls", "passes"))
CHECKS, RECORD = "counting/doubling/checks.py", "counting/doubling/recorded/steps.json"
WRITE = "counting/doubling/exercises/write_double"


def both(*edits):
    """The same edit in both languages, which keeps their skeletons equal."""
    return lambda c: [c.replace(file, *edit) for edit in edits for file in (ZH, EN)]


def worded(rest):
    """The first card, with another wording of it."""
    answer = 'back = { zh = "第 1 答。", en = "Answer 1." }\n'
    return answer, f"{answer}\n[[card.other]]\n{rest}\n"


def dated(says, review='"2026-11-23"', section="end"):
    """A statement that is declared as time-bound."""
    row = f'[[dated]]\nid = "row-length"\nsection = "{section}"\nsays = {says}\nreview = {review}\n'
    return lambda c: c.write("counting/doubling/dated.toml", f"format = 1\n\n{row}")


SAYS = '{ zh = "不会，只要还有地方放", en = "No, as long as there is room" }'

FAULTS = {
    # the lesson's form
    "lesson-missing": lambda c: c.remove(EN),
    "no-title": lambda c: c.replace(EN, "# Doubling\n", ""),
    "no-anchor": both((" {#end}", "")),
    "anchor-twice": both(("{#end}", "{#what}")),
    "no-short-answer": lambda c: c.replace(EN, "Yes: that is halving.\n", ""),
    "no-such-part": lambda c: c.replace(EN, "### Derivation", "### Deriving"),
    "parts-out-of-order": lambda c: c.replace(ZH, "### 原理", "### 实践"),
    "part-nowhere": lambda c: c.replace(EN, "### Practice\n", ""),
    "too-few-questions": both((" {#end}\n\n", " {#summary}\n\n"), (" {#back}\n\n", " {#mistakes}\n\n")),
    "closing-misnamed": lambda c: c.replace(EN, "## Summary", "## Conclusion"),
    "closing-empty": lambda c: c.replace(EN, "You can double.\n", ""),
    "closing-missing": lambda c: c.replace(ZH, "## 延伸 {#further}", "## 延伸 {#beyond}"),
    "never-closed": lambda c: c.replace(EN, "A chessboard has not enough of it.\n:::\n", "A chessboard.\n"),
    "unknown-directive": both(("```{lab} growth", "```{labs} growth")),
    "directive-of-nothing": both(("{exercise} write-double", "{exercise}")),
    "figure-without-alt": lambda c: [c.append(file, "\n```{figure} lab:growth size\n```\n") for file in (ZH, EN)],
    # both languages
    "skeleton-question": lambda c: c.replace(EN, "{#back}", "{#backwards}"),
    "skeleton-directive": lambda c: c.replace(EN, "```{lab} growth steps=4", "```{lab} growth steps=5"),
    "skeleton-formula": lambda c: c.replace(EN, "$$ x + x = 2x $$", "$$ 2x = x + x $$"),
    "skeleton-code": lambda c: c.replace(EN, "range(4)", "range(5)"),
    "skeleton-value": lambda c: c.replace(EN, "{{ steps.last }}", "eight"),
    "skeleton-aside": lambda c: c.replace(EN, ":::{aside} Room\nA chessboard has not enough of it.\n:::\n", "Room.\n"),
    "skeleton-end": lambda c: c.append(EN, "\n## One more? {#more}\n\nNo.\n"),
    # what it names
    "unknown-exercise": both(("{exercise} write-double", "{exercise} write-doubles")),
    "unknown-lab": both(("{lab} growth", "{lab} grow")),
    "formula-that-does-not-render": both(("$$ x + x = 2x $$", "$$ \\frac{x}{ $$")),
    "formula-within-a-sentence": lambda c: c.replace(EN, "$2x$", "$2\\xx$"),
    "listing-of-no-module": both(("kit.verdict:Verdict", "kit.verdicts:Verdict")),
    "listing-of-no-name": both(("kit.verdict:Verdict", "kit.verdict:Verdicts")),
    # code
    "run-edited": both(("range(4)", "range(5)")),
    "run-output-changed": lambda c: c.replace(RECORD, "[1, 2, 4, 8]", "[1, 2, 4, 9]"),
    "run-value-changed": lambda c: c.replace(RECORD, '"last": 8', '"last": 9'),
    "run-fails": both(('print("sizes", sizes', 'print("sizes", size')),
    "run-that-ends-its-process": both(('print("sizes"', 'import os; os._exit(3)\nprint("sizes"')),
    "run-without-record": lambda c: c.remove(RECORD),
    "record-without-run": lambda c: c.write(
        "counting/doubling/recorded/old.json", (c.root / RECORD).read_text(encoding="utf-8")
    ),
    "run-name-twice": lambda c: [c.append(file, "\n```{run} steps\nlast = 8\n```\n") for file in (ZH, EN)],
    "value-of-no-run": both(("{{ steps.last }}", "{{ stepps.last }}")),
    "value-of-no-name": both(("{{ steps.last }}", "{{ steps.least }}")),
    "value-format": both(("{{ steps.share:.2f }}", "{{ steps.share:.2q }}")),
    "check-missing": both(('check="sum_is_double"', 'check="sum_is_doubled"')),
    "checks-missing": lambda c: c.remove(CHECKS),
    "check-fails": lambda c: c.replace(CHECKS, "2 * x", "3 * x"),
    "checks-do-not-parse": lambda c: c.replace(CHECKS, "range(10):", "range(10)"),
    "checks-do-not-load": lambda c: c.append(CHECKS, "\n\nimport no_such_module\n"),
    "pitfall-raises-nothing": lambda c: c.replace(PITFALLS, 'size = "3"', "size = 3"),
    "pitfall-raises-something-else": lambda c: c.replace(PITFALLS, "size + 3", "sizes + 3"),
    # cards, pitfalls, passes, facts
    "card-without-section": lambda c: c.replace(CARDS, 'section = "end"', 'section = "ends"'),
    "card-lacking": lambda c: c.replace(TOPIC, "cards = 6", "cards = 7"),
    "card-same-wording": lambda c: c.replace(CARDS, *worded('front = { zh = "第 1 问？", en = "Ask of one?" }')),
    "card-wording-field": lambda c: c.replace(CARDS, *worded('front = { zh = "一？", en = "One?" }\nfronts = "One?"')),
    "card-wording-language": lambda c: c.replace(CARDS, *worded('front = { zh = "一？" }')),
    "pitfalls-lacking": lambda c: c.remove(PITFALLS),
    "pitfall-section": lambda c: c.replace(PITFALLS, 'section = "what"', 'section = "who"'),
    "pass-lacking": lambda c: c.replace(PASSES, 'id = "cost"', 'id = "price"'),
    "rubric-lacking": lambda c: c.replace(PASSES, "[[explain.error]]", "[[explain.idea]]"),
    "rubric-section": lambda c: c.replace(PASSES, 'section = "what"', 'section = "who"'),
    "dated-past": dated(SAYS, '"2026-11-22"'),
    "dated-not-said": dated('{ zh = "没有人这样说", en = "No, as long as there is room" }'),
    "dated-section": dated(SAYS, section="ends"),
    "dated-without-day": dated(SAYS, "2027-05-01"),
    "goal-lacking": lambda c: c.replace(TOPIC, 'goal = { zh = "会翻倍。", en = "Double a number." }\n', ""),
    "source-without-place": lambda c: c.replace(TOPIC, 'address = "https://example.org/doubling"\n', ""),
    "lab-lacking": lambda c: c.replace(TOPIC, 'status = "lesson"\n', ""),
    # exercises
    "exercise-file-lacking": lambda c: c.remove(f"{WRITE}/starter.py"),
    "exercise-without-kind": lambda c: c.replace(TOPIC, 'kind = "function"\n', ""),
    "exercise-not-in-the-lesson": both(("```{exercise} write-double\n```\n", "")),
    "misconception-lacking": lambda c: c.replace(TOPIC, '"squares"]', '"squares", "forgets-the-sign"]'),
    "mistake-section": lambda c: c.replace(f"{WRITE}/mistakes.toml", '"faster"', '"slower"'),
    "mistake-field": lambda c: c.replace(f"{WRITE}/mistakes.toml", "repair = ", "cure = "),
    "starter-passes": lambda c: c.replace(f"{WRITE}/starter.py", "return None", "return 2 * x"),
    "solution-fails": lambda c: c.replace(f"{WRITE}/grade.py", "return 2 * x", "return 2 * x / 0"),
    "mistake-passes": lambda c: c.replace(f"{WRITE}/grade.py", 'changed": lambda x: x', 'changed": lambda x: x * 2'),
    "mistake-called-by-another-name": lambda c: c.replace(f"{WRITE}/grade.py", "x * x", "x + 2"),
    "grader-does-not-load": lambda c: c.replace(f"{WRITE}/grade.py", "exercise = Code", "exercises = Code"),
}  # fmt: skip


def test_the_small_course_is_good(small, check_small) -> None:
    said: list = []
    assert check_small(said=said) == []
    assert [text.en for text in said] == [
        "files of the course and syllabus",
        "doubling: lesson",
        "doubling: formulas and listings",
        "doubling: running its code",
        "doubling/write-double: proving the grader",
        "doubling: good",
    ]


@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS.keys())
def test_refuses(plant: Callable, small, check_small, snapshot) -> None:
    plant(small)
    found = check_small()
    assert found
    snapshot(found)


def test_a_day_of_review_that_has_not_passed_is_no_fault(small, check_small) -> None:
    dated(SAYS)(small)  # its day is today
    assert check_small() == []


def test_names_of_topics(small, check_small, snapshot) -> None:
    snapshot(check_small(("halving", "dubling")))


def test_a_topic_of_labs_alone_is_left_in_peace(small, check_small) -> None:
    small.replace(TOPIC, 'status = "lesson"', 'status = "labs"')
    small.remove(ZH)
    assert check_small() == []


def test_a_fault_of_the_syllabus_does_not_hide_those_of_a_lesson(small, check_small) -> None:
    small.replace("syllabus/topics.toml", "minutes = 40", "minutes = 4")
    small.replace(EN, "You can double.\n", "")
    assert {fault.where.split(",")[0].split(":")[0] for fault in check_small()} == {"syllabus/topics.toml", EN}


def test_no_snapshot_is_left_over(kept) -> None:
    assert kept == set(FAULTS) | {"test_names_of_topics"}
