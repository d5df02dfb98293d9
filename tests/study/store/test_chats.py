"""Conversations with models: a tree of turns out of events, on both databases; what a kill leaves of an answer."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from wenjin.kit.text import Text
from wenjin.study.store.chats import NAME, TITLE, Chats
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places, places

ASKED = {"model": "tiny", "kind": "chat", "system": "", "sampling": {"temperature": 0.8, "seed": None}}
HOSTILE = "<script>x</script> \u202e\x1b[31m \ud800 𝄞 مرحبا \x00"


@pytest.fixture
def chats(here: Places) -> Chats:
    return Chats(open_log(here, role="command"), here)


def answered(chats: Chats, chat: str, parent: str, text: str, finish: str = "stop") -> str:
    turn, writer = chats.begin(chat, parent, ASKED)
    writer.write({"text": text, "tokens": [[text, -0.5, [["other", -1.0]]]]})
    writer.close()
    chats.end(chat, turn, text, finish, {"tokens": 1})
    return turn


def said(chats: Chats, chat: str | None, parent: str | None, text: str) -> tuple[str, str]:
    event = chats.say(chat, parent, text)
    return event.subject, str(event.data["turn"])


def test_an_edit_and_another_answer_are_branches(chats: Chats) -> None:
    chat, first = said(chats, None, None, "one")
    answer = answered(chats, chat, first, "A")
    other = answered(chats, chat, first, "B")
    _, below = said(chats, chat, answer, "two")
    _, edited = said(chats, chat, None, "one, better")
    found = chats.find(chat)
    assert found is not None
    assert [turn.text for turn in found.children(None)] == ["one", "one, better"]
    assert [turn.id for turn in found.children(first)] == [answer, other]
    assert [turn.id for turn in found.path()] == [edited], "the newest branch is shown"
    assert [turn.id for turn in found.path(answer)] == [first, answer, below], "to the end of its branch"
    assert [turn.id for turn in found.path(other)] == [first, other]
    assert found.path("nothing") == found.path()
    assert found.title == "one"
    assert [row["tokens"][0][0] for row in chats.rows(answer)] == ["A"]


def test_it_is_all_there_when_it_is_opened_again(here: Places) -> None:
    log = open_log(here, role="command")
    chats = Chats(log, here)
    chat, first = said(chats, None, None, HOSTILE)
    answered(chats, chat, first, HOSTILE)
    chats.rename(chat, "  a \n name " + "x" * 300)
    before = chats.all()
    log.close()
    again = Chats(open_log(here, role="command"), here)
    assert again.all() == before
    found = again.find(chat)
    assert found is not None
    assert found.title.startswith("a name x")
    assert len(found.title) == NAME
    assert found.turns[first].text == HOSTILE.replace("\ud800", "?")


def test_removed_is_not_gone(chats: Chats) -> None:
    one, _ = said(chats, None, None, "first")
    two, _ = said(chats, None, None, "second " * 50)
    assert [chat.id for chat in chats.newest()] == [two, one]
    assert len(chats.newest()[0].title) == TITLE
    chats.remove(two)
    assert [chat.id for chat in chats.newest()] == [one]
    assert chats.all()[two].removed
    chats.restore(two)
    assert [chat.id for chat in chats.newest()] == [two, one]


def test_two_who_read_the_same_log_see_the_same(here: Places) -> None:
    log = open_log(here, role="command")
    one, two = Chats(log, here), Chats(log, here)
    chat, first = said(one, None, None, "hello")
    assert two.find(chat) == one.find(chat)
    answered(two, chat, first, "A")
    assert one.find(chat) == two.find(chat)
    assert one.find("0" * 32) is None


@pytest.mark.parametrize(
    "data",
    [
        {"do": "say", "turn": "x", "parent": "nowhere", "text": "below nothing"},
        {"do": "say", "turn": "FIRST", "parent": "FIRST", "text": "below itself"},
        {"do": "answer", "turn": "y", "parent": "nowhere", "asked": {}},
        {"do": "end", "turn": "nowhere", "text": "", "finish": "stop", "told": {}},
        {"do": "sing", "what": 3},
        {"do": "name", "title": None},
        {},
    ],
)
def test_events_that_make_no_sense_change_nothing(chats: Chats, data: dict[str, object]) -> None:
    chat, first = said(chats, None, None, "one")
    before = chats.find(chat)
    told = {key: first if value == "FIRST" else value for key, value in data.items()}
    chats.log.append(happened("chat", chat, told))
    chats.log.append(happened("chat", uuid4().hex, told))
    assert chats.find(chat) == before
    assert list(chats.all()) == [chat]


def test_an_answer_ends_once(chats: Chats) -> None:
    chat, first = said(chats, None, None, "one")
    turn, writer = chats.begin(chat, first, ASKED)
    writer.close()
    found = chats.find(chat)
    assert found is not None
    assert found.live() == found.turns[turn]
    chats.end(chat, turn, "half", "failed", {"tokens": 1}, Text("断了", "broken"))
    chats.end(chat, turn, "more", "stop", {})
    found = chats.find(chat)
    assert found is not None
    assert found.live() is None
    assert (found.turns[turn].text, found.turns[turn].finish) == ("half", "failed")
    assert found.turns[turn].why == Text("断了", "broken")


WRITER = """
import sys, time
from pathlib import Path
from wenjin.study.store.chats import Chats
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
here = places(Path(sys.argv[1]), Path(sys.argv[2]))
chats = Chats(open_log(here, role="command"), here)
event = chats.say(None, None, "question")
turn, writer = chats.begin(event.subject, event.data["turn"], {"model": "m", "kind": "chat", "sampling": {}})
print(event.subject, turn, flush=True)
for n in range(100000):
    writer.write({"text": f"{n} ", "tokens": [[f"{n} ", -0.1, []]]})
    print(n, flush=True)
    time.sleep(0.001)
"""


def test_a_killed_course_keeps_what_was_written(fresh: Callable[[], Places], count: Callable[[int], int]) -> None:
    here = fresh()
    url = {} if here.database_url.startswith("sqlite") else {"WENJIN_DATABASE_URL": here.database_url}
    for _ in range(count(20)):
        argv = [sys.executable, "-c", WRITER, str(here.data), str(here.workspace)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, **url})
        assert process.stdout is not None
        chat, turn = process.stdout.readline().split()
        seen = [int(process.stdout.readline()) for _ in range(30)][-1]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        log = open_log(here, role="command")
        chats = Chats(log, here)
        chats.settle()
        found = chats.find(chat)
        assert found is not None
        kept = found.turns[turn]
        assert kept.finish == "broken"
        assert kept.text.startswith("".join(f"{n} " for n in range(seen + 1))), "every piece that was seen is there"
        assert kept.told["tokens"] == len(kept.text.split())
        before = len(log.events("chat"))
        chats.settle()
        assert len(log.events("chat")) == before, "settled once"
        log.close()


def test_an_answer_of_another_machine_is_left_alone(here: Places, tmp_path: Path) -> None:
    """Two data folders over one PostgreSQL: who holds no file of an answer does not end it."""
    log = open_log(here, role="command")
    chats = Chats(log, here)
    chat, first = said(chats, None, None, "one")
    turn, writer = chats.begin(chat, first, ASKED)
    other = Chats(log, places(tmp_path / "elsewhere", tmp_path / "workspace", environ={}))
    other.settle()
    found = chats.find(chat)
    assert found is not None
    assert found.turns[turn].live
    writer.close()
