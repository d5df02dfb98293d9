"""`wenjin plan`: a track over the calendar, and whether one is on time."""

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import planhelp
from wenjin.study.cli.learning import PLANNED, Data, Json, path_in, record, track_of
from wenjin.study.cli.terminal import clean, fail, language, say

if TYPE_CHECKING:
    from wenjin.study.course.graph import Course, Track
    from wenjin.study.progress.pace import Pace
    from wenjin.study.progress.plan import Piece, Plan, Week
    from wenjin.study.progress.work import Learner

BAD_HOURS = Text(
    "这样的时间排不出计划：每周至少 1 小时，一个工作日不超过 16 小时，一个周末不超过 32 小时。",
    "No plan fits into these hours: at least 1 hour a week, at most 16 on a weekday and 32 on a weekend.",
)
NO_TRACK = Text(
    "你还没有选路线；写出一条：wenjin plan qmatter，或先选：wenjin track choose qmatter。",
    "You follow no track; name one: wenjin plan qmatter, or choose one: wenjin track choose qmatter.",
)
NOT_FOLLOWED = Text(
    "{track} 不在你走的路线里；先选：wenjin track choose {track}。",
    "You do not follow {track}; choose it first: wenjin track choose {track}.",
)
HEAD = Text("每周 {week} 小时，从 {start} 起，{end} 学完。", "{week} hours a week from {start}; it ends on {end}.")
GUESSED = Text(
    "你还没有说有多少时间，先按工作日 {weekday}、周末 {weekend} 小时排：wenjin plan --weekday H --weekend H --keep。",
    "You have not said how many hours you have; {weekday} on weekdays and {weekend} at weekends are assumed: "
    "wenjin plan --weekday H --weekend H --keep.",
)
WHOSE = Text(
    "比例是给一条路线的；写出它：wenjin plan seven-stages --share 25。",
    "A share is for one track; name it: wenjin plan seven-stages --share 25.",
)
BAD_SHARE = Text(
    "没有保存：--share 写 0 到 {free} 的整数，其余的已经给了别的路线；0 就是排队。",
    "Not kept: --share takes a whole number from 0 to {free}; the rest is given to other tracks. 0: it waits its turn.",
)
SIDE = Text(
    "几条路线同时走，每天的时间这样分：{shares}；剩下的给其余的路线，前面的先走。",
    "Tracks go side by side; of each day: {shares}. What is left goes to the others, the one in front first.",
)
DONE = Text("这里已经没有要学的了。", "Nothing of it is left to be learned.")
WEEK = Text("第 {n} 周  {first} – {last}  {taken} / {hours} 小时", "Week {n}  {first} – {last}  {taken} of {hours} h")
WANTED = Text("（{topic} 先要用到它）", " (needed first by {topic})")
ONE_OF = Text("毕业项目，选一个：{titles}", "One capstone of: {titles}")
PRACTICE = Text("自己练：检查点与复习", "your own practice and the checkpoint")
OUTSIDE = Text("先修", "What it builds on")
REVIEWS = Text("每天的复习另算。", "Daily reviews come on top.")
STANDING = {
    "new": Text("{title}：还没有开始计时。", "{title}: not begun yet."),
    "on-time": Text("{title}：按计划走着，{end} 学完。", "{title}: on time; it ends on {end}."),
    "early": Text("{title}：早了 {days} 天，{end} 学完。", "{title}: {days} days early; it ends on {end}."),
    "late": Text(
        "{title}：迟了 {days} 天；原定 {promised} 学完，现在要到 {end}。",
        "{title}: {days} days late; it was to end on {promised}, and now ends on {end}.",
    ),
}
OWN = Text(
    "最近 {over} 天你每周学完 {done} 小时的课；照这样要到 {own}。",
    "In the last {over} days you finished {done} hours of the course a week; at that pace it ends on {own}.",
)
MORE = Text("每周 {hours} 小时可以赶回来。", "With {hours} hours a week it still ends in time.")
NO_MORE = Text("加时间已经赶不回来了。", "No honest number of hours brings it back.")
SHORTER = Text("换一条短些的路径也行：{paths}。", "A shorter path would do, too: {paths}.")
ANEW = Text(
    "或者从今天起算：wenjin plan {track} --from-today。", "Or count from today: wenjin plan {track} --from-today."
)


