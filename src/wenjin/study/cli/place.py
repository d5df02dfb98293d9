"""`wenjin place`, `wenjin gate`, `wenjin mastery`: what is known already, how to prove it, and why it is said.

Omits   what is asked and when it is enough (progress/placement.py, gate.py), how it is judged (judge/proving.py)
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.exercises import open_desk
from wenjin.study.cli.terminal import clean, console, fail, say, sentences
from wenjin.study.cli.writing import Writing

if TYPE_CHECKING:
    from wenjin.study.cli.desk import Desk
    from wenjin.study.course.graph import Topic
    from wenjin.study.judge.proving import Proving
    from wenjin.study.progress.mastery import Mastery
    from wenjin.study.progress.placement import Item, Outcome, Placements

PLACE = Text(
    """摸底：最多 30 道题，找出从哪里学起；按每个回答挑下一题，够清楚就停。

    空行表示不会，q 先离开，再运行就接着做。最多三题要写程序，写在文件里。只有证明了的主题才算会。

    \b
    wenjin place                开始，或接着做没做完的
    wenjin place --end          不再答了，按已有的回答下结论
    wenjin place --again        重新摸底
    wenjin place --json         只看现状，不提问，给脚本用
    """,
    """Placement: at most 30 questions find where to begin; each answer decides the next, and it stops once it is clear.

    An empty line means that you do not know; q leaves, and the next call goes on. At most three questions are programs,
    written in a file. Only what is proven counts as known.

    \b
    wenjin place                begin, or go on with what you left
    wenjin place --end          no more questions: conclude from the answers so far
    wenjin place --again        take the test again
    wenjin place --json         only how things stand, for scripts; nothing is asked
    """,
)
GATE = Text(
    """过关测验：几道新题，过了就证明会这个主题，不用再学。没过会说先读什么；可以换一组数再考。

    \b
    wenjin gate tokenization           考这个主题
    wenjin gate tokenization --json    只看现状，给脚本用
    """,
    """The gate test: a few fresh questions prove that you know a topic and need not study it. If you do not pass, it
    says what to read; take it again with other numbers.

    \b
    wenjin gate tokenization           take the test of this topic
    wenjin gate tokenization --json    only how things stand, for scripts
    """,
)
MASTERY = Text(
    """掌握度：每一条证据、它的分量和值，以及怎样合成一个数；不写主题就列出全部。

    \b
    wenjin mastery                     所有有证据的主题
    wenjin mastery self-attention      这个主题凭什么算会
    wenjin mastery --json              全部主题，给脚本用
    """,
    """Mastery: each piece of evidence, its weight and value, and their sum; without a topic, a list of all.

    \b
    wenjin mastery                     all topics with evidence
    wenjin mastery self-attention      why this topic counts as known, or not
    wenjin mastery --json              every topic, for scripts
    """,
)
TOPIC = Text("主题的 id", "a topic's id")
END = Text("结束没做完的摸底", "end the open test")
AGAIN = Text("重新摸底", "take the test again")
AS_JSON = Text("输出 JSON，不提问", "print JSON, ask nothing")
DATA = Text("数据目录（也可用 WENJIN_DATA）", "the data folder (or WENJIN_DATA)")
NO_TOPIC = Text("没有名为 {topic} 的主题。", "There is no topic called {topic}.")
NONE_OPEN = Text("没有没做完的摸底；wenjin place 开始一次。", "No placement test is open; wenjin place begins one.")
NOTHING = Text("{topic} 还没有能考的题。", "Nothing of {topic} can be asked yet.")
NUMBER = Text("第 {n} 题，最多 {all} 题", "Question {n} of at most {all}")
OF = Text("第 {n} / {all} 题", "Question {n} of {all}")
LATER = Text("答过的都记下了；再运行一次就接着做。", "What you answered is kept; run it again to go on.")
COUNT = Text(
    "答了 {n} 题：会 {known} 个主题，拿不准 {unsure} 个，不会或没有考 {unknown} 个。",
    "{n} answered: {known} topics known, {unsure} unsure, {unknown} unknown or not asked.",
)
KNOWN = Text("会", "Known")
UNSURE = Text("拿不准", "Unsure")
FRONTIER = Text("从这里学起", "Begin here")
UNASKED = Text(
    "没有考 {n} 个主题：还没写好，或者你不写程序、它们又只有编程练习；一律算不会。",
    "Not asked: {n} topics that are not written yet or, where you wanted no programs, have nothing else; they count as "
    "unknown.",
)
PASSED = Text("过关了，对 {right}/{all}。", "Passed, {right} of {all} right.")
FAILED = Text("还没过关，对 {right}/{all}。先读：{read}", "Not passed yet, {right} of {all} right. Read first: {read}")
STANDINGS = {
    "unknown": Text("还不会", "unknown"),
    "learning": Text("在学", "learning"),
    "known": Text("会", "known"),
    "fading": Text("会过，在淡忘", "fading"),
}
SUM = Text("{products:.3f} ÷ ({weights:.3f} + 1) = {value:.3f}", "{products:.3f} ÷ ({weights:.3f} + 1) = {value:.3f}")
NO_EVIDENCE = Text("还没有证据。", "There is no evidence yet.")
HEAD = Text("日期        原有   现有    值  证据", "date        full    now  value  evidence")

Json = Annotated[bool, typer.Option("--json", help=say(AS_JSON))]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help=say(DATA))]


def register(app: typer.Typer, open_desk: Callable[[Path | None], "Desk"] = open_desk) -> None:
    @app.command(help=say(PLACE))
    def place(
        end: Annotated[bool, typer.Option("--end", help=say(END))] = False,
        again: Annotated[bool, typer.Option("--again", help=say(AGAIN))] = False,
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            placed(desk, end, again, as_json)

    @app.command(help=say(GATE))
    def gate(
        topic: Annotated[str, typer.Argument(metavar="TOPIC", help=say(TOPIC))],
        as_json: Json = False,
        data: Data = None,
    ) -> None:
        with sentences(), open_desk(data) as desk:
            sit(desk, named(desk, topic), as_json)

    @app.command(help=say(MASTERY))
    def mastery(
        topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help=say(TOPIC))] = None,
        as_json: Json = False,
        data: Data = None,
    ) -> None:

        with sentences(), open_desk(data) as desk:
            wanted = [named(desk, topic).id] if topic else list(desk.course.topics)
            found = desk.record.learner().mastery
            if as_json:
                rows = [found[id].as_dict() for id in wanted]
                print(json.dumps(rows[0] if topic else {"topics": rows}, ensure_ascii=False))
            elif topic:
                explained(found[wanted[0]])
            else:
                listed(desk, [found[id] for id in wanted if found[id].evidence])


def proving(desk: "Desk") -> "Proving":
    from wenjin.study.judge.proving import Proving

    return Proving(desk.log, desk.course, lambda: desk.judge)


def named(desk: "Desk", topic: str) -> "Topic":
    """The topic of this id, or the end with a sentence and the nearest names."""
    from wenjin.study.course.faults import nearest

    if topic not in desk.course.topics:
        near, text = nearest(topic, list(desk.course.topics)), NO_TOPIC.format(topic=clean(topic))
        fail(Text(text.zh + near.zh, f"{text.en} {near.en}".rstrip()), 2)
    return desk.course.topics[topic]


def placed(desk: "Desk", end: bool, again: bool, as_json: bool) -> None:
    from wenjin.study.progress.placement import MOST

    room = proving(desk)
    test = room.placement()
    if as_json and not end:
        print(json.dumps(as_data(room, test), ensure_ascii=False))
        return
    if end:
        if not test.open:
            fail(NONE_OPEN)
        room.end(test)
    elif again or not test.id or test.open:
        test = room.begin()
        while (item := room.question(test)) is not None:
            head = NUMBER.format(n=item.number, all=MOST)
            writing = Writing(
                test.id,
                lambda: room.placement().opened,
                partial(room.open, test, item),
                partial(room.spare, test),
                partial(answer_of, room, item),
            )
            if not answered(desk, head, item, writing):
                return
            test = room.placement()
    test = room.placement()
    if as_json:
        print(json.dumps(as_data(room, test), ensure_ascii=False))
    else:
        told(desk, test, room.outcome(test))


def answer_of(room: "Proving", item: "Item", given: Any) -> dict[str, Any]:
    """Answer a question of the placement as it now stands."""
    return room.answer(room.placement(), item, given)


def answer_of_gate(room: "Proving", topic: "Topic", item: "Item", given: Any) -> dict[str, Any]:
    sat = room.gate(topic)
    assert sat is not None
    return room.gate_answer(topic, sat, item, given)


def answered(desk: "Desk", head: Text, item: "Item", writing: Writing) -> bool:
    """Ask one question until it is answered; False when the learner leaves."""
    from wenjin.study.cli import asking, views
    from wenjin.study.cli.writing import write
    from wenjin.study.judge.proving import counts

    out = console()
    print(f"\n{say(head)} · {clean(desk.course.topics[item.exercise.topic].title[desk.language])}")
    out.print(views.prose(item.exercise.task[desk.language] if item.exercise.task else ""))
    try:
        if item.exercise.code:
            write(desk, item, writing)
            return True
        print(say(asking.HOW))
        problem = desk.judge.problem(item.exercise.id, item.variant)
        while not counts(verdict := writing.take(asking.ask(problem, desk.language))):
            print(clean(verdict["feedback"][desk.language]))
    except asking.Left:
        print(say(LATER))
        return False
    return True


def told(desk: "Desk", test: "Placements", found: "Outcome") -> None:
    known, unsure = found.of("known"), found.of("unsure")
    count = COUNT.format(n=len(test.answers), known=len(known), unsure=len(unsure), unknown=len(found.of("unknown")))
    print(say(count))
    for head, topics in ((FRONTIER, found.frontier), (KNOWN, known), (UNSURE, unsure)):
        if topics:
            print(f"\n{say(head)}")
            for id in topics:
                print(f"  {id}  {clean(desk.course.topics[id].title[desk.language])}")
    if found.unasked:
        print("\n" + say(UNASKED.format(n=len(found.unasked))))


def as_data(room: "Proving", test: "Placements") -> dict[str, Any]:
    found, item = room.outcome(test), room.question(test)
    return {
        "id": test.id or None,
        "open": test.open,
        "answered": len(test.answers),
        "next": item and {"number": item.number, "exercise": item.exercise.id, "variant": item.variant},
        "known": found.known if test.id else {},
        "unsure": found.of("unsure") if test.id else [],
        "unknown": found.of("unknown") if test.id else list(room.course.topics),
        "frontier": list(found.frontier) if test.id else [],
        "unasked": list(found.unasked),
    }


def sit(desk: "Desk", topic: "Topic", as_json: bool) -> None:
    from wenjin.study.progress.gate import asked

    room = proving(desk)
    sat = room.gate(topic)
    if as_json:
        state = {"id": sat.id, "answered": len(sat.answers), "passed": sat.passed} if sat else None
        print(json.dumps({"topic": topic.id, "items": len(asked(topic, "")), "newest": state}))
        return
    if not asked(topic, ""):
        fail(NOTHING.format(topic=topic.id))
    sat = room.open_gate(topic)
    items = asked(topic, sat.id)
    while (item := room.gate_question(topic, sat)) is not None:
        head = OF.format(n=item.number, all=len(items))
        writing = Writing(
            sat.id,
            lambda: now.opened if (now := room.gate(topic)) else None,
            partial(room.gate_begin, topic, sat, item),
            None,
            partial(answer_of_gate, room, topic, item),
        )
        if not answered(desk, head, item, writing):
            return
        sat = room.gate(topic) or sat
    right = sum(each.right for each in sat.answers)
    places = dict.fromkeys(f"{topic.id}#{each.section}" for each in sat.answers if each.section)
    end = PASSED if sat.passed else FAILED
    print(say(end.format(right=right, all=len(items), read=", ".join([topic.id, *places]))))


def explained(held: "Mastery") -> None:
    print(f"{held.topic}  {held.value:.0%}  {say(STANDINGS[held.standing])}")
    if not held.evidence:
        print(say(NO_EVIDENCE))
        return
    print(say(HEAD))
    for each in held.evidence:
        name = clean(f"{each.kind} {each.subject if each.kind != 'place' else ''} {each.note}".rstrip())
        print(f"{each.at.astimezone().date()}  {each.full:.3f}  {each.weight:.3f}  {each.value:.3f}  {name}")
    print(say(SUM.format(products=held.products, weights=held.weights, value=held.value)))


def listed(desk: "Desk", found: "list[Mastery]") -> None:
    for held in sorted(found, key=lambda each: -each.value):
        title = clean(desk.course.topics[held.topic].title[desk.language])
        print(f"{held.value:5.0%}  {say(STANDINGS[held.standing])}  {held.topic}  {title}")
    if not found:
        print(say(NO_EVIDENCE))
