"""A course of the real size for tests: the real graph, tracks and syllabus, with every topic written by a program.

Each topic has a short lesson in both languages, two exercises with fresh numbers, one of choices, and five cards; its
labs are promised, as in the syllabus, and not written. Where a track or the coverage names an exercise of the real
topic, it names the first one here.
"""

import json
import re
import shutil
from pathlib import Path

from wenjin.study.course.graph import Course, Topic
from wenjin.study.course.load import CURRICULUM, load

EXERCISES = ("reckon-forward", "reckon-back", "choose-the-rule")
CARDS = 5
SECTIONS = ("what", "how", "why")

LESSON = """# {title}

{intro}

## {what} {{#what}}

{short}

### {principle}

{short}

## {how} {{#how}}

{short}

### {practice}

```{{exercise}} reckon-forward
```

```{{exercise}} reckon-back
```

## {why} {{#why}}

{short}

```{{exercise}} choose-the-rule
```
"""
CLOSING = {
    "zh": "\n## 小结 {#summary}\n\n会算了。\n\n## 易错 {#mistakes}\n\n少加一次。\n\n## 延伸 {#further}\n\n没有。\n"
    "\n## 接下来的问题 {#next}\n\n下一个主题。\n",
    "en": "\n## Summary {#summary}\n\nYou can reckon it.\n\n## Common mistakes {#mistakes}\n\nAdding once too little."
    "\n\n## Further reading {#further}\n\nNone.\n\n## Questions this opens {#next}\n\nThe next topic.\n",
}
WORDS = {
    "zh": ("怎样算出 {n}？", "为什么是 {n}？", "{n} 是什么？", "原理", "实践", "规则是：乘以 {n}，再加一。"),
    "en": (
        "How is {n} reckoned?",
        "Why is it {n}?",
        "What does {n} do?",
        "Principle",
        "Practice",
        "The rule: times {n}, and one more.",
    ),
}
NUMERIC = '''"""{id}: the rule of this topic, times {n} and one more."""

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text


def draw(dice):
    return {{"x": dice.randint(2, 97)}}


def show(givens):
    return Text(f"{say_zh}", f"{say_en}")


def solution(givens, fault=frozenset()):
    one = 0 if "forgets-the-one" in fault else 1
    return {{"y": {rule}}}


exercise = Numeric(
    fields=(Field("y", Text("结果", "result"), tolerance=0.01),),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=read_mistakes(__file__),
)
'''
CHOICE = '''"""{id}: which rule this topic has."""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text

exercise = Choice(
    steps=(
        Step(
            "rule",
            Text("这个主题的规则？", "The rule of this topic?"),
            (
                Option("right", Text("乘以 {n}，再加一", "times {n}, and one more")),
                Option("bare", Text("乘以 {n}", "times {n}"), "forgets-the-one"),
                Option("twice", Text("乘以 {n}，再加二", "times {n}, and two more"), "adds-two"),
            ),
        ),
    ),
    mistakes=read_mistakes(__file__),
)
'''
MISTAKE = """[{name}]
title = {{ zh = "{zh}", en = "{en}" }}
why = {{ zh = "规则里有一个加一。", en = "The rule has one more." }}
repair = {{ zh = "最后加一。", en = "Add one at the end." }}
section = "how"
"""
FORGETS = MISTAKE.format(name="forgets-the-one", zh="忘了加一", en="The one was forgotten")
ADDS = MISTAKE.format(name="adds-two", zh="加了二", en="Two was added")


def generated(root: Path) -> Path:
    """Lay the course below `root`, an empty or missing folder, and return it."""
    real = load()
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(CURRICULUM / "causes.toml", root)
    for folder in ("syllabus", "tracks"):
        (root / folder).mkdir()
        for file in (CURRICULUM / folder).glob("*.toml"):
            (root / folder / file.name).write_text(renamed(file.read_text("utf-8"), real), "utf-8")
    (root / "syllabus" / "topics.toml").write_text(stages(real), "utf-8")
    for number, topic in enumerate(real.topics.values(), 2):
        lay(root / snake(topic.stage) / snake(topic.id), topic, number)
    return root


def renamed(text: str, real: Course) -> str:
    """The same with the exercises of each topic called by the first one that is written here; a list names it once."""
    for topic in real.topics.values():
        names = "|".join(exercise.name for exercise in topic.exercises)
        ours = f'"{topic.id}/{EXERCISES[0]}"'
        text = re.sub(f'"{topic.id}/(?:{names})"', ours, text)
        text = re.sub(rf"{ours}(?:,\s*{ours})+", ours, text)
    return text


