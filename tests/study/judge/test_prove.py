"""What the proof of an exercise says of answers that must not pass. The rest of it: test_kinds, and every topic."""

from wenjin.kit.exercise import Order
from wenjin.kit.text import Text
from wenjin.kit.verdict import Class, Verdict
from wenjin.study.judge.prove import prove

EXERCISE = Order(items={"a": Text("甲", "A"), "b": Text("乙", "B")}, right=(("a", "b"),), wrong={}, mistakes={})


def faults(starter: bytes | None, passing: set[bytes]) -> list[str]:
    def judge(answer: bytes) -> Verdict:
        verdict: Class = "pass" if answer in passing else "wrong"
        return Verdict(verdict, Text("", ""))

    return [what.en for what, _ in prove(EXERCISE, 0.0, 3, starter, judge)]


def test_neither_starter_nor_empty_file_may_pass() -> None:
    assert faults(b"begin", set()) == []
    assert faults(None, set()) == []
    assert faults(b"begin", {b"begin"}) == ["The starter passes as it is."]
    assert faults(b"begin", {b""}) == ["An empty file passes."]
