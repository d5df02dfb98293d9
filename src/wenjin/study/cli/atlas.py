"""`wenjin map | resources | career`: the course from above, in a terminal."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import planhelp
from wenjin.study.cli.learning import Data, Json, Root, record, refuse, titled, topic_of, track_of
from wenjin.study.cli.terminal import clean, language, say

if TYPE_CHECKING:
    from wenjin.study.progress.career import Role
    from wenjin.study.progress.shelf import Shelved

LEGEND = Text(
    "✓ 学会了  ◐ 在学或变淡  ● 可以读  ○ 还没写", "✓ known  ◐ learning or fading  ● can be read  ○ not written yet"
)
AGAIN = Text("八面 {n}/8", "passes {n}/8")
OF_TRACK = Text("★ 在 {title} 里（{n} 个主题）", "★ in {title} ({n} topics)")
NO_SHELF = Text("没有资源写明用在这个主题。", "No resource is named for this topic.")
SOURCES = Text("这一课引用的文献", "What the lesson cites")
READ = Text("读它：", "Read it for: ")
WHEN = Text("什么时候：", "When: ")
NO_ROLE = Text("没有名为 {name} 的职业。", "There is no role called {name}.")
TOPICS = Text("要会的主题（{known} / {total}）", "Topics ({known} of {total} known)")
PROJECTS = Text("拿来证明的项目", "Projects that show it")
HOURS = Text("{hours} 小时", "{hours} h")
PROJECT_DONE = Text("做完了", "done")
GAP = Text("差距：{n} 个主题约 {hours} 小时，项目约 {work} 小时", "Gap: {n} topics, about {hours} hours; projects, "
           "about {work} hours")  # fmt: skip
NO_GAP = Text("主题都学会了。", "All its topics are known.")


def register(app: typer.Typer) -> None:
    @app.command("map", help=say(planhelp.MAP))
    def map_(
        track: Annotated[str | None, typer.Option(help=say(planhelp.MAP_TRACK))] = None,
        root: Root = None,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        from wenjin.study.progress.passes import Read, passes

        with record(data, root) as here:
            course, learner = here.course, here.learner()
            read = passes([*here.log.events("pass"), *here.log.events("explain")])
            found = track_of(course, track) if track else None
        own = set(found.topics) if found else set()
        rows: list[dict[str, Any]] = []
        for stage in course.stages.values():
            for topic in (topic for topic in course.topics.values() if topic.stage == stage.id):
                held = learner.mastery.get(topic.id)
                standing = "known" if topic.id in learner.done else held.standing if held else "unknown"
                rows.append({"topic": topic.id, "stage": stage.id, "prerequisites": list(topic.prerequisites)})
                rows[-1] |= {"written": topic.written, "standing": standing, "in track": topic.id in own}
                rows[-1] |= {
                    "mastery": round(held.value, 3) if held else 0.0,
                    "passes": read.get(topic.id, Read()).done,
                }
        if as_json:
            print(json.dumps({"track": found and found.id, "topics": rows}, ensure_ascii=False))
            return
        before = None
        for row in rows:
            if row["stage"] != before:
                print(clean(f"\n{course.stages[row['stage']].title[language()]}"))
            before = row["stage"]
            mark = {"known": "✓", "learning": "◐", "fading": "◐"}.get(row["standing"], "●" if row["written"] else "○")
            title = course.topics[row["topic"]].title[language()]
            more = f"  {100 * row['mastery']:.0f}%" if row["mastery"] else ""
            more += f"  {say(AGAIN.format(n=len(row['passes'])))}" if row["passes"] else ""
            print(clean(f"  {'★' if row['in track'] else ' '} {mark} {row['topic']}  {title}{more}"))
        print("\n" + say(LEGEND))
        if found:
            print(clean(say(OF_TRACK.format(title=found.title[language()], n=len(own)))))

    @app.command(help=say(planhelp.RESOURCES))
    def resources(
        topic: Annotated[str | None, typer.Option(help=say(planhelp.TOPIC))] = None,
        root: Root = None,
        as_json: Json = False,
    ) -> None:
        from wenjin.study.cli.terminal import sentences
        from wenjin.study.course.load import load
        from wenjin.study.progress.shelf import shelf

        with sentences():
            course = load(root)
        found = topic_of(course, topic) if topic else None
        listed = shelf(course, found)
        if as_json:
            sources = [{"title": s.title, "year": s.year, "address": s.link} for s in (found.sources if found else ())]
            rows = [told(one) for one in listed]
            print(json.dumps({"topic": topic, "resources": rows, "sources": sources}, ensure_ascii=False))
            return
        for one in listed:
            print(clean("\n".join(lines_of(one, brief=found is not None)) + "\n"))
        if found and found.sources:
            print(say(SOURCES))
            for source in found.sources:
                about = f"{source.authors}, {source.year}. {source.title}. {source.link}"
                print(clean(f"  {about}\n    {say(READ)}{source.read_for[language()]}"))
        elif not listed:
            print(say(NO_SHELF))

    @app.command(help=say(planhelp.CAREER))
    def career(
        name: Annotated[str | None, typer.Argument(metavar="[ROLE]", help=say(planhelp.ROLE))] = None,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        from wenjin.study.progress.career import role, roles

        with record(data) as here:
            learner = here.learner()
            known = {path.id: (track, path) for track, path in roles(here.course)}
            if name and name not in known:
                refuse(NO_ROLE, name, known)
        found = [role(learner, *known[id]) for id in ([name] if name else known)]
        if as_json:
            print(json.dumps([of_role(one) for one in found] if not name else of_role(found[0]), ensure_ascii=False))
        elif name:
            print(clean("\n".join(lines_of_role(found[0], learner.work.projects.keys()))))
        else:
            for one in found:
                print(clean(f"{one.path.id:26} {one.path.title[language()]}  ({one.known} / {len(one.topics)})"))


def told(one: "Shelved") -> dict[str, Any]:
    resource = one.resource
    row = {"id": resource.id, "kind": resource.kind, "title": resource.title.as_dict(), "why": resource.why.as_dict()}
    when = [f"{track.id}/{unit.id}" for track, unit in one.units] + [track.id for track in one.whole]
    return row | {"address": resource.address, "when": when}


def lines_of(one: "Shelved", *, brief: bool) -> list[str]:
    resource, tongue = one.resource, language()
    lines = [
        resource.title[tongue] + (f"  {resource.address}" if resource.address else ""),
        f"    {resource.why[tongue]}",
    ]
    when = [f"{track.id}/{unit.id}" for track, unit in one.units] + ([] if brief else [track.id for track in one.whole])
    return [*lines, f"    {say(WHEN)}{', '.join(when)}"]


def of_role(one: "Role") -> dict[str, Any]:
    row: dict[str, Any] = {"role": one.path.id, "track": one.track.id, "title": one.path.title.as_dict()}
    row |= {"topics": [topic.id for topic in one.topics], "known": one.known, "gap": [topic.id for topic in one.gap]}
    return row | {"minutes": one.minutes, "projects": [project.id for project in one.projects], "hours": one.hours}


def lines_of_role(one: "Role", finished: Any) -> list[str]:
    tongue, lacks = language(), {topic.id for topic in one.gap}
    lines = [one.path.title[tongue], "", say(TOPICS.format(known=one.known, total=len(one.topics)))]
    lines += [f"  {' ' if topic.id in lacks else '✓'} {titled(topic)}" for topic in one.topics]
    lines += ["", say(PROJECTS)]
    for project in one.projects:
        state = PROJECT_DONE if project.id in finished else HOURS.format(hours=project.hours)
        lines += [f"  {project.title[tongue]}  ({say(state)})", f"    {project.brief[tongue]}"]
    told = GAP.format(n=len(one.gap), hours=round(one.minutes / 60), work=one.hours)
    lines += ["", say(told if one.gap or one.hours else NO_GAP)]
    return lines + [f"  {titled(topic)}" for topic in one.gap]
