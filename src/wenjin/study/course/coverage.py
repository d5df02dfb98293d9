"""Coverage: everything that the sources of the tracks ask for is carried by something, and shown to work."""

import re
from collections import Counter
from collections.abc import Mapping

from wenjin.kit.text import Text
from wenjin.study.course.faults import Faults, nearest
from wenjin.study.course.graph import Course, Item
from wenjin.study.course.links import work

ITEM_ID = re.compile(r"S[0-4]-\d{3}")
FILE = "syllabus/coverage.toml"


def check(course: Course, faults: Faults) -> None:
    """Items and their carriers name each other, evidence exists, ids have no gaps."""
    carriers = _carriers(course)
    evidence = {*work(course), *(key for key in carriers if key.startswith(("feature:", "track:")))}
    evidence |= {f"resource:{key}" for key in course.resources}
    for item in course.coverage.values():
        _item(item, carriers, evidence, course, faults)
    _gaps(course, faults)
    for name, covers in carriers.items():
        _carrier(name, covers, course, faults)


def _carriers(course: Course) -> dict[str, tuple[str, ...]]:
    """What can carry an item -> the items that it says it covers."""
    found = {f"topic:{key}": topic.covers for key, topic in course.topics.items()}
    found |= {f"project:{key}": project.covers for key, project in course.projects.items()}
    found |= {f"feature:{key}": feature.covers for key, feature in course.features.items()}
    found |= {f"track:{key}": track.covers for key, track in course.tracks.items()}
    return found


def _item(
    item: Item, carriers: Mapping[str, tuple[str, ...]], evidence: set[str], course: Course, faults: Faults
) -> None:
    where = f"{FILE}, item {item.id}"
    if not ITEM_ID.fullmatch(item.id):
        what = Text(f"{item.id} 不是条目的编号。", f"{item.id} is no number of an item.")
        faults.add(where, what, Text("写成 S0-001 的样子。", "Write it like S0-001."))
    if item.track not in course.tracks:
        what = Text(f"没有路线 {item.track}。", f"There is no track {item.track}.")
        faults.add(where, what, nearest(item.track, tuple(course.tracks)))
    if not item.carried_by:
        what = Text("没有任何东西承担它。", "Nothing carries it.")
        faults.add(where, what, Text("在 carried_by 写上主题、项目、功能或路线。", "Name a carrier in carried_by."))
    for carrier in item.carried_by:
        if carrier not in carriers:
            what = Text(f"carried_by 写了 {carrier}，没有这个东西。", f"carried_by names {carrier}, which is unknown.")
            faults.add(where, what, nearest(carrier, tuple(carriers)))
        elif item.id not in carriers[carrier]:
            what = Text(f"{carrier} 的 covers 里没有它。", f"{carrier} does not list it under covers.")
            remedy = Text("在那里补上，或从 carried_by 删去。", "Add it there, or drop it from carried_by.")
            faults.add(where, what, remedy)
    if not item.evidence and not item.check:
        what = Text("没有东西能说明它做到了。", "Nothing shows that it works.")
        faults.add(where, what, Text("写上 evidence 或 check。", "Give evidence or a check."))
    for reference in item.evidence:
        if reference not in evidence:
            what = Text(f"evidence 写了 {reference}，没有这个东西。", f"evidence names {reference}, which is unknown.")
            faults.add(where, what, nearest(reference, tuple(sorted(evidence))))


def _gaps(course: Course, faults: Faults) -> None:
    for prefix, count in Counter(key[:2] for key in course.coverage).items():
        missing = {f"{prefix}-{n:03d}" for n in range(1, count + 1)} - set(course.coverage)
        if missing:
            first = min(missing)
            what = Text(f"{prefix} 的编号有缺口：没有 {first}。", f"The numbers of {prefix} have a gap: {first}.")
            faults.add(FILE, what, Text("让编号连续。", "Number them without gaps."))


def _carrier(name: str, covers: tuple[str, ...], course: Course, faults: Faults) -> None:
    if not covers and not name.startswith("feature:"):
        what = Text("没有承担任何条目。", "It covers nothing.")
        faults.add(name, what, Text("在 covers 写上它承担的条目。", "List under covers what it carries."))
    for key, times in Counter(covers).items():
        if key not in course.coverage:
            what = Text(f"covers 写了 {key}，没有这个条目。", f"covers names {key}, which is unknown.")
            faults.add(name, what, nearest(key, tuple(course.coverage)))
        elif name not in course.coverage[key].carried_by:
            what = Text(f"covers 写了 {key}，但那里没有写它。", f"It covers {key}, which does not name it.")
            faults.add(name, what, Text("在条目的 carried_by 补上它。", "Add it to the item's carried_by."))
        if times > 1:
            what = Text(f"covers 里 {key} 出现了 {times} 次。", f"covers names {key} {times} times.")
            faults.add(name, what, Text("只留一次。", "Name it once."))
