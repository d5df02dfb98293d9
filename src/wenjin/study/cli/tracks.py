"""`wenjin track list | show | choose | leave | seen`: the tracks, and which of them a learner follows."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.learning import PLANNED, Data, Json, Root, path_in, record, refuse, titled, track_of
from wenjin.study.cli.terminal import clean, fail, language, say

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course, Track, Unit
    from wenjin.study.progress.work import Learner

ROOT = Text("另一个课程目录", "Another curriculum folder")
ABOUT = Text("学习路线：列出、查看、选择、离开", "The tracks: list, show, choose, leave")
LIST = Text(
    """列出全部路线：单元数 / 主题数 / 小时数。在走的前面有 →。

    \b
    wenjin track list
    """,
    """List all tracks: units / topics / hours. Those that you follow have an arrow.

    \b
    wenjin track list
    """,
)
SHOW = Text(
    """查看一条路线，或它的一个单元：主题、任务、检查点、资源，以及还缺的先修。

    \b
    wenjin track show qmatter                                    整条路线
    wenjin track show thirty-weeks/week-1                        一个单元
    wenjin track show principles-guide --path weak-points        一条路径，按它的规则
    wenjin track show principles-guide --missing                 只看还缺的先修
    """,
    """Show a track, or one of its units: topics, tasks, checkpoints, resources, and the prerequisites that you lack.

    \b
    wenjin track show qmatter                                    the whole track
    wenjin track show thirty-weeks/week-1                        one unit
    wenjin track show principles-guide --path weak-points        a path, by its rule
    wenjin track show principles-guide --missing                 only the missing prerequisites
    """,
)
CHOOSE = Text(
    """从现在起走这些路线，写在前面的先走；原来在走的留在后面。

    \b
    wenjin track choose qmatter
    wenjin track choose thirty-weeks --path ai-engineer
    wenjin track choose qmatter seven-stages                     两条一起，先走第一条
    """,
    """Follow these tracks from now on, the first in front; those that you follow already stay behind them.

    \b
    wenjin track choose qmatter
    wenjin track choose thirty-weeks --path ai-engineer
    wenjin track choose qmatter seven-stages                     both, the first one first
    """,
)
LEAVE = Text(
    """不再走一条路线。学过的仍然算数；重新选择就能接着走。

    \b
    wenjin track leave seven-stages
    """,
    """No longer follow a track. What you learned in it counts; choose it again to go on.

    \b
    wenjin track leave seven-stages
    """,
)
SEEN = Text(
    """记下：这条路线的内容我看到今天了。之后 keep-up 这样的路径只列出新的和改过的。

    \b
    wenjin track seen principles-guide
    """,
    """Note that you have seen a track as it stands today. Paths such as keep-up then show what is new or has changed.

    \b
    wenjin track seen principles-guide
    """,
)
TRACK = Text("路线，或 路线/单元", "A track, or TRACK/UNIT")
PATH = Text("其中一条路径", "a path through it")
MISSING = Text("只看还缺的先修", "only the prerequisites that are missing")
NO_UNIT = Text("{track} 没有名为 {name} 的单元。", "{track} has no unit called {name}.")
ONE_PATH = Text("--path 只能和一条路线一起用。", "--path goes with one track only.")
LACKS = Text("另外需要、还没学会的先修", "Prerequisites from outside that you do not know yet")
LACKS_NONE = Text("先修都齐了。", "No prerequisite is missing.")
NOTHING = Text("这条路径现在没有要学的。", "Nothing is left to learn on this path now.")
NOW = Text("现在走的路线：{titles}", "You now follow: {titles}")
NONE_NOW = Text("现在没有在走的路线。", "You follow no track now.")
NOT_FOLLOWED = Text("你没有在走 {name}；在走的：{names}。", "You do not follow {name}; you follow: {names}.")
NOTED = Text("记下了：{title}，看到今天。", "Noted: {title}, seen as of today.")
RESOURCES = Text("资源：", "Resources: ")
LEGEND = Text("（单元 / 主题 / 小时；→ 是在走的）", "(units / topics / hours; → those that you follow)")
RULES = {
    "placement": Text("规则：已经会的不再学。", "Rule: what you know is left out."),
    "missing-prerequisites": Text("规则：先补缺的先修。", "Rule: missing prerequisites come first."),
    "changed-since-last-visit": Text("规则：只学新的和改过的。", "Rule: only what is new to you or has changed."),
}
BEFORE = Text("先补的先修", "First, what it builds on")


def register(app: typer.Typer) -> None:
    track = typer.Typer(no_args_is_help=True, help=say(ABOUT))
    track.command("list", help=say(LIST))(listed)
    track.command("show", help=say(SHOW))(show)
    track.command("choose", help=say(CHOOSE))(choose)
    track.command("leave", help=say(LEAVE))(leave)
    track.command("seen", help=say(SEEN))(seen)
    app.add_typer(track, name="track")


def listed(root: Root = None, data: Data = None, as_json: Json = False) -> None:
    from wenjin.study.progress.ways import followed

    with record(data, root) as here:
        course, follows = here.course, [track.id for track in followed(here.learner().work.settings, here.course)]
    rows = []
    for track in course.tracks.values():
        hours = sum(course.topics[key].minutes for key in track.topics) / 60
        place = follows.index(track.id) + 1 if track.id in follows else None
        row = {
            "track": track.id,
            "title": track.title.as_dict(),
            "units": len(track.units),
            "topics": len(track.topics),
        }
        rows.append(row | {"hours": round(hours, 1), "place": place})
        if not as_json:
            if len(rows) == 1:
                print(say(LEGEND))
            mark = "→" if place else " "
            size = f"({len(track.units)} / {len(track.topics)} / {hours:.0f} h)"
            print(clean(f"{mark} {track.id:18} {track.title[language()]}  {size}"))
    if as_json:
        print(json.dumps({"tracks": rows}, ensure_ascii=False))


def show(
    track: Annotated[str, typer.Argument(metavar="TRACK", help=say(TRACK))],
    path: Annotated[str | None, typer.Option(help=say(PATH))] = None,
    missing: Annotated[bool, typer.Option("--missing", help=say(MISSING))] = False,
    root: Root = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    from wenjin.study.course.marks import marks
    from wenjin.study.progress import ways

    name, _, unit = track.partition("/")
    with record(data, root) as here:
        course, learner = here.course, here.learner()
        found = track_of(course, name)
        legs = ways.way(learner, found, path_in(found, path), marks(course))
        if unit:
            legs = [ways.Leg(one, one.topics) for one in found.units if one.id == unit]
            legs or refuse(NO_UNIT.format(track=found.id, name="{name}"), unit, [one.id for one in found.units])
    own = list(dict.fromkeys(topic for leg in legs if leg.unit for topic in leg.topics))
    lacks = ways.missing(own, course, learner.done)
    if as_json:
        shown = [{"unit": leg.unit.id if leg.unit else None, "topics": list(leg.topics)} for leg in legs]
        print(json.dumps({"track": found.id, "path": path, "units": shown, "missing": lacks}, ensure_ascii=False))
        return
    if not missing:
        print(clean(head(found, path, unit)))
        print(clean("\n".join(told(course, learner, legs))))
    lines = [f"    {titled(course.topics[key])}" for key in lacks]
    print("\n".join(["" if missing else "\n" + say(LACKS) + ":", *lines]).strip("\n") if lines else say(LACKS_NONE))


def head(track: "Track", path: str | None, unit: str) -> str:
    """What a track is and for whom; of a path, its title and rule."""
    tongue = language()
    lines = [track.title[tongue]] if unit else [track.title[tongue], track.audience[tongue], track.idea[tongue]]
    for each in track.paths:
        if each.id == path:
            lines += [each.title[tongue], *([say(RULES[each.rule])] if each.rule else [])]
        elif path is None and not unit:
            lines.append(f"    --path {each.id}  {each.title[tongue]}")
    return "\n".join(lines)


def told(course: "Course", learner: "Learner", legs: Any) -> list[str]:
    """The units with what is left of them."""
    lines: list[str] = []
    part: Text | None = None
    for leg in legs:
        unit: Unit | None = leg.unit
        if unit is None:
            lines += ["", say(BEFORE)]
        else:
            if unit.part and unit.part != part:
                lines += ["", unit.part[language()]]
            part = unit.part
            lines += ["", f"{unit.number:>6}  {unit.title[language()]}"]
        for key in leg.topics:
            topic = course.topics[key]
            mark = "✓" if key in learner.done else "●" if topic.written else "○"
            lines.append(f"        {mark} {key}  {topic.title[language()]}")
        if unit is not None:
            lines += [f"        - {task.title[language()]}" for task in unit.tasks]
            lines.append(f"        ☐ {unit.checkpoint[language()]}")
            shelf = [course.resources[id].title[language()] for id in unit.resources]
            lines.append(f"        {say(RESOURCES)}{', '.join(shelf)}")
    marks = Text("✓ 学会了  ● 可以读  ○ ", "✓ known  ● can be read  ○ ")
    return [*lines, "", say(marks) + say(PLANNED)] if lines else ["", say(NOTHING)]


def choose(
    tracks: Annotated[list[str], typer.Argument(metavar="TRACK...", help=say(Text("一条或几条路线", "One or more")))],
    path: Annotated[str | None, typer.Option(help=say(PATH))] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    from wenjin.study.course.marks import marks, met
    from wenjin.study.progress.choosing import begin

    with record(data) as here:
        found = [track_of(here.course, name) for name in tracks]
        if path and len(found) > 1:
            fail(ONE_PATH, 2)
        chosen = path_in(found[0], path)
        now = met(here.course, marks(here.course))
        here.write(begin(here.learner(), [track.id for track in found], chosen.id if chosen else None, now))
        print(following(here.learner(), as_json))


def leave(
    track: Annotated[str, typer.Argument(metavar="TRACK", help=say(Text("一条路线", "A track")))],
    data: Data = None,
    as_json: Json = False,
) -> None:
    from wenjin.study.progress import choosing
    from wenjin.study.progress.ways import followed

    with record(data) as here:
        found, learner = track_of(here.course, track), here.learner()
        names = [one.id for one in followed(learner.work.settings, here.course)]
        if found.id not in names:
            fail(NOT_FOLLOWED.format(name=found.id, names=", ".join(names) or "—"), 2)
        here.write(choosing.leave(learner, found.id))
        print(following(here.learner(), as_json))


def seen(
    track: Annotated[str, typer.Argument(metavar="TRACK", help=say(Text("一条路线", "A track")))], data: Data = None
) -> None:
    from wenjin.study.course.marks import marks
    from wenjin.study.progress.choosing import caught_up

    with record(data) as here:
        found = track_of(here.course, track)
        here.write(caught_up(here.learner(), found, marks(here.course)))
    print(clean(say(NOTED.format(title=found.title[language()]))))


def following(learner: "Learner", as_json: bool = False) -> str:
    """Which tracks are followed, in a sentence or for scripts."""
    from wenjin.study.progress.ways import followed, path_of

    settings = learner.work.settings
    found = [(track, path_of(track, settings)) for track in followed(settings, learner.course)]
    if as_json:
        return json.dumps({"followed": [{"track": t.id, "path": path.id if path else None} for t, path in found]})
    titles = [t.title[language()] + (f" · {path.title[language()]}" if path else "") for t, path in found]
    return clean(say(NOW.format(titles=", ".join(titles)) if titles else NONE_NOW))
