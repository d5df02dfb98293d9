"""`wenjin checkpoint`: a paper drawn from a unit or a stage, on the clock, in the terminal.

Each question is a file of the workspace; the clock runs while the command does, and stands when it is left or killed.

Omits   what a paper is and how it is judged (`progress/paper.py`, `judge/sitting.py`); what is printed (papers.py)
"""

import json
import secrets
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import clean, console, fail, say, sentences

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.judge.sitting import Room
    from wenjin.study.progress.paper import Scope, Sitting

HELP = Text(
    """阶段测试与检查点：从一个单元或阶段的练习与卡片里抽一份卷子，计时，按主题给出报告。

    卷子由 --seed 决定：同一个数，同一份卷子。题目放在工作目录的 papers 里，每题一个文件；离开、崩溃时计时停下，
    用 resume 接着做，时间不多也不少。页面上写的会放进文件，文件里写的页面上也看得到。
    判分的只有判题程序，参考答案和模型都不参与。

    \b
    wenjin checkpoint list                                  能考的单元与阶段
    wenjin checkpoint qmatter/transformer                   现在就考这个单元
    wenjin checkpoint thirty-weeks/stage-1 --seed 7         第 7 份阶段卷
    wenjin checkpoint qmatter/transformer --seed 1 --json   只看这份卷子的题目，不开始
    wenjin checkpoint qmatter/transformer --answers DIR     一次交上一个目录里的答案
    wenjin checkpoint resume                                接着做没做完的那份
    wenjin checkpoint give-up                               放弃没做完的那份；resume 编号可以再捡起来
    wenjin checkpoint report ID                             一次测试的报告
    wenjin checkpoint verify ID HASH                        证书上的校验码对不对
    """,
    """Stage tests and checkpoints: a paper from the exercises and cards of a unit or stage, on the clock, with a report
    by topic.

    --seed decides the paper: the same number draws the same one. Each question is a file below papers in the workspace.
    When you leave, or something crashes, the clock stands; resume goes on with neither more time nor less. What is
    typed in the page comes into the files, and the page shows what is in them. The judge alone marks; no model does.

    \b
    wenjin checkpoint list                                  units and stages that have a paper
    wenjin checkpoint qmatter/transformer                   sit this unit now
    wenjin checkpoint thirty-weeks/stage-1 --seed 7         the seventh paper of a stage
    wenjin checkpoint qmatter/transformer --seed 1 --json   only the questions of that paper; nothing begins
    wenjin checkpoint qmatter/transformer --answers DIR     hand in the answers of a folder at once
    wenjin checkpoint resume                                go on with the paper you left
    wenjin checkpoint give-up                               give it up; resume with its id takes it up again
    wenjin checkpoint report ID                             the report of a sitting
    wenjin checkpoint verify ID HASH                        does the code on a certificate hold?
    """,
)
WORDS = Text(
    "list、resume、give-up、report、verify，或 TRACK/UNIT、TRACK/TEST",
    "list, resume, give-up, report, verify, or TRACK/UNIT, TRACK/TEST",
)
SEED = Text("卷子的编号；不写就随机抽一份", "the paper's number; without it one is drawn")
ANSWERS = Text("交上这个目录里的答案，不坐下来考", "hand in the answers of this folder instead of sitting down")
AS_JSON = Text(
    "输出 JSON；与 TRACK/UNIT 或 resume 单独用时只列出题目，不计时",
    "print JSON; alone with TRACK/UNIT or resume it only lists the questions, and no clock runs",
)
DATA = Text("数据目录（也可用 WENJIN_DATA）", "the data folder (or WENJIN_DATA)")
UNCONFINED = Text(
    "这台机器没有任何隔离（F 级）时，确认运行答案", "where nothing confines answers (tier F): agree to run them"
)
NO_SCOPE = Text(
    "没有名为 {name} 的单元或阶段测试；wenjin checkpoint list 列出全部。",
    "There is no unit or stage test called {name}; wenjin checkpoint list shows them all.",
)
NO_ITEMS = Text(
    "{name} 还没有写好的练习可考；wenjin checkpoint list 列出能考的。",
    "{name} has no written exercise to be tested with yet; wenjin checkpoint list shows what has.",
)
NO_SITTING = Text(
    "没有编号为 {id} 的测试；不写编号就是最近的一次。",
    "There is no sitting with the id {id}; without an id the newest is meant.",
)
NOTHING_OPEN = Text(
    "没有没做完的卷子；用 wenjin checkpoint TRACK/UNIT 开始一份。",
    "No paper is open; wenjin checkpoint TRACK/UNIT begins one.",
)
OPEN = Text(
    "{of} 有一份没做完的卷子（{id}）：接着做用 wenjin checkpoint resume {id}，放弃用 wenjin checkpoint give-up {id}。",
    "A paper of {of} is open ({id}): wenjin checkpoint resume {id} goes on with it, wenjin checkpoint give-up {id} "
    "gives it up.",
)
NOT_OVER = Text(
    "这份卷子（{id}）还没有交；wenjin checkpoint resume {id} 接着做，交卷后才有报告。",
    "This paper ({id}) is not handed in; wenjin checkpoint resume {id} goes on. The report comes after.",
)
GIVEN_UP = Text(
    "{of} 的这份卷子（{id}）放弃了：没有报告，答案都不算。再捡起来：wenjin checkpoint resume {id}",
    "This paper of {of} ({id}) is given up: it has no report and none of its answers counts. To take it up again: "
    "wenjin checkpoint resume {id}",
)
NO_ANSWERS = Text(
    "{folder} 里没有这份卷子的答案，什么都没有记下；用 --json 看题目，一题一个文件，如 {example}。",
    "{folder} has no answer to this paper, and nothing was recorded; --json shows its questions. Each is a file, such "
    "as {example}.",
)
TOO_MANY = Text(
    "wenjin checkpoint {what} 不认识“{word}”；wenjin checkpoint --help 有例子。",
    "wenjin checkpoint {what} does not take “{word}”; wenjin checkpoint --help has examples.",
)
ONLY_PAPER = Text(
    "--seed 和 --answers 只能和 TRACK/UNIT 或 TRACK/TEST 一起用，不能用于 {what}。",
    "--seed and --answers go with TRACK/UNIT or TRACK/TEST only, not with {what}.",
)
VERIFY = Text("verify 要两个词：编号和校验码。", "verify takes two words: the id and the code.")
HOLDS = Text(
    "校验码相符：{of}，{right}/{all}，{date}，用时 {minutes} 分钟。请与证书上的逐项比对。",
    "The code holds: {of}, {right} of {all}, {date}, {minutes} minutes. Compare each with the certificate.",
)
ALTERED = Text(
    "校验码不符：证书或记录被改过，或者抄错了。这台机器上的记录算出的是 {seal}。",
    "The code does not hold: the certificate or the record was altered, or the code was miscopied. The record on this "
    "machine gives {seal}.",
)
TAKES = {"list": 0, "resume": 1, "give-up": 1, "report": 1, "verify": 9}  # words that may follow
SHORTEST = 12  # digits of a code that is compared


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    @app.command(help=say(HELP))
    def checkpoint(
        words: Annotated[list[str], typer.Argument(metavar="WHAT", help=say(WORDS))],
        seed: Annotated[int | None, typer.Option(min=0, max=999_999_999, metavar="N", help=say(SEED))] = None,
        answers: Annotated[Path | None, typer.Option("--answers", metavar="DIR", help=say(ANSWERS))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=say(AS_JSON))] = False,
        unconfined: Annotated[bool, typer.Option("--unconfined", help=say(UNCONFINED))] = False,
        data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))] = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            what, rest = words[0], words[1:]
            if len(rest) > TAKES.get(what, 0):
                fail(TOO_MANY.format(what=clean(what), word=clean(rest[TAKES.get(what, 0)])), 2)
            if what in TAKES and (seed is not None or answers is not None):
                fail(ONLY_PAPER.format(what=what), 2)
            if what == "list":
                listed(desk, as_json)
            elif what == "resume" and as_json:
                stands(desk, opened(desk, rest))
            elif what == "resume":
                sit(desk, taken_up(desk, opened(desk, rest)), unconfined)
            elif what == "give-up":
                give_up(desk, opened(desk, rest), as_json)
            elif what == "report":
                told(desk, ended(desk, rest), as_json)
            elif what == "verify":
                verify(desk, rest, as_json)
            else:
                scope = chosen(desk, what)
                draw = secrets.randbelow(1_000_000) if seed is None else seed
                if answers is not None:
                    hand_in(desk, scope, draw, answers, as_json, unconfined)
                elif as_json:
                    drawn(desk, scope, draw)
                else:
                    begin(desk, scope, draw, unconfined, other=seed is not None)


