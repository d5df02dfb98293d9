"""The exercises of python-core: right answers pass in any style, and every mistake is told by its own name."""

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import wenjin
from wenjin.kit.exercise import Code, Numeric
from wenjin.study.judge import answers
from wenjin.study.judge.code import Trial
from wenjin.study.judge.compare import difference
from wenjin.study.judge.messages import mistake_text
from wenjin.study.judge.prove import told
from wenjin.study.judge.reference import Reference, checked
from wenjin.study.judge.shelf import Shelf
from wenjin.study.sandbox.inside import frames, observe

ROOT = Path(wenjin.__file__).parent / "curriculum"
FOLDER = ROOT / "python" / "python_core"
SHELF = Shelf(ROOT)
NAMES = ("alias-or-copy", "argument-passing", "vocabulary-class")
CODES = NAMES[1:]

Count = Callable[[int], int]


def exercise(name: str) -> Any:
    return SHELF.get(f"python-core/{name}").exercise


PREDICT: Numeric = exercise("alias-or-copy")


@cache
def reference(name: str, seed: int) -> Reference:
    code: Code = exercise(name)
    return Reference(code, seed)


def file(name: str, which: str) -> str:
    return (FOLDER / "exercises" / name.replace("-", "_") / f"{which}.py").read_text(encoding="utf-8")


