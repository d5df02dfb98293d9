"""A lab in a process of its own says what it says in ours, and nothing that it says can hurt."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.study.labs.school import ROOT
from wenjin.kit.lab import Cause, Level, Progress
from wenjin.study.labs import client, tree
from wenjin.study.labs.worker import find, load

RUN = "ab" * 16


class Memory:
    """A Keep that keeps nothing longer than itself."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def save(self, name: str, data: bytes) -> None:
        self.kept[name] = data


@pytest.mark.parametrize("arguments", [{}, {"steps": 7, "strides": (3, 1, 2), "seed": 5}], ids=str)
def test_a_process_says_what_a_plain_call_says(arguments: dict[str, Any]) -> None:
    lab = load(find(ROOT, "adding/walk"))
    plain = list(lab.run(Memory(), **arguments))
    said = client.run(ROOT, "adding/walk", arguments)
    assert said.frames == plain
    assert (said.end.whole, said.end.claims) == (True, {"near": True})
    assert said.end.peak > 5 << 20


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("garbage", "no frame"),
        ("number", "no frame"),
        ("constant", "NaN is no JSON"),
        ("huge", "over 8 MiB"),
        ("endless", "over 8 MiB"),
        ("unknown", "no frame"),
        ("text", "a lab yields frames, not str"),
        ("raise", r"line \d+: ValueError: the matrix is not square"),
        ("memory", "memory ran out"),
        ("exit", "exit code 3"),
        ("signal", "signal 9"),
        ("half", "without a word"),
    ],
)
def test_whatever_it_does_the_run_ends_with_a_sentence(how: str, why: str) -> None:
    began = time.monotonic()
    end = client.run(ROOT, "adding/bad", {"how": how}).end
    assert not end.whole
    assert end.why is not None
    assert "\x1b" not in end.why.en
    assert re.search(why, end.why.en), end.why.en
    assert time.monotonic() - began < 10


def test_a_lab_that_is_not_there_is_a_sentence_too() -> None:
    end = client.run(ROOT, "adding/nothing", {}).end
    assert end.why is not None


def test_numbers_that_are_none_causes_and_prints_come_through() -> None:
    value = client.run(ROOT, "adding/bad", {"how": "nan"}).frames[-2]
    assert isinstance(value, Level)
    assert value.value != value.value
    assert Cause("rises", {"times": 3, "step": 40}) in client.run(ROOT, "adding/bad", {"how": "cause"}).frames
    printed = client.run(ROOT, "adding/bad", {"how": "print"}).said
    assert printed.endswith(" the last word\n")
    assert len(printed) <= client.SAID


def test_it_goes_on_from_what_it_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"step": 15, "place": 3}')
    working = client.Working(ROOT, "adding/walk", {}, run=RUN, kept={"state.json": state})
    frames, kept = [], []
    for message in working.messages():
        if isinstance(message, client.Kept):
            kept.append(b"".join(message.pieces))
        elif not isinstance(message, client.End):
            frames.append(message)
    working.close()
    assert Progress(15, 20) in frames
    assert Progress(14, 20) not in frames
    assert len(kept) == 5
    lab = load(find(ROOT, "adding/walk"))
    memory = Memory()
    memory.kept["state.json"] = state.read_bytes()
    assert list(lab.run(memory)) == frames


def test_its_children_end_with_it_wherever_they_hid() -> None:
    working = client.Working(ROOT, "adding/bad", {"how": "children"}, run=RUN)
    for message in working.messages():
        if message == Level("started", 1):
            break
    assert len(tree.marked(RUN)) == 3
    assert tree.memory(RUN) > 10 << 20
    began = time.monotonic()
    assert working.kill()
    assert time.monotonic() - began < 1
    assert tree.marked(RUN) == []
    working.close()


def test_it_ends_with_whoever_started_it_also_where_the_system_sends_no_signal() -> None:
    working = client.Working(ROOT, "adding/bad", {"how": "deaf"}, run=RUN)
    next(working.messages())
    assert working.process.stdin is not None
    working.process.stdin.close()
    assert working.process.wait(5) == -9
    working.close()
