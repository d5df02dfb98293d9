"""`wenjin progress`: how far the learner has come, in a terminal."""

import json
from datetime import datetime

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.learning import Data, Json, record
from wenjin.study.cli.terminal import clean, language, say

HELP = Text(
    """学到哪里了：学了几天、几小时，每个阶段掌握了多少，强项和缺口。

    \b
    wenjin progress
    wenjin progress --json                        给脚本用
    """,
    """How far you have come: days and hours, what you hold of each stage, strengths and gaps.

    \b
    wenjin progress
    wenjin progress --json                        for scripts
    """,
)
HABIT = Text(
    "四周里学了 {studied} 天，共 {all} 天；本周 {week:.1f} 小时，四周 {month:.1f} 小时，总共 {ever:.1f} 小时。",
    "Days studied: {studied} of the last 28, {all} in all; {week:.1f} hours this week, {month:.1f} in four weeks, "
    "{ever:.1f} in all.",
)
STRENGTHS = Text("强项", "strengths")
GAPS = Text("缺口", "gaps")
NOTHING = Text("还没有开始。wenjin next 说从哪里开始。", "Nothing is begun yet. wenjin next says where to start.")


def register(app: typer.Typer) -> None:
    @app.command(help=say(HELP))
    def progress(
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        from wenjin.study.progress.days import habit
        from wenjin.study.progress.deck import day_of
        from wenjin.study.progress.overview import parts

        with record(data) as here:
            now = datetime.now().astimezone()
            came = habit(here.kept.days(), day_of(now, now))
            stages = parts(here.course, here.learner().mastery)
        week, month, ever = came.hours
        if as_json:
            rows = [
                {
                    "stage": part.stage.id,
                    "known": part.known,
                    "topics": {skill.topic.id: round(skill.mastery.value, 4) for skill in part.skills},
                }
                for part in stages
            ]
            hours = {"week": week, "month": month, "all": ever}
            told = {"days": came.all, "of_28": came.studied, "longest": came.longest, "hours": hours, "stages": rows}
            print(json.dumps(told))
            return
        tongue = language()
        if not came.all:
            print(say(NOTHING))
            return
        print(say(HABIT.format(studied=came.studied, all=came.all, week=week, month=month, ever=ever)))
        for part in stages:
            if part.begun:
                print(clean(f"\n{part.stage.title[tongue]}  {part.known} / {len(part.skills)}"))
                for name, skills in ((STRENGTHS, part.strengths), (GAPS, part.gaps)):
                    for skill in skills:
                        print(clean(f"    {name[tongue]}  {skill.percent:3}%  {skill.topic.title[tongue]}"))
