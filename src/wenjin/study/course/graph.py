"""The course as the rest of the school sees it: frozen, with everything by its id.

These classes are also the schema of the files: `rows.py` reads a table into one of them and refuses what they do not
name. Where the file says it otherwise (`[[unit]]` for `units`), the field's `row` says how.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from wenjin.kit.text import Text
from wenjin.study.course.form import Form
from wenjin.study.course.lab import LabTexts, Reference

FORMAT = 1

Kind = Literal["function", "class", "program", "numeric", "choice", "order", "proof"]
Status = Literal["planned", "labs", "lesson", "whole"]
CardKind = Literal["recall", "what-if", "find-error", "code"]
DataKind = Literal["shipped", "package", "made", "generated", "built", "own-files", "learner"]
ItemKind = Literal["theory", "practice", "tool", "feature", "project", "resource", "method"]
ProjectKind = Literal["capstone", "project"]
Rule = Literal["placement", "missing-prerequisites", "changed-since-last-visit"]
ResourceKind = Literal["book", "course", "video", "paper", "site", "platform", "dataset", "documentation"]


UNFILED = {"row": None}  # the metadata of a field that the file does not hold


@dataclass(frozen=True, slots=True)
class Stage:
    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Source:
    """A publication behind a topic, and what to read it for."""

    title: str
    authors: str
    year: int
    read_for: Text
    doi: str | None = None
    arxiv: str | None = None
    address: str | None = None

    @property
    def link(self) -> str:
        """Where it can be found."""
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://doi.org/{self.doi}" if self.doi else self.address or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """An exercise. `asks` is the syllabus's sentence for authors; title, task, hints and starter are there once the
    folder is (`written`). `task` is Markdown without its title and its hints."""

    id: str = field(default="", metadata=UNFILED)
    topic: str = field(default="", metadata=UNFILED)
    name: str = field(metadata={"row": "id"})
    kind: Kind | None
    asks: str
    misconceptions: tuple[str, ...]
    title: Text | None = field(default=None, metadata=UNFILED)
    task: Text | None = field(default=None, metadata=UNFILED)
    hints: tuple[Text, ...] = field(default=(), metadata=UNFILED)
    starter: str = field(default="", metadata=UNFILED)
    folder: Path | None = field(default=None, metadata=UNFILED)

    @property
    def written(self) -> bool:
        return self.folder is not None

    @property
    def code(self) -> bool:
        """Is the answer a program?"""
        return self.kind in ("function", "class", "program")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab: what it asks, the data it names, what its run must measure, its minutes on two cores. Form and texts are
    there once its files are (`written`), the reference once its author has recorded a run."""

    id: str = field(default="", metadata=UNFILED)
    topic: str = field(default="", metadata=UNFILED)
    name: str = field(metadata={"row": "id"})
    asks: str
    data: tuple[str, ...]
    result: str
    minutes: float
    form: Form | None = field(default=None, metadata=UNFILED)
    texts: LabTexts | None = field(default=None, metadata=UNFILED)
    reference: Reference | None = field(default=None, metadata=UNFILED)
    folder: Path | None = field(default=None, metadata=UNFILED)

    @property
    def written(self) -> bool:
        return self.folder is not None

    @property
    def title(self) -> Text | None:
        return self.texts.title if self.texts else None

    @property
    def asks_text(self) -> Text | None:
        """What it asks, for learners."""
        return self.texts.asks if self.texts else None

    @property
    def file(self) -> Path | None:
        """Its program."""
        return self.folder / f"{self.name.replace('-', '_')}.py" if self.folder else None


@dataclass(frozen=True, slots=True)
class Wording:
    """Another way to ask what a card asks. Its `back` is the card's where it has none of its own."""

    front: Text
    back: Text | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A review card. `section` is the anchor of the lesson's question that answers it; `other` are other wordings, so
    that what is learned is the answer and not the sentence."""

    id: str
    kind: CardKind
    section: str
    front: Text
    back: Text
    other: tuple[Wording, ...] = ()

    @property
    def sides(self) -> tuple[tuple[Text, Text], ...]:
        """Question and answer in each of its wordings, its own first."""
        return (self.front, self.back), *((one.front, one.back or self.back) for one in self.other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic. `status`: planned (a row of the syllabus), labs, lesson (labs pending) or whole.

    `wanted_cards` is how many cards the topic promises; `cards` are those that stand."""

    id: str
    stage: str
    title: Text
    question: Text
    prerequisites: tuple[str, ...]
    minutes: int
    library: tuple[str, ...]
    exercises: tuple[Exercise, ...] = field(metadata={"row": "exercise"})
    labs: tuple[Lab, ...] = field(metadata={"row": "lab"})
    wanted_cards: int = field(metadata={"row": "cards"})
    covers: tuple[str, ...]
    status: Status = "planned"
    cards: tuple[Card, ...] = field(default=(), metadata=UNFILED)
    folder: Path | None = field(default=None, metadata=UNFILED)
    goal: Text | None = None
    outside: Text | None = None
    teaches: tuple[Text, ...] = ()
    sources: tuple[Source, ...] = field(default=(), metadata={"row": "source"})

    @property
    def written(self) -> bool:
        """Is there a lesson to read?"""
        return self.status in ("lesson", "whole")