def judged(name: str, source: str, seed: int = 0) -> Any:
    """The verdict on a program; its cases come in any order, and any half of them twice, as in the sandbox."""
    space: dict[str, Any] = {}
    exec(compile(source, "answer.py", "exec"), space)
    one = reference(name, seed)
    trial = Trial(one.exercise, one, random.Random(0))
    dice, order = random.Random(seed), list(range(len(one.cases)))
    order += dice.sample(order, (len(order) + 1) // 2)
    dice.shuffle(order)
    for n in order:
        raw = observe.call(space["session"], *frames.revive(one.inputs[n]), frames.raw)
        seen, before = checked(frames.read(frames.write(raw))), trial.seen[n]
        varies = before is not None and difference(seen, before, 0.0) is not None
        trial.seen[n] = {**seen, "varies": True} if varies else seen
    return trial.verdict()


def with_session(name: str, head: str) -> str:
    """A head in another style, with the session that the learner is given."""
    return head + file(name, "starter").partition("# ---- given")[2].partition("\n")[2]


# ---- alias-or-copy ----


def answered(answer: dict[str, Any], variant: int) -> Any:
    return answers.judge(PREDICT, json.dumps({"variant": variant, "answer": answer}).encode())


def test_python_itself_runs_the_program_that_is_shown_and_agrees(count: Count) -> None:
    for variant in range(count(400)):
        givens = PREDICT.draw(random.Random(variant))
        shown = PREDICT.show(givens).en.partition("```python\n")[2].removesuffix("```")
        space: dict[str, Any] = {}
        exec(shown, space)
        answer = {name: space[name] for name in "abcdef"}
        assert answer == PREDICT.solution(givens), variant
        assert answered(answer, variant).verdict == "pass"


def test_every_belief_about_the_program_is_told(count: Count) -> None:
    for variant in range(count(400)):
        givens = PREDICT.draw(random.Random(variant))
        for name in PREDICT.mistakes:
            believed = PREDICT.solution(givens, fault=frozenset((name,)))
            assert answered(believed, variant).name == name, variant


# ---- the two programs ----


@pytest.mark.parametrize("name", CODES)
def test_every_mistake_is_told_by_its_own_name(name: str, count: Count) -> None:
    for seed in range(count(60)):
        one = Reference(exercise(name), seed)
        for mistake in one.exercise.mistakes:
            assert told(one, frozenset((mistake,))).name == mistake, seed


@pytest.mark.parametrize("name", CODES)
def test_the_solution_passes_and_the_starter_is_told_something_true(name: str) -> None:
    assert judged(name, file(name, "solution")).verdict == "pass"
    assert judged(name, file(name, "starter")).name in exercise(name).mistakes


@pytest.mark.parametrize("name", CODES)
def test_the_session_that_is_given_is_the_one_that_is_judged(name: str) -> None:
    """What the learner is given does on the solution what the grader's own does."""
    given = file(name, "starter").partition("# ---- given")[2]
    assert given == file(name, "solution").partition("# ---- given")[2]
    assert given.count("def session(") == 1


ARGUMENTS = {
    "a tuple as the mark of none": """
NONE = ()

def collect(word, into=NONE):
    answer = [] if into is NONE else into
    answer += [word]
    return answer

def ranked(words, *, reverse=False):
    copy = words[:]
    copy.sort(reverse=reverse)
    return copy

class logged:
    def __init__(self, function):
        self.function, self.calls = function, 0
        self.__name__, self.__doc__ = function.__name__, function.__doc__

    def __call__(self, *a, **k):
        self.calls += 1
        return self.function(*a, **k)
""",
    "insert and nonlocal": """
def collect(word, into=None):
    into = [] if into is None else into
    into.insert(len(into), word)
    return into

def ranked(words, *, reverse=False):
    return list(reversed(sorted(words))) if reverse else sorted(words)

def logged(function):
    count = 0
    def around(*positional, **named):
        nonlocal count
        count += 1
        around.calls = count
        return function(*positional, **named)
    around.calls = count
    around.__name__, around.__doc__ = function.__name__, function.__doc__
    return around
""",
}

VOCABULARIES = {
    "a Counter, numbered when asked": """
from collections import Counter

class Vocabulary:
    def __init__(self, words=(), unknown="<unk>"):
        self.unknown, self.counts = unknown, Counter(words)

    def add(self, words):
        self.counts.update(words)

    def count(self, word):
        return self.counts[word]

    def copy(self):
        return Vocabulary(self.counts.elements(), self.unknown)

    def __iter__(self):
        yield self.unknown
        yield from sorted(sorted(self.counts), key=self.counts.get, reverse=True)

    def __len__(self):
        return len(self.counts) + 1

    def __contains__(self, word):
        return word == self.unknown or word in self.counts

    def __getitem__(self, word):
        return list(self).index(word) if word in self else 0

    def __eq__(self, other):
        return type(other) is Vocabulary and vars(self) == vars(other)
""",
    "deepcopy and a list": """
from copy import deepcopy

class Vocabulary:
    def __init__(self, words=(), unknown="<unk>"):
        self.unknown = unknown
        self.rows = []
        self.add(words)

    def add(self, words):
        for word in words:
            for row in self.rows:
                if row[1] == word:
                    row[0] -= 1
                    break
            else:
                self.rows.append([-1, word])
        self.rows.sort()

    def count(self, word):
        return sum(-n for n, other in self.rows if other == word)

    def copy(self):
        return deepcopy(self)

    def symbols(self):
        return [self.unknown] + [word for _, word in self.rows]

    def __iter__(self):
        return iter(self.symbols())

    def __len__(self):
        return 1 + len(self.rows)

    def __contains__(self, word):
        return word in self.symbols()

    def __getitem__(self, word):
        return self.symbols().index(word) if word in self else 0

    def __eq__(self, other):
        if isinstance(other, Vocabulary):
            return self.unknown == other.unknown and self.rows == other.rows
        return NotImplemented
""",
}


@pytest.mark.parametrize("style", ARGUMENTS)
def test_right_functions_of_other_styles_pass(style: str, count: Count) -> None:
    for seed in range(count(60)):
        assert judged("argument-passing", with_session("argument-passing", ARGUMENTS[style]), seed).verdict == "pass"


@pytest.mark.parametrize("style", VOCABULARIES)
def test_right_classes_of_other_styles_pass(style: str, count: Count) -> None:
    for seed in range(count(60)):
        verdict = judged("vocabulary-class", with_session("vocabulary-class", VOCABULARIES[style]), seed)
        assert verdict.verdict == "pass", verdict


EQUAL = "(self.unknown, self.counts) == (other.unknown, other.counts)"
LOOP = """\
self.at = -1
        return self

    def __next__(self):
        self.at += 1
        if self.at < len(self.ids):
            return list(self.ids)[self.at]
        raise StopIteration"""
ASKING = """\
if word not in self.counts:
            self.counts[word] = 0
            self.add([])
        return self.counts[word]"""
VARIADIC = "def wrapper(*args, **kwargs):"

# One line of the solution, written as somebody with that belief writes it, and not as grade.py does.
SLIPS = {
    "argument-passing": {
        "default-made-at-each-call": ("into=None", "into=[]"),
        "empty-is-missing": ("if into is None:", "if not into:"),
        "rebinding-reaches-the-caller": ("into.append(word)", "into = into + [word]"),
        "arguments-passed-by-value": (
            "return sorted(words, reverse=reverse)",
            "words.sort(reverse=reverse)\n    return words",
        ),
        "sort-returns-the-list": ("return sorted(words, reverse=reverse)", "return words.sort(reverse=reverse)"),
        "packed-twice": ("return function(*args, **kwargs)", "return function(args, kwargs)"),
        "first-argument-only": (VARIADIC, "def wrapper(first, **kwargs):\n        args = [first]"),
        "keywords-dropped": (VARIADIC, "def wrapper(*args):\n        kwargs = {}"),
        "result-lost": ("return function(*args, **kwargs)", "function(*args, **kwargs)"),
        "name-lost": ("    @functools.wraps(function)\n", ""),
        "one-count-for-all": (
            "wrapper.calls += 1",
            "logged.calls = getattr(logged, 'calls', 0) + 1\n        wrapper.calls = logged.calls",
        ),
    },
    "vocabulary-class": {
        "class-attribute-shared": ("self.counts = {}  #", "pass  #"),
        "dict-order-is-sorted": ("(-self.counts[word], word)", "-self.counts[word]"),
        "counts-rank-themselves": ("ranked = sorted(", "ranked = list(self.counts) or sorted("),
        "equal-means-identical": ("def __eq__", "def equals"),
        "compares-with-anything": ("            return NotImplemented\n", "            pass\n"),
        "equality-sees-words-only": (EQUAL, "self.ids == other.ids"),
        "equality-sees-order": (EQUAL, f"list(self.counts) == list(other.counts) and {EQUAL}"),
        "hash-of-what-changes": ("__hash__ = None", "__hash__ = lambda self: hash(tuple(self.counts))"),
        "iterates-only-once": (
            "return iter(self.ids)",
            "self.once = getattr(self, 'once', None) or iter(list(self.ids))\n        return self.once",
        ),
        "loops-share-a-position": (
            "return iter(self.ids)",
            LOOP,
        ),
        "asking-adds": ("return self.counts.get(word, 0)", ASKING),
        "unknown-raises": ("return self.ids.get(word, 0)", "return self.ids[word]"),
        "ids-made-once": ("self.ids = {word", "self.ids = getattr(self, 'ids', None) or {word"),
        "copy-shares-the-counts": ("other.counts = dict(self.counts)", "other.counts = self.counts"),
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "mistake"), [(name, slip) for name in CODES for slip in SLIPS[name]])
def test_a_slip_in_the_solution_is_told_by_its_name(name: str, mistake: str, count: Count) -> None:
    assert SLIPS[name].keys() == exercise(name).mistakes.keys()
    right, wrong = SLIPS[name][mistake]
    source = file(name, "solution")
    assert right in source
    if mistake == "class-attribute-shared":
        source = source.replace("    def __init__", "    counts = {}\n\n    def __init__", 1)
    if mistake == "equal-means-identical":
        source = source.replace("    __hash__ = None", "    # no __hash__")
    for seed in range(count(100)):
        assert judged(name, source.replace(right, wrong, 1), seed).name == mistake, seed


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_short_and_point_into_the_lesson(name: str) -> None:
    lessons = [(FOLDER / f"lesson.{language}.md").read_text(encoding="utf-8") for language in ("zh", "en")]
    for mistake in exercise(name).mistakes.values():
        text = mistake_text(mistake)
        assert len(text.zh) <= 500, mistake.name
        assert len(text.en) <= 500, mistake.name
        assert all(f"{{#{mistake.section}}}" in lesson for lesson in lessons), mistake.name
