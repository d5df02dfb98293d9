"""What each event says of a topic: the fold that mastery is derived from. Pure; the course bounds what it keeps.

    attempt   a pass 1, less for failures and hints before it and little after the solution was read; a wrong answer 0,
              and with more weight where the mistake has a name. What did not run, or timed out, says nothing.
    review    how a card stands (FSRS); what it is worth is worked out when it is asked for
    run       a lab that ended normally 1; a prediction of its first run 1 or 0
    place     an item of the placement test 1 or 0; at its end, what it held for known
    gate      the gate test: passed 1, else the share of right answers, half at most
    paper     an answer on the paper of a checkpoint 1 or 0; the newest of each exercise. Read from the attempt that it
              becomes when the paper has ended: before that nothing may tell what was right

Of an exercise the newest answers are kept; each counts half of the one after it. A pass within a day of another one of
the same exercise says nothing new.

Omits   the time an answer took, and who helped: neither is in the log
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from wenjin.study.course.graph import Course
from wenjin.study.memory import schedule
from wenjin.study.memory.schedule import Review, Standing
from wenjin.study.progress.recall import Happening

Kind = Literal["attempt", "card", "lab", "prediction", "place", "gate", "paper"]

EXERCISE = 1.0  # the weight of a judged exercise: the unit of all others
NAMED, UNNAMED = 0.6, 0.3  # of a wrong answer: a mistake that has a name is no slip of the pen
LAB, PREDICTION = 0.5, 0.2
ASKED, PLACED = 1.0, 2.0  # an item of the placement test; what it held for known when it ended
GATE = 2.5
PER_FAILURE, PER_HINT, LEAST = 0.1, 0.1, 0.3  # what a pass is worth less
READ = 0.3  # what a pass is worth on the day on which the solution was read
KEPT = 4  # answers of an exercise
UNDONE = 10  # answers of a card that can be taken back
PENDING = 64  # runs whose end is still awaited
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one event says: with this weight (not yet faded) that the topic is known to this degree. `note` names the
    reason for a weight or value that is not the usual one."""

    event: str
    kind: Kind
    subject: str
    at: datetime
    weight: float
    value: float
    note: str = ""


@dataclass(slots=True)
class Tries:
    """An exercise: failures and hints since the last pass, when the solution was read, and the newest marks."""

    failures: int = 0
    hints: int = 0
    read: datetime | None = None
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answered:
    """A card after one of its reviews."""

    event: str
    rating: int
    at: datetime
    standing: Standing