def stages(real: Course) -> str:
    rows = [f"[[stage]]\nid = {told(stage.id)}\ntitle = {text(stage.title)}\n" for stage in real.stages.values()]
    modules = [f"{told(name)} = {told(what)}" for name, what in real.modules.items()]
    return "format = 1\n\n" + "\n".join(rows) + "\n[modules]\n" + "\n".join(modules) + "\n"


def lay(folder: Path, topic: Topic, number: int) -> None:
    """The folder of one topic."""
    folder.mkdir(parents=True)
    (folder / "topic.toml").write_text(facts(topic), "utf-8")
    for language in ("zh", "en"):
        how, why, what, principle, practice, short = (word.format(n=number) for word in WORDS[language])
        lesson = LESSON.format(
            title=topic.title["zh" if language == "zh" else "en"],
            intro=short,
            what=what,
            how=how,
            why=why,
            principle=principle,
            practice=practice,
            short=short,
        )
        (folder / f"lesson.{language}.md").write_text(lesson + CLOSING[language], "utf-8")
    (folder / "cards.toml").write_text(cards(number), "utf-8")
    for name in EXERCISES:
        exercise(folder / "exercises" / snake(name), f"{topic.id}/{name}", number)


def facts(topic: Topic) -> str:
    rows = [
        "format = 1",
        'status = "lesson"',
        f"title = {text(topic.title)}",
        f"question = {text(topic.question)}",
        'goal = { zh = "会算。", en = "Reckon it." }',
        'outside = { zh = "别的。", en = "The rest." }',
        'teaches = [{ zh = "一条规则", en = "A rule" }]',
        f"prerequisites = {told(topic.prerequisites)}",
        f"minutes = {topic.minutes}",
        f"library = {told(topic.library)}",
        f"cards = {CARDS}",
        f"covers = {told(topic.covers)}",
    ]
    for name in EXERCISES:
        kind = "choice" if name.startswith("choose") else "numeric"
        rows += ["", "[[exercise]]", f"id = {told(name)}", f'kind = "{kind}"', 'asks = "The rule."']
        rows.append('misconceptions = ["forgets-the-one"]')
    for lab in topic.labs:
        rows += ["", "[[lab]]", f"id = {told(lab.name)}", f"asks = {told(lab.asks)}", f"data = {told(lab.data)}"]
        rows += [f"result = {told(lab.result)}", f"minutes = {lab.minutes}"]
    return "\n".join(rows) + "\n"


def cards(number: int) -> str:
    rows = ["format = 1"]
    for n in range(CARDS):
        rows.append(
            f'\n[[card]]\nid = "times-{n}"\nkind = "recall"\nsection = "{SECTIONS[n % 3]}"\n'
            f'front = {{ zh = "{n} 的 {number} 倍再加一？", en = "{n} times {number} and one more?" }}\n'
            f'back = {{ zh = "{n * number + 1}。", en = "{n * number + 1}." }}'
        )
    return "\n".join(rows) + "\n"


def exercise(folder: Path, id: str, number: int) -> None:
    """The folder of one exercise."""
    folder.mkdir(parents=True)
    if id.endswith("choose-the-rule"):
        grade, mistakes = CHOICE.format(id=id, n=number), FORGETS + ADDS
    else:
        back = id.endswith("back")
        given = "givens['x']" if not back else f"{number} * givens['x'] + 1"
        grade = NUMERIC.format(
            id=id,
            n=number,
            say_zh=f"{'规则给出' if back else '把规则用在'} {{{given}}}",
            say_en=f"{'The rule gave' if back else 'Use the rule on'} {{{given}}}",
            rule=f"({number} * givens['x'] + 1 - one) / {number}" if back else f"{number} * givens['x'] + one",
        )
        mistakes = FORGETS
    (folder / "grade.py").write_text(grade, "utf-8")
    (folder / "mistakes.toml").write_text(mistakes, "utf-8")
    zh = f"# 用规则\n\n乘以 {number}，再加一。\n\n## 提示\n\n1. 先乘。\n2. 再加。\n"
    en = f"# Use the rule\n\nTimes {number}, and one more.\n\n## Hints\n\n1. First the product.\n2. Then the one.\n"
    (folder / "task.zh.md").write_text(zh, "utf-8")
    (folder / "task.en.md").write_text(en, "utf-8")


def snake(name: str) -> str:
    return name.replace("-", "_")


def told(value: object) -> str:
    """A value as TOML writes it; for texts, numbers and lists of them JSON writes the same."""
    return json.dumps(value, ensure_ascii=False)


def text(value: object) -> str:
    return f"{{ zh = {told(value['zh'])}, en = {told(value['en'])} }}"  # type: ignore[index]