def room(desk: "Desk") -> "Room":
    from wenjin.study.judge.sitting import Room

    return Room(desk.log, desk.course, lambda: desk.judge)


def chosen(desk: "Desk", name: str) -> "Scope":
    """The unit or test of this name, or the end with a sentence."""
    from wenjin.study.course.faults import nearest
    from wenjin.study.progress.paper import paper, scopes

    found = scopes(desk.course).get(name)
    if found is None:
        near = nearest(name, list(scopes(desk.course)))
        text = NO_SCOPE.format(name=clean(name))
        fail(Text(text.zh + near.zh, f"{text.en} {near.en}".rstrip()), 2)
    if not paper(desk.course, found, 0).items:
        fail(NO_ITEMS.format(name=found.id))
    return found


def named(desk: "Desk", id: str) -> "Sitting":
    found = room(desk).get(id)
    return found if found is not None else fail(NO_SITTING.format(id=clean(id)), 2)


def opened(desk: "Desk", rest: list[str]) -> "Sitting":
    """The sitting named, or the newest that is open."""
    if not rest:
        waiting = desk.record.sittings().open()
        rest = [waiting[0].id] if waiting else fail(NOTHING_OPEN)
    found = named(desk, rest[0])
    return found if found.ended is None else fail(NOTHING_OPEN)