@dataclass(slots=True)
class Evidences:
    """The fold. `memory`: a topic as if it were a card; it grows with spaced successes, and serves where no card was
    reviewed."""

    course: Course
    tries: dict[str, Tries] = field(default_factory=dict)
    cards: dict[str, list[Answered]] = field(default_factory=dict)
    runs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)  # by topic, then by what they replace
    memory: dict[str, Standing] = field(default_factory=dict)
    _topics: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        topics = self.course.topics.values()
        self._topics = {e.id: topic.id for topic in topics for e in topic.exercises}
        self._topics |= {lab.id: topic.id for topic in topics for lab in topic.labs}
        self._topics |= {f"{topic.id}/{card.id}": topic.id for topic in topics for card in topic.cards}

    def take(self, event: Happening) -> None:
        """One more event, in the order of the log. What the course does not have (any more) is passed over."""
        match event.kind:
            case "attempt" if event.subject in self._topics and event.data.get("source") == "paper":
                self._paper(event)
            case "attempt" | "hint" | "solution" if event.subject in self._topics:
                self._exercise(event)
            case "review" | "undo" if event.subject in self._topics:
                self._card(event)
            case "run" if event.subject in self._topics:
                self._run(event)
            case "place":
                self._place(event)
            case "gate" if event.subject in self.course.topics:
                self._gate(event)

    def _exercise(self, event: Happening) -> None:
        tries = self.tries.setdefault(event.subject, Tries())
        if event.kind == "hint":
            tries.hints += 1
        elif event.kind == "solution":
            tries.read = event.at
        elif event.data.get("verdict") == "wrong":
            named = bool(event.data.get("name"))
            tries.failures += 1
            weight = EXERCISE * (NAMED if named else UNNAMED)
            self._keep(tries, mark(event, "attempt", weight, 0.0, "mistake" if named else "wrong"))
        elif event.data.get("verdict") == "pass":
            value, note = worth(tries, event.at)
            last = tries.marks[-1] if tries.marks else None
            tries.failures = tries.hints = 0
            if last is None or not last.value or event.at - last.at >= DAY:
                self._keep(tries, mark(event, "attempt", EXERCISE, value, note))
                self._remember(self._topics[event.subject], event.at, 3 if value >= 0.8 else 2)

    def _keep(self, tries: Tries, made: Mark) -> None:
        tries.marks = [*tries.marks, made][-KEPT:]

    def _card(self, event: Happening) -> None:
        given = self.cards.setdefault(event.subject, [])
        if event.kind == "undo":
            self.cards[event.subject] = [each for each in given if each.event != event.data.get("event")]
            return
        rating = event.data.get("rating")
        if rating in schedule.RATINGS and event.id not in [each.event for each in given]:
            before = given[-1].standing if given else schedule.NEW
            at = max(event.at, before.last) if before.last else event.at  # a clock that was set back
            after = schedule.after(before, Review(at, int(rating)), middle)
            given.append(Answered(event.id, int(rating), at, after))
            del given[:-UNDONE]

    def _run(self, event: Happening) -> None:
        run, what = str(event.data.get("run")), event.data.get("what")
        if what == "queued" and run not in self.runs:
            self.runs[run] = dict(event.data.get("prediction") or {})
            if len(self.runs) > PENDING:
                del self.runs[next(iter(self.runs))]
        elif what == "failed":
            self.runs.pop(run, None)
        elif what == "finished":
            self._finished(event, self.runs.pop(run, {}))

    def _finished(self, event: Happening, foretold: Mapping[str, str]) -> None:
        topic, basis = self._topics[event.subject], event.data.get("basis") or {}
        marks = self.marks.setdefault(topic, {})
        if normal(event.data):
            marks[f"lab {event.subject}"] = mark(event, "lab", LAB, 1.0)
            self._remember(topic, event.at, 3)
        for id, row in (basis.get("answers") or {}).items():
            key = f"prediction {event.subject} {id}"
            if id in foretold and key not in marks:  # whoever has seen a run does not foretell the next
                marks[key] = mark(event, "prediction", PREDICTION, float(foretold[id] == row["answer"]), id)

    def _place(self, event: Happening) -> None:
        what = event.data.get("what")
        if what == "answered" and event.data.get("topic") in self.course.topics:
            topic = str(event.data["topic"])
            self._sat(event, topic, ASKED, 1.0 if event.data.get("right") else 0.0, "")
        elif what == "ended":
            known = event.data.get("known") or {}
            for topic in known.keys() & self.course.topics.keys():
                self._sat(event, topic, PLACED, float(known[topic]), "placed")

    def _sat(self, event: Happening, topic: str, weight: float, value: float, note: str) -> None:
        """A placement's last word on a topic takes the place of its earlier ones."""
        self.marks.setdefault(topic, {})["place"] = mark(event, "place", weight, value, note)
        if value >= 0.5:
            self._remember(topic, event.at, 3)

    def _paper(self, event: Happening) -> None:
        if event.data.get("verdict") not in ("pass", "wrong"):
            return
        item, right = event.subject, event.data["verdict"] == "pass"
        self.marks.setdefault(self._topics[item], {})[f"paper {item}"] = mark(event, "paper", EXERCISE, float(right))
        if right:
            self._remember(self._topics[item], event.at, 3)

    def _gate(self, event: Happening) -> None:
        if event.data.get("what") != "ended":
            return
        passed, share = bool(event.data.get("passed")), float(event.data.get("share", 0.0))
        made = mark(event, "gate", GATE if passed else ASKED, 1.0 if passed else min(share, 0.5), "")
        self.marks.setdefault(event.subject, {})["gate"] = made
        if passed:
            self._remember(event.subject, event.at, 3)

    def _remember(self, topic: str, at: datetime, rating: int) -> None:
        before = self.memory.get(topic, schedule.NEW)
        at = max(at, before.last) if before.last else at
        self.memory[topic] = schedule.after(before, Review(at, rating), middle)

    def of(self, topic: str) -> list[Mark]:
        """The marks of a topic, but for its cards', oldest first."""
        found = list(self.marks.get(topic, {}).values())
        for exercise in self.course.topics[topic].exercises:
            marks = self.tries[exercise.id].marks if exercise.id in self.tries else []
            newest = len(marks) - 1
            found += [replace(each, weight=each.weight / 2 ** (newest - n)) for n, each in enumerate(marks)]
        return sorted(found, key=lambda each: each.at)

    def as_dict(self) -> dict[str, Any]:
        return {
            "tries": {id: plain(asdict(tries)) for id, tries in self.tries.items()},
            "cards": {id: [plain(asdict(each)) for each in given] for id, given in self.cards.items()},
            "runs": {run: dict(told) for run, told in self.runs.items()},
            "marks": {t: {key: plain(asdict(each)) for key, each in row.items()} for t, row in self.marks.items()},
            "memory": {topic: plain(asdict(standing)) for topic, standing in self.memory.items()},
        }

    @staticmethod
    def from_dict(row: Mapping[str, Any], course: Course) -> "Evidences":
        tries = {
            id: Tries(**timed(told) | {"marks": list(map(_mark, told["marks"]))}) for id, told in row["tries"].items()
        }
        cards = {
            id: [Answered(**timed(told) | {"standing": _standing(told["standing"])}) for told in given]
            for id, given in row["cards"].items()
        }
        marks = {topic: {key: _mark(told) for key, told in rows.items()} for topic, rows in row["marks"].items()}
        memory = {topic: _standing(told) for topic, told in row["memory"].items()}
        return Evidences(course, tries, cards, dict(row["runs"]), marks, memory)


