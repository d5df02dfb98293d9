"""What is written down when a learner chooses: tracks, a path, hours and shares of them, a new beginning, having caught
up. Pure: each function gives the settings to keep. A page and a command that do the same write the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from wenjin.study.course.graph import Track
from wenjin.study.progress.pace import following, promise
from wenjin.study.progress.plan import USUAL, WHOLE, Hours, Plan, hours_of, shares_of
from wenjin.study.progress.ways import chosen, followed, left
from wenjin.study.progress.work import Learner

Settings = dict[str, Any]
NONE = timedelta(0)


def with_settings(learner: Learner, told: Mapping[str, Any]) -> Learner:
    """The learner once these settings are kept."""
    return replace(learner, work=replace(learner.work, settings={**learner.work.settings, **told}))


def begin(
    learner: Learner, tracks: Sequence[str], path: str | None = None, met: Mapping[str, str] | None = None
) -> Settings:
    """Follow these tracks, the first in front, one of them by this path. A path changes what is to be done, so its
    track begins anew; others that were begun keep their beginning. `met`: the marks of the course as it stands; for
    whoever never looked, what comes later is new beside them."""
    told: Settings = chosen(learner.work.settings, learner.course, tracks)
    if met is not None and "met" not in learner.work.settings:
        told["met"] = dict(met)
    if path is not None:
        told |= by_path(learner, tracks[0], path)
    return settled(learner, told, tracks)


def leave(learner: Learner, track: str) -> Settings:
    """No longer follow a track; its share of the hours is free."""
    told = left(learner.work.settings, learner.course, track)
    shares = _table(learner, "shares")
    if shares.pop(track, None) is not None:
        told["shares"] = shares
    return settled(learner, told, ())


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
    """Learn so many hours. Until they were set for the first time, nothing was promised that could be held to. Later,
    other hours are no pace: the promise moves as the end does, but more hours first make up what is late."""
    told: Settings = {"hours": hours.as_dict()}
    tracks = [track.id for track in followed(learner.work.settings, learner.course)]
    if hours_of(learner.work.settings) is None:
        return told | promised(with_settings(learner, told), tracks, anew=True)
    return settled(learner, told, tracks, makes_up=True)


def free(learner: Learner, track: str) -> int:
    """The percent of the hours that no other track was given."""
    names = [one.id for one in followed(learner.work.settings, learner.course)]
    return WHOLE - sum(share for id, share in shares_of(learner.work.settings, names).items() if id != track)


def keep_share(learner: Learner, track: str, share: int) -> Settings:
    """Give a track that is followed a share of the hours, in percent, so that it goes beside the others; with 0 it
    waits for its turn. Raises ValueError where so much is not free."""
    if not 0 <= share <= free(learner, track):
        raise ValueError(f"{track}: {share} of {free(learner, track)} percent")
    shares = {id: given for id, given in _table(learner, "shares").items() if id != track}
    return settled(learner, {"shares": shares | ({track: share} if share else {})}, ())


def from_today(learner: Learner, track: str) -> Settings:
    """Count a track's plan from today."""
    return promised(learner, [track], anew=True)


def settled(learner: Learner, told: Settings, begun: Sequence[str], *, makes_up: bool = False) -> Settings:
    """These choices, with the promises of the tracks that begin by them. Of other tracks the promise moves as their end
    does: to go first through something else is no lateness. With `makes_up`, an end that comes nearer first makes up
    what the track is late."""
    before, after = _laid(learner), _laid(with_settings(learner, told))
    kept = _table(with_settings(learner, told), "promised")
    for track in kept.keys() & before.ends.keys() & after.ends.keys():
        if day := _read(kept[track]):
            moves = after.ends[track] - before.ends[track]
            if makes_up and moves < NONE:
                moves = min(NONE, moves + max(NONE, before.ends[track] - day))
            kept[track] = (day + moves).isoformat()
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