def taken_up(desk: "Desk", sat: "Sitting") -> "Sitting":
    """A sitting that goes on: one that was given up, too, where no other one of its unit is open."""
    if sat.given_up:
        for one in desk.record.sittings().open(sat.of):
            fail(OPEN.format(of=one.of, id=one.id))
        room(desk).take_up(sat)
    return sat


def give_up(desk: "Desk", sat: "Sitting", as_json: bool) -> None:
    room(desk).give_up(sat)
    if as_json:
        print(json.dumps({"id": sat.id, "of": sat.of, "given_up": True}))
    else:
        print(clean(say(GIVEN_UP.format(of=sat.of, id=sat.id))))


def stands(desk: "Desk", sat: "Sitting") -> None:
    """Where an open sitting stands, for scripts; no clock runs."""
    from wenjin.study.cli.deskwork import Table

    row = {
        "id": sat.id,
        "of": sat.of,
        "seed": sat.seed,
        "minutes": sat.minutes,
        "spent": round(sat.spent, 3),
        "left": round(max(0.0, sat.limit - sat.spent), 3),
        "items": [list(item) for item in sat.items],
        "kept": list(sat.answers),
        "cards": list(sat.cards),
        "given_up": sat.given_up,
        "folder": str(Table(desk, room(desk), sat=sat).folder),
    }
    print(json.dumps(row, ensure_ascii=False))


def ended(desk: "Desk", rest: list[str]) -> "Sitting":
    """The sitting named, or the newest that has ended."""
    if not rest:
        over = [one for one in desk.record.sittings().sat.values() if one.ended]
        rest = [over[-1].id] if over else fail(NOTHING_OPEN)
    found = named(desk, rest[0])
    return found if found.ended is not None else fail(NOT_OVER.format(id=found.id))


def listed(desk: "Desk", as_json: bool) -> None:
    from wenjin.study.cli import papers
    from wenjin.study.progress.paper import paper, scopes

    past = desk.record.sittings()
    found = [(scope, paper(desk.course, scope, 0)) for scope in scopes(desk.course).values()]
    if as_json:
        rows = [
            {
                "id": scope.id,
                "kind": scope.kind,
                "title": scope.title.as_dict(),
                "topics": list(scope.topics),
                "untested": list(one.untested),
                "minutes": one.minutes,
                "sat": [{"id": s.id, "seed": s.seed, "right": s.right, "all": s.all} for s in past.over(scope.id)],
            }
            for scope, one in found
        ]
        print(json.dumps({"papers": rows, "open": [s.id for s in past.open()]}, ensure_ascii=False))
        return
    console().print(papers.listing(found, past, desk.language))


