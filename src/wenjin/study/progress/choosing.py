"""What is written down when a learner chooses: tracks, a path, hours, a new beginning, having caught up. Pure: each
function gives the settings to keep. A page and a command that do the same write the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from wenjin.study.course.graph import Track
from wenjin.study.progress.pace import following, promise
from wenjin.study.progress.plan import USUAL, Hours, Plan, hours_of
from wenjin.study.progress.ways import chosen, followed, left
from wenjin.study.progress.work import Learner

Settings = dict[str, Any]


def with_settings(learner: Learner, told: Mapping[str, Any]) -> Learner:
    """The learner once these settings are kept."""
    return replace(learner, work=replace(learner.work, settings={**learner.work.settings, **told}))


def begin(learner: Learner, tracks: Sequence[str], path: str | None = None) -> Settings:
    """Follow these tracks, the first in front, one of them by this path. A path changes what is to be done, so its
    track begins anew; others that were begun keep their beginning."""
    told: Settings = chosen(learner.work.settings, learner.course, tracks)
    if path is not None:
        told |= by_path(learner, tracks[0], path)
    return settled(learner, told, tracks)


def leave(learner: Learner, track: str) -> Settings:
    """No longer follow a track."""
    return settled(learner, left(learner.work.settings, learner.course, track), ())


def choose_path(learner: Learner, track: str, path: str | None) -> Settings:
    """Go through a track by this path, or by none: by all its units."""
    return settled(learner, by_path(learner, track, path), [track])


def by_path(learner: Learner, track: str, path: str | None) -> Settings:
    """The path; where it is another than before, the promise of its track is gone."""
    paths = _table(learner, "path")
    if paths.get(track) == path:
        return {"path": paths}
    paths.pop(track, None)
    kept = {key: {id: day for id, day in _table(learner, key).items() if id != track} for key in ("begun", "promised")}
    return {"path": paths | ({track: path} if path else {}), **kept}


def keep_hours(learner: Learner, hours: Hours) -> Settings:
    """Learn so many hours. Until they were set for the first time, nothing was promised that could be held to."""
    told: Settings = {"hours": hours.as_dict()}
    tracks = [track.id for track in followed(learner.work.settings, learner.course)]
    first = hours_of(learner.work.settings) is None
    return told | promised(with_settings(learner, told), tracks, anew=first)


def from_today(learner: Learner, track: str) -> Settings:
    """Count a track's plan from today."""
    return promised(learner, [track], anew=True)


def settled(learner: Learner, told: Settings, begun: Sequence[str]) -> Settings:
    """These choices, with the promises of the tracks that begin by them. Of other tracks the promise moves as their end
    does: to go first through something else is no lateness."""
    before, after = _laid(learner), _laid(with_settings(learner, told))
    kept = _table(with_settings(learner, told), "promised")
    for track in kept.keys() & before.ends.keys() & after.ends.keys():
        day = _read(kept[track])
        kept[track] = (day + (after.ends[track] - before.ends[track])).isoformat() if day else kept[track]
    told = told | {"promised": kept}
    return told | promised(with_settings(learner, told), begun)


def promised(learner: Learner, tracks: Sequence[str], *, anew: bool = False) -> Settings:
    laid = _laid(learner)
    return dict(promise(learner, laid, [track for track in tracks if track in laid.ends], anew=anew))


def caught_up(learner: Learner, track: Track, marks: Mapping[str, str]) -> Settings:
    """The topics of a track were seen as they stand."""
    return {"seen": _table(learner, "seen") | {topic: marks[topic] for topic in track.topics if topic in marks}}


def _laid(learner: Learner) -> Plan:
    return following(learner, hours_of(learner.work.settings) or USUAL)


def _read(day: object) -> date | None:
    try:
        return date.fromisoformat(str(day))
    except ValueError:
        return None


def _table(learner: Learner, key: str) -> Settings:
    kept = learner.work.settings.get(key)
    return dict(kept) if isinstance(kept, Mapping) else {}