@dataclass(frozen=True, slots=True)
class Task:
    """What a learner does in a unit, and what carries it: `topic/lab`, `topic/exercise` or `project:id`."""

    title: Text
    does: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A week, stage, chapter or module of a track. `revisits`: topics met earlier and deepened here."""

    id: str
    kind: str
    number: str
    title: Text
    topics: tuple[str, ...]
    tasks: tuple[Task, ...]
    checkpoint: Text
    resources: tuple[str, ...]
    part: Text | None = None
    audience: Text | None = None
    revisits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackPath:
    """A way through a track for one kind of learner; `rule` says how its units are chosen for them."""

    id: str
    title: Text
    units: tuple[str, ...]
    rule: Rule | None = None
    role: bool = False
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageTest:
    id: str
    title: Text
    units: tuple[str, ...]
    kind: Literal["test", "project"]
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One order through the topics. Hours are (least, most)."""

    id: str
    title: Text
    audience: Text
    idea: Text
    covers: tuple[str, ...]
    units: tuple[Unit, ...] = field(metadata={"row": "unit"})
    paths: tuple[TrackPath, ...] = field(default=(), metadata={"row": "path"})
    stage_tests: tuple[StageTest, ...] = field(default=(), metadata={"row": "stage_test"})
    resources: tuple[str, ...] = ()
    capstones: tuple[str, ...] = ()
    weekly_check: tuple[str, ...] = ()
    weekday_hours: tuple[float, ...] = ()
    weekend_hours: tuple[float, ...] = ()
    week_hours: tuple[float, ...] = ()

    @property
    def topics(self) -> tuple[str, ...]:
        """Its topics in the order in which they are met."""
        return tuple(topic for unit in self.units for topic in unit.topics)


@dataclass(frozen=True, slots=True)
class Data:
    """A data source that labs and projects name. `fallback`: another source's id, the same in both, or what it is."""

    id: str
    kind: DataKind
    holds: Text
    origin: Text
    online: str | None = None
    fallback: Text | None = None


@dataclass(frozen=True, slots=True)
class CauseTexts:
    """What can be wrong with a run: what it showed, the usual reason, what to try. {blanks} are filled by facts."""

    id: str
    title: Text
    reason: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Acceptance:
    id: str
    measures: str


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    kind: ProjectKind
    title: Text
    brief: Text
    topics: tuple[str, ...]
    data: tuple[str, ...]
    hours: int
    milestones: tuple[str, ...]
    acceptance: tuple[Acceptance, ...]
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    id: str
    title: Text
    does: str
    check: str
    covers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    id: str
    kind: ResourceKind
    title: Text
    why: Text
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a track's source text asks for, what carries it, and what shows that it works."""

    id: str
    track: str
    text: str
    kind: ItemKind
    carried_by: tuple[str, ...]
    evidence: tuple[str, ...]
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """Everything, by id. `topics` stand in the order of the map: by stage, prerequisites first."""

    root: Path
    stages: Mapping[str, Stage]
    topics: Mapping[str, Topic]
    tracks: Mapping[str, Track]
    sources: Mapping[str, Data]
    projects: Mapping[str, Project]
    features: Mapping[str, Feature]
    resources: Mapping[str, Resource]
    coverage: Mapping[str, Item]
    modules: Mapping[str, str]
    causes: Mapping[str, CauseTexts] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def exercises(self) -> Mapping[str, Exercise]:
        """All exercises by id, `topic/name`, in the order of the topics."""
        return MappingProxyType({e.id: e for topic in self.topics.values() for e in topic.exercises})

    def exercise(self, name: str) -> Exercise | None:
        """The written exercise called `topic/name`, or `name` where only one topic has it."""
        written = [e for e in self.exercises.values() if e.written]
        found = [e for e in written if name in (e.id, e.name)]
        return found[0] if len(found) == 1 else None

    @property
    def labs(self) -> Mapping[str, Lab]:
        """All labs by id, `topic/name`, in the order of the topics."""
        return MappingProxyType({lab.id: lab for topic in self.topics.values() for lab in topic.labs})

    def lab(self, name: str) -> Lab | None:
        """The written lab called `topic/name`, or `name` where only one topic has it."""
        found = [lab for lab in self.labs.values() if lab.written and name in (lab.id, lab.name)]
        return found[0] if len(found) == 1 else None
