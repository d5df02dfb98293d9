"""`wenjin track list | show | choose`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import fail, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course, Track

ROOT = Text("另一个课程目录", "Another curriculum folder")
Root = Annotated[Path | None, typer.Option("--root", help=say(ROOT))]
Data = Annotated[Path | None, typer.Option("--data", help=say(Text("数据目录", "The data folder")))]


def register(app: typer.Typer) -> None:
    track = typer.Typer(
        no_args_is_help=True, help=say(Text("学习路线：列出、查看、选择", "The tracks: list, show, choose"))
    )
    track.command("list", help=say(Text("全部路线", "All tracks")))(listed)
    track.command("show", help=say(Text("一条路线的单元、主题与任务", "A track: units, topics, tasks")))(show)
    track.command("choose", help=say(Text("从现在起走这条路线", "Follow a track from now on")))(choose)
    app.add_typer(track, name="track")


def listed(root: Root = None) -> None:
    from wenjin.study.course.load import load

    with sentences():
        course = load(root)
    for track in course.tracks.values():
        hours = sum(course.topics[key].minutes for key in track.topics) / 60
        typer.echo(
            f"{track.id:18} {track.title[language()]}  ({len(track.units)} / {len(track.topics)} / {hours:.0f} h)"
        )


def show(
    track: str,
    path: Annotated[str | None, typer.Option(help=say(Text("其中一条路径", "A path through it")))] = None,
    root: Root = None,
) -> None:
    from wenjin.study.course.load import load
    from wenjin.study.course.order import closure

    with sentences():
        course = load(root)
    found = _track(course, track)
    tongue = language()
    units = {unit.id: unit for unit in found.units}
    order = list(units)
    paths = {one.id: one for one in found.paths}
    if path:
        if path not in paths:
            _refuse(path, Text("这条路线没有这条路径。", "The track has no such path."), list(paths))
        order = list(paths[path].units)
    typer.echo(f"{found.title[tongue]}\n{found.audience[tongue]}\n{found.idea[tongue]}")
    if path:
        typer.echo(paths[path].title[tongue])
    part = None
    for key in order:
        unit = units[key]
        if unit.part and unit.part != part:
            typer.echo(f"\n{unit.part[tongue]}")
        part = unit.part
        typer.echo(f"\n{unit.number:>6}  {unit.title[tongue]}")
        for topic in unit.topics:
            mark = "●" if course.topics[topic].written else "○"
            typer.echo(f"        {mark} {topic}  {course.topics[topic].title[tongue]}")
        for task in unit.tasks:
            typer.echo(f"        - {task.title[tongue]}")
        typer.echo(f"        ✓ {unit.checkpoint[tongue]}")
    met = {topic for key in order for topic in units[key].topics}
    missing = [key for key in course.topics if key in closure(met, course.topics) - met]
    if missing:
        title = Text("另外需要的先修", "Prerequisites from outside")
        typer.echo(f"\n{title[tongue]}: {', '.join(missing)}")


def choose(track: str, data: Data = None) -> None:
    from wenjin.study.course.load import load
    from wenjin.study.store.log import happened
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places

    with sentences():
        found = _track(load(), track)
        log = open_log(places(data), role="command")
        try:
            log.append(happened("setting", "track", {"key": "track", "value": found.id}))
        finally:
            log.close()
    title = found.title[language()]
    typer.echo(say(Text(f"现在走的路线：{title}", f"You now follow: {title}")))


def _track(course: "Course", name: str) -> "Track":
    if name not in course.tracks:
        _refuse(name, Text("没有这条路线。", "There is no such track."), list(course.tracks))
    return course.tracks[name]


def _refuse(name: str, what: Text, known: list[str]) -> NoReturn:
    from wenjin.study.course.faults import nearest

    fail(Text(f"{name}：{what.zh}{nearest(name, known).zh}", f"{name}: {what.en} {nearest(name, known).en}"))