def register(app: typer.Typer) -> None:
    @app.command(help=say(planhelp.PLAN))
    def plan(
        track: Annotated[str | None, typer.Argument(metavar="[TRACK]", help=say(planhelp.TRACK))] = None,
        weekday: Annotated[float | None, typer.Option(help=say(planhelp.WEEKDAY))] = None,
        weekend: Annotated[float | None, typer.Option(help=say(planhelp.WEEKEND))] = None,
        path: Annotated[str | None, typer.Option(help=say(planhelp.PATH))] = None,
        share: Annotated[int | None, typer.Option(metavar="PERCENT", help=say(planhelp.SHARE))] = None,
        keep: Annotated[bool, typer.Option("--keep", help=say(planhelp.KEEP))] = False,
        from_today: Annotated[bool, typer.Option("--from-today", help=say(planhelp.FROM_TODAY))] = False,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        from wenjin.study.course.marks import marks
        from wenjin.study.progress import choosing, pace
        from wenjin.study.progress.plan import USUAL, Hours, hours_of, shares_of
        from wenjin.study.progress.plan import plan as lay
        from wenjin.study.progress.ways import followed, path_of, way

        with record(data) as here:
            course, learner = here.course, here.learner()
            found = track_of(course, track) if track else None
            asked = path_in(found, path) if found else None
            usual = hours_of(learner.work.settings) or USUAL
            hours = Hours(usual.weekday if weekday is None else weekday, usual.weekend if weekend is None else weekend)
            if not hours.usable:
                fail(BAD_HOURS, 2)
            follows = followed(learner.work.settings, course)
            if found is None and not follows:
                fail(NO_TRACK, 2)
            if share is not None:
                if found is None:
                    fail(WHOSE, 2)
                if found not in follows:
                    fail(NOT_FOLLOWED.format(track=found.id), 2)
                if not 0 <= share <= choosing.free(learner, found.id):
                    fail(BAD_SHARE.format(free=choosing.free(learner, found.id)), 2)
                here.write(choosing.keep_share(learner, found.id, share))
            if keep:
                here.write(choosing.keep_hours(here.learner(), hours))
            if from_today:
                late = [found] if found else follows
                if gone := next((one for one in late if one not in follows), None):
                    fail(NOT_FOLLOWED.format(track=gone.id), 2)
                for one in late:
                    here.write(choosing.from_today(here.learner(), one.id))
            learner = here.learner()
        shares = shares_of(learner.work.settings, [one.id for one in follows])
        if found is None:
            tracks = follows
        elif shares and found in follows and asked is None:
            tracks, shares = pace.until(learner, found)
        else:
            tracks, shares = [found], {}
        ways = [(one, way(learner, one, asked or path_of(one, learner.work.settings), marks(course))) for one in tracks]
        laid = lay(learner, ways, hours, learner.today, shares)
        own = bool(shares) or tracks == follows[: len(tracks)]
        real = asked is None and own and hours == (hours_of(learner.work.settings) or USUAL)
        paces = {one.id: pace.pace(learner, one, laid) for one in ([found] if found else tracks)} if real else {}
        if as_json:
            print(json.dumps(as_dict(laid, paces), ensure_ascii=False))
            return
        guessed = weekday is None and weekend is None and hours_of(learner.work.settings) is None
        print(clean("\n".join(shown(learner, laid, paces, guessed=guessed))))


def shown(learner: "Learner", laid: "Plan", paces: "dict[str, Pace]", *, guessed: bool) -> list[str]:
    """The plan as lines: what it is, whether it is kept, and its weeks."""
    course = learner.course
    names = ", ".join(course.tracks[id].title[language()] for id in laid.ends)
    lines = [names]
    if laid.weeks:
        lines.append(say(HEAD.format(week=number(laid.hours.week), start=laid.start, end=laid.end)))
    else:
        lines.append(say(DONE))
    if guessed:
        hours = {"weekday": number(laid.hours.weekday), "weekend": number(laid.hours.weekend)}
        lines.append(say(GUESSED.format(**hours)))
    if laid.shares:
        told = ", ".join(f"{course.tracks[id].title[language()]} {share}%" for id, share in laid.shares.items())
        lines.append(say(SIDE.format(shares=told)))
    for id, found in paces.items():
        lines += kept(learner, course.tracks[id], laid, found)
    for n, week in enumerate(laid.weeks, 1):
        lines += ["", *of_week(course, n, week)]
    return [*lines, "", say(REVIEWS)] if laid.weeks else lines


def kept(learner: "Learner", track: "Track", laid: "Plan", found: "Pace") -> list[str]:
    """Whether a track is on time, and what would help where it is not."""
    from wenjin.study.progress.pace import remedy

    blanks = {"title": track.title[language()], "days": abs(found.late), "end": found.end, "promised": found.promised}
    lines = [say(STANDING[found.standing].format(**blanks))]
    if found.own is not None:
        done = number(found.weekly)
        lines.append(say(OWN.format(over=found.over, done=done, own=found.own)))
    if found.standing == "late":
        helps = remedy(learner, track, laid, found)
        lines.append(say(MORE.format(hours=number(helps.hours)) if helps.hours else NO_MORE))
        if helps.shorter:
            lines.append(say(SHORTER.format(paths=", ".join(path.id for path in helps.shorter))))
        lines.append(say(ANEW.format(track=track.id)))
    return lines


def of_week(course: "Course", n: int, week: "Week") -> list[str]:
    last = week.monday + timedelta(days=6)
    hours = {"taken": number(week.taken / 60), "hours": number(week.minutes / 60)}
    lines = [say(WEEK.format(n=n, first=week.monday, last=last, **hours))]
    unit: tuple[str, str | None] | None = None
    for share in week.shares:
        piece = share.piece
        if (piece.track, piece.unit) != unit:
            unit = (piece.track, piece.unit)
            lines.append(f"  {of_unit(course, piece)}")
        lines.append(f"    {share.minutes / 60:5.1f} h  {say(told(course, piece))}")
    return lines


def of_unit(course: "Course", piece: "Piece") -> str:
    found = next((unit for unit in course.tracks[piece.track].units if unit.id == piece.unit), None)
    return f"{found.number}  {found.title[language()]}" if found else say(OUTSIDE)


def told(course: "Course", piece: "Piece") -> Text:
    """What a piece of the plan is, in words."""
    if piece.kind == "practice":
        return PRACTICE
    if piece.kind == "project":
        titles = [course.projects[id].title for id in piece.id.split()]
        if len(titles) == 1:
            return titles[0]
        return ONE_OF.format(titles=Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles)))
    topic = course.topics[piece.id]
    title = topic.title
    if not topic.written:
        title = Text(f"{title.zh}（{PLANNED.zh}）", f"{title.en} ({PLANNED.en})")
    if piece.wanted:
        after = WANTED.format(topic=course.topics[piece.wanted].title)
        title = Text(title.zh + after.zh, title.en + after.en)
    return title