def mark(event: Happening, kind: Kind, weight: float, value: float, note: str = "") -> Mark:
    return Mark(event.id, kind, event.subject, event.at.astimezone(UTC), weight, value, note)


def worth(tries: Tries, at: datetime) -> tuple[float, str]:
    """What a pass says, and why it is less than all."""
    if tries.read is not None and at - tries.read < DAY:
        return READ, "solution"
    value = max(LEAST, 1.0 - PER_FAILURE * tries.failures - PER_HINT * tries.hints)
    return value, "hints" if tries.hints else "tries" if tries.failures else "first"


def normal(data: Mapping[str, Any]) -> bool:
    """Was a finished run a normal one? As labs/verdict.py judges it: comparable, inside its bands, its claims held,
    no cause named."""
    basis, rows = data.get("basis") or {}, data.get("frames") or ()
    if not basis.get("comparable") or False in (data.get("claims") or {}).values():
        return False
    if any(row["frame"] == "cause" for row in rows):
        return False
    levels = {row["name"]: float(row["value"]) for row in rows if row["frame"] == "level"}
    bands: Mapping[str, Any] = basis.get("bands") or {}
    return all(name in levels and low <= levels[name] <= high for name, (low, high) in bands.items())


def middle(n: int) -> float:
    """No spreading of intervals: nothing is due here."""
    return 0.5


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON can hold it."""

    def told(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return plain(value)
        return [told(each) for each in value] if isinstance(value, list) else value

    return {key: told(value) for key, value in row.items()}


TIMES = ("at", "due", "last", "read")


def timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: datetime.fromisoformat(v) if key in TIMES and v else v for key, v in row.items()}


def _mark(row: Mapping[str, Any]) -> Mark:
    return Mark(**timed(row))


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(**timed(row))
