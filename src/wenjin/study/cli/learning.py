"""What the commands of tracks, plan and map share: the course, the learner as the log has made them, and refusals."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.records import kept
from wenjin.study.cli.terminal import clean, fail, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course, Topic, Track, TrackPath
    from wenjin.study.progress.work import Learner
    from wenjin.study.store.log import Log
    from wenjin.study.web.record import Record as Kept

NO_TRACK = Text("没有名为 {name} 的路线。", "There is no track called {name}.")
NO_TOPIC = Text("没有名为 {name} 的主题。", "There is no topic called {name}.")
NO_PATH = Text("{track} 没有名为 {name} 的路径。", "{track} has no path called {name}.")
WITHOUT_PATHS = Text("{track} 没有路径可选；不写 --path。", "{track} has no paths; leave out --path.")
NO_NAME = Text("这里要写一个名字，给的是空的。", "A name is wanted here, and this one is empty.")
PLANNED = Text("还没写", "not written yet")

DATA = Text("数据目录（也可用 WENJIN_DATA）", "the data folder (or WENJIN_DATA)")
ROOT = Text("另一个课程目录", "another curriculum folder")

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]
Root = Annotated[Path | None, typer.Option("--root", metavar="DIR", help=say(ROOT))]
Json = Annotated[bool, typer.Option("--json", help=say(Text("输出 JSON", "print JSON")))]


@dataclass(frozen=True)
class Record:
    """A course, and what one learner has done in it."""

    course: "Course"
    log: "Log"
    kept: "Kept"

    def learner(self) -> "Learner":
        """The learner as of now."""
        return self.kept.learner()

    def write(self, settings: Mapping[str, Any]) -> None:
        """Keep these settings."""
        from wenjin.study.store.log import happened

        for key, value in settings.items():
            self.log.append(happened("setting", key, {"key": key, "value": value}))


@contextmanager
def record(data: Path | None, root: Path | None = None) -> Iterator[Record]:
    from wenjin.study.course.load import load
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places

    with sentences():
        course = load(root)
        here = places(data)
        with closing(open_log(here, role="command")) as log, kept(log, course, here) as held:
            yield Record(course, log, held)


def track_of(course: "Course", name: str) -> "Track":
    return course.tracks[name] if name in course.tracks else refuse(NO_TRACK, name, course.tracks)


def topic_of(course: "Course", name: str) -> "Topic":
    return course.topics[name] if name in course.topics else refuse(NO_TOPIC, name, course.topics)


def path_in(track: "Track", name: str | None) -> "TrackPath | None":
    """The path of this name; None when no name is given."""
    found = next((path for path in track.paths if path.id == name), None)
    if name is None or found is not None:
        return found
    if not track.paths:
        fail(WITHOUT_PATHS.format(track=track.id), 2)
    return refuse(NO_PATH.format(track=track.id, name="{name}"), name, [path.id for path in track.paths])


def refuse(what: Text, name: str, known: Iterable[str]) -> NoReturn:
    """The end, with a sentence that says what there is instead."""
    from wenjin.study.course.faults import nearest

    near = nearest(name, list(known))
    what = what.format(name=shown) if (shown := clean(name).strip()) else NO_NAME
    fail(Text(f"{what.zh}{near.zh}", f"{what.en} {near.en}"), 2)


def titled(topic: "Topic") -> str:
    """A topic with its name, and whether it can be read."""
    tail = "" if topic.written else f"（{PLANNED.zh}）" if language() == "zh" else f" ({PLANNED.en})"
    return f"{topic.id}  {clean(topic.title[language()])}{tail}"
