"""The skeleton of a lesson: what it holds, where, and what two languages share."""

from wenjin.study.course.lesson import parse

LESSON = """\ufeff# Title with $t$

One paragraph, `$no$` and `{{ not.this }}`.

## Why? {#why}

Because {{ one.number:.2f }}
of {{ one.total }} is $a_1 + b$, which costs $5 and $6.

### Principle

More words.

$$
\\begin{aligned} a &= b \\\\
c &= d \\end{aligned}
$$ {check="both_hold"}

:::{aside} By the way
```{run} one
number = 3  # ## no heading {#no}
```
:::

### Else

## How? {#how}

```python
$$ not a formula $$
```

```{figure} lab:speed loss alt="a falling line, then {{ one.number }}"
```

```{lab} speed heads=4 rate=1e-3
```

~~~{exercise} count
~~~
"""


def test_questions_parts_and_anchors() -> None:
    lesson = parse(LESSON)
    assert lesson.title == "Title with $t$"
    assert [(q.anchor, q.heading, q.line) for q in lesson.questions] == [("why", "Why?", 5), ("how", "How?", 27)]
    why, how = lesson.questions
    assert why.answer.startswith("Because {{ one.number:.2f }}\nof")
    assert how.answer == ""
    assert [(p.key, p.heading, p.line) for p in why.parts] == [("principle", "Principle", 10), (None, "Else", 25)]
    assert (why.asides, how.asides) == (1, 0)
    assert lesson.unclosed is None


def test_directives_with_their_arguments() -> None:
    run, figure, lab, exercise = parse(LESSON).directives
    assert (run.kind, run.argument, run.body, run.line) == ("run", "one", "number = 3  # ## no heading {#no}", 20)
    assert (figure.argument, figure.more) == ("lab:speed", ("loss",))
    assert dict(figure.options)["alt"] == "a falling line, then {{ one.number }}"
    assert (lab.argument, dict(lab.options)) == ("speed", {"heads": "4", "rate": "1e-3"})
    assert (exercise.kind, exercise.argument) == ("exercise", "count")


def test_formulas_and_values_with_their_lines() -> None:
    lesson = parse(LESSON)
    shown = [(f.tex.split()[0], f.display, f.check, f.line) for f in lesson.formulas]
    assert shown == [("\\begin{aligned}", True, "both_hold", 14), ("a_1", False, None, 8)]
    assert [(v.run, v.variable, v.spec, v.line) for v in lesson.values] == [
        ("one", "number", ".2f", 7),
        ("one", "total", "", 8),
    ]


def test_one_line_formula() -> None:
    (formula,) = parse('# T\n\n## Q {#q}\n\nA.\n\n$$ x = 1 $$ {check="one"}\n').formulas
    assert (formula.tex, formula.check, formula.line) == ("x = 1", "one", 7)


def test_words_are_not_part_of_the_skeleton() -> None:
    other = LESSON.replace("By the way", "旁注").replace("a falling line", "下降的线").replace("More words", "更多")
    assert [entry[:2] for entry in parse(other).skeleton()] == [entry[:2] for entry in parse(LESSON).skeleton()]
    changed = LESSON.replace("number = 3", "number = 4")
    assert [entry[:2] for entry in parse(changed).skeleton()] != [entry[:2] for entry in parse(LESSON).skeleton()]


def test_what_never_ends_is_told_with_its_line() -> None:
    assert parse("# T\n\n## Q {#q}\n\n```{run} x\nx = 1\n").unclosed == ("```", 5)
    assert parse("# T\n\n## Q {#q}\n\n$$\nx\n").unclosed == ("$$", 5)
    assert parse("# T\n\n## Q {#q}\n\n:::{aside} x\n").unclosed == (":::", 5)


def test_an_empty_file_is_an_empty_lesson() -> None:
    lesson = parse("")
    assert (lesson.title, lesson.questions, lesson.formulas) == ("", [], [])
