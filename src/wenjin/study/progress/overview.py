"""How far the learner has come, stage by stage: what is held, what is fading, what comes next. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from wenjin.study.course.graph import Course, Stage, Topic
from wenjin.study.progress.mastery import Mastery

NAMED = 3  # topics named as strengths, and as gaps


@dataclass(frozen=True, slots=True)
class Skill:
    """A topic and what is known of the learner's hold on it. `step` draws it: 0 nothing shown yet, to 4 held."""

    topic: Topic
    mastery: Mastery

    @property
    def step(self) -> int:
        return 0 if not self.mastery.evidence else 4 if self.mastery.standing == "known" else self.quarter

    @property
    def quarter(self) -> int:
        return 1 + min(2, int(self.mastery.value * 3))

    @property
    def percent(self) -> int:
        return round(100 * self.mastery.value)


@dataclass(frozen=True, slots=True)
class Part:
    """A stage with its topics in the order of the course. Strengths: what is held best; gaps: what was begun and is
    held least, fading first."""

    stage: Stage
    skills: tuple[Skill, ...]

    @property
    def known(self) -> int:
        return sum(skill.mastery.standing == "known" for skill in self.skills)

    @property
    def begun(self) -> bool:
        return any(skill.mastery.evidence for skill in self.skills)

    @property
    def strengths(self) -> tuple[Skill, ...]:
        held = [skill for skill in self.skills if skill.mastery.standing == "known"]
        return tuple(sorted(held, key=lambda skill: -skill.mastery.value)[:NAMED])

    @property
    def gaps(self) -> tuple[Skill, ...]:
        weak = [skill for skill in self.skills if skill.mastery.evidence and skill.mastery.standing != "known"]
        return tuple(sorted(weak, key=lambda skill: (skill.mastery.standing != "fading", skill.mastery.value))[:NAMED])


def parts(course: Course, mastery: Mapping[str, Mastery]) -> tuple[Part, ...]:
    """The stages that have topics."""
    found = []
    for stage in course.stages.values():
        skills = [Skill(topic, mastery[topic.id]) for topic in course.topics.values() if topic.stage == stage.id]
        if skills:
            found.append(Part(stage, tuple(skills)))
    return tuple(found)