def drawn(desk: "Desk", scope: "Scope", seed: int) -> None:
    """The questions of a paper that is not begun."""
    from wenjin.study.progress.paper import paper

    print(json.dumps(paper(desk.course, scope, seed).began() | {"what": "drawn"}, ensure_ascii=False))


def told(desk: "Desk", sat: "Sitting", as_json: bool) -> None:
    from wenjin.study.cli import papers
    from wenjin.study.progress.paper import seal
    from wenjin.study.progress.report import report

    found = report(sat, desk.record.sittings(), desk.course)
    code = seal(desk.log.events("paper", sat.id), sat.id)
    if as_json:
        print(json.dumps(papers.as_data(found, code), ensure_ascii=False))
    else:
        console().print(papers.report(found, code, desk.language))


def verify(desk: "Desk", rest: list[str], as_json: bool) -> None:
    """Whether the code of a certificate is that of the record; the exit code is 0 when it is, 1 when not."""
    from wenjin.study.progress.paper import seal

    if len(rest) < 2:
        fail(VERIFY, 2)
    sat = ended(desk, rest[:1])
    code = seal(desk.log.events("paper", sat.id), sat.id)
    given = "".join(rest[1:]).replace(" ", "").replace("-", "").lower()
    holds = len(given) >= SHORTEST and code.startswith(given)
    assert sat.ended is not None
    date = sat.ended.astimezone().date().isoformat()  # the day that the certificate names
    if as_json:
        row = {"id": sat.id, "holds": holds, "code": code, "of": sat.of, "right": sat.right, "all": len(sat.items)}
        print(json.dumps(row | {"date": date, "spent": round(sat.spent, 3)}, ensure_ascii=False))
        sys.exit(0 if holds else 1)
    if not holds:
        fail(ALTERED.format(seal=code))
    text = HOLDS.format(of=sat.of, right=sat.right, all=len(sat.items), date=date, minutes=f"{sat.spent / 60:.1f}")
    print(clean(say(text)))


def hand_in(desk: "Desk", scope: "Scope", seed: int, folder: Path, as_json: bool, unconfined: bool) -> None:
    """Begin, judge every answer that the folder holds, end."""
    from wenjin.study.cli.deskwork import Table

    table = Table(desk, room(desk), folder=folder)
    if not table.holds(scope, seed):
        fail(NO_ANSWERS.format(folder=clean(str(folder)), example=table.file(table.sat.items[0][0]).name), 2)
    table.begin(scope, seed)
    table.room.untimed(table.sat, [item for item, _ in table.sat.items if table.file(item).is_file()])
    missing = table.keep(unconfined)
    table.room.end(table.sat, "handed-in")
    for name in missing:
        print(clean(f"{name}: —"), file=sys.stderr)
    told(desk, named(desk, table.sat.id), as_json)


def begin(desk: "Desk", scope: "Scope", seed: int, unconfined: bool, other: bool) -> None:
    """A new sitting, or the one of this unit that is open; `other`: the learner asked for this very seed."""
    waiting = desk.record.sittings().open(scope.id)
    if other and waiting and all(one.seed != seed for one in waiting):
        fail(OPEN.format(of=scope.id, id=waiting[0].id))
    for one in waiting:
        if one.seed == seed or not other:
            sit(desk, named(desk, one.id), unconfined)
            return
    made = room(desk)
    found = made.get(made.enter(scope, seed))
    assert found is not None
    sit(desk, found, unconfined)


def sit(desk: "Desk", sat: "Sitting", unconfined: bool) -> None:
    """The sitting itself, until it is handed in, left, or its time is up; then the report."""
    from wenjin.study.cli.deskwork import Table

    table = Table(desk, room(desk), sat=sat)
    bell = threading.Event()
    table.run(bell, unconfined)
    found = named(desk, sat.id)
    if found.ended is not None:
        told(desk, found, as_json=False)
