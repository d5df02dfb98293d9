"""What an ended sitting says of each topic: what was right, which mistakes have a name, where to read again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from wenjin.study.course.graph import Course, Exercise, Topic
from wenjin.study.progress.paper import Answered, Sat, Scope, Sitting, Sittings, scopes


@dataclass(frozen=True, slots=True)
class Question:
    """A judged question and its last answer; None where it was left open. `exercise` is None once the course has it no
    more: the answer stays."""

    id: str
    variant: int
    exercise: Exercise | None
    answer: Answered | None

    @property
    def right(self) -> bool:
        return self.answer is not None and self.answer.verdict == "pass"


@dataclass(frozen=True, slots=True)
class Found:
    """A topic on the paper. `revisit`: anchors of the lesson that the mistakes point at; empty means all of it."""

    topic: Topic | None
    id: str
    questions: tuple[Question, ...]
    revisit: tuple[str, ...]

    @property
    def right(self) -> int:
        return sum(question.right for question in self.questions)

    @property
    def all(self) -> int:
        return len(self.questions)

    @property
    def weak(self) -> bool:
        return self.right < self.all


@dataclass(frozen=True, slots=True)
class Rated:
    """A card of the paper: what was typed, and how the learner rated that, 1 to 4, or 0 for not yet."""

    id: str
    typed: str
    rating: int


@dataclass(frozen=True, slots=True)
class Report:
    """`before` and `after`: other sittings of the same unit or test that have ended, in their order."""

    sitting: Sitting
    scope: Scope | None
    topics: tuple[Found, ...]
    cards: tuple[Rated, ...]
    before: tuple[Sat, ...]
    after: tuple[Sat, ...]

    @property
    def right(self) -> int:
        return self.sitting.right

    @property
    def all(self) -> int:
        return len(self.sitting.items)

    @property
    def passed(self) -> bool:
        return self.right >= self.sitting.least

    @property
    def untimed(self) -> tuple[int, ...]:
        """The numbers of the questions that were answered while the clock stood."""
        items = [id for id, _ in self.sitting.items]
        return tuple(n for n, id in enumerate(items, 1) if id in self.sitting.untimed)

    @property
    def weak(self) -> tuple[Found, ...]:
        """The topics to come back to, the weakest first."""
        return tuple(sorted((found for found in self.topics if found.weak), key=lambda one: one.right / one.all))


def report(sat: Sitting, others: Sittings, course: Course) -> Report:
    """The report of a sitting; `others` are all sittings, for comparison."""
    topics: dict[str, list[Question]] = {}
    for id, variant in sat.items:
        question = Question(id, variant, course.exercises.get(id), sat.answers.get(id))
        topics.setdefault(id.partition("/")[0], []).append(question)
    cards = []
    for card in sat.cards:
        typed = sat.typed.get(card)
        cards.append(Rated(card, typed.text if typed else "", sat.ratings.get(card, 0)))
    past = [one for one in others.over(sat.of) if one.id != sat.id]
    at = sat.ended or sat.began
    assert at is not None
    return Report(
        sat,
        scopes(course).get(sat.of),
        tuple(Found(course.topics.get(id), id, tuple(asked), revisit(asked)) for id, asked in topics.items()),
        tuple(cards),
        tuple(one for one in past if one.ended and one.ended <= at),
        tuple(one for one in past if one.ended and one.ended > at),
    )


def revisit(questions: Iterable[Question]) -> tuple[str, ...]:
    """The sections that wrong answers point at, each once, in the order of the questions."""
    wrong = [q.answer for q in questions if q.answer is not None and not q.right]
    return tuple(dict.fromkeys(answer.section for answer in wrong if answer.section))