def number(hours: float | None) -> str:
    """17.5, 20"""
    return f"{round(hours or 0, 1):g}"


def as_dict(laid: "Plan", paces: "dict[str, Pace]") -> dict[str, Any]:
    """The plan for scripts: minutes everywhere."""

    def items(week: "Week") -> list[dict[str, Any]]:
        named = ("kind", "id", "track", "unit", "wanted")
        return [{key: getattr(s.piece, key) for key in named} | {"minutes": s.minutes} for s in week.shares]

    def day(told: date | None) -> str | None:
        return told.isoformat() if told else None

    weeks = [
        {"monday": day(week.monday), "minutes": week.minutes, "taken": week.taken, "items": items(week)}
        for week in laid.weeks
    ]
    tracks = {
        id: {"begun": day(p.begun), "promised": day(p.promised), "end": day(p.end), "late": p.late, "is": p.standing,
             "hours a week": round(p.weekly, 2), "own": day(p.own)}
        for id, p in paces.items()
    }  # fmt: skip
    ends = {id: day(end) for id, end in laid.ends.items()}
    told = {"start": day(laid.start), "end": day(laid.end), "ends": ends, "hours": laid.hours.as_dict()}
    return told | {"shares": dict(laid.shares), "minutes": laid.minutes, "tracks": tracks, "weeks": weeks}
