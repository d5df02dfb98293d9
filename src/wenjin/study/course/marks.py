"""What stands for the present content of a topic: a hash of its facts and of the files that a learner meets.

Two courses give a topic the same mark when they teach the same in it. What an author recorded or checks by does not
count.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from wenjin.study.course.graph import Course, Topic

READ = ("topic.toml", "lesson.zh.md", "lesson.en.md", "cards.toml", "pitfalls.toml")
BELOW = ("exercises/*/*", "labs/*")


def marks(course: Course) -> dict[str, str]:
    """Topic -> its mark."""
    return {topic.id: mark(topic) for topic in course.topics.values()}


def met(course: Course, every: Mapping[str, str]) -> dict[str, str]:
    """Of these marks those of the topics that can be read: what a learner has met of the course who looks at it now."""
    return {id: mark for id, mark in every.items() if course.topics[id].written}


def mark(topic: Topic) -> str:
    """The mark of one topic; its files are read."""
    found = hashlib.sha256(repr(replace(topic, folder=None, exercises=(), labs=(), cards=())).encode())
    asked = [(exercise.id, exercise.asks) for exercise in topic.exercises] + [(lab.id, lab.asks) for lab in topic.labs]
    found.update(repr(asked).encode())
    if topic.folder is not None:
        files = [topic.folder / name for name in READ]
        files += [path for below in BELOW for path in topic.folder.glob(below)]
        for path in sorted(path for path in files if path.is_file()):
            found.update(path.relative_to(topic.folder).as_posix().encode() + b"\n" + path.read_bytes())
    return found.hexdigest()[:16]
