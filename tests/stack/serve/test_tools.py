"""Calls of tools are read out of an answer, wherever its pieces begin and end."""

import random
from collections.abc import Callable

import pytest

from tests.stack.serve.conftest import Running
from tests.stack.serve.test_client import WEATHER
from tests.stack.serve.test_malformed import wrong
from wenjin.stack.serve.tools import Call, Calls

LOOK = '<tool_call>\n{"name": "look", "arguments": {"at": "the moon 🌕"}}\n</tool_call>'
LOOKED = Call("look", '{"at": "the moon 🌕"}')
ANSWERS: list[tuple[str, str, list[Call]]] = [
    ("Good evening.", "Good evening.", []),
    ("  a\n\n", "  a\n\n", []),
    (LOOK, "", [LOOKED]),
    (f"I will look.\n{LOOK}\n{LOOK}\n", "I will look.", [LOOKED, LOOKED]),
    (f"{LOOK}\nThere it is.", "There it is.", [LOOKED]),
    ('<tool_call>{"name": "f"}</tool_call>', "", [Call("f", "{}")]),
    ('<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>', "", [Call("f", '{"a": 1}')]),
    ('<tool_call>{"name": "f", "arguments": {}}', "", [Call("f", "{}")]),
    ("<tool_call>look!</tool_call> no", "<tool_call>look!</tool_call> no", []),
    ('<tool_call>{"name": 5}</tool_call>', '<tool_call>{"name": 5}</tool_call>', []),
    ('<tool_call>{"name": "f", "arguments": [1]}</tool_call>',) * 2 + ([],),
    ("<tool_call>", "<tool_call>", []),
    ("a < b, <tool_, <tool_call", "a < b, <tool_, <tool_call", []),
    ("<tool_call>" + "[" * 100_000, "<tool_call>" + "[" * 100_000, []),
    ("", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "text", "calls"), ANSWERS, ids=range(len(ANSWERS)))
def test_any_cut_gives_the_same(answer: str, text: str, calls: list[Call], count: Callable[[int], int]) -> None:
    dice = random.Random(1)
    for turn in range(count(400)):
        reader, shown, found, left = Calls(), "", list[Call](), answer
        while left:
            size = len(left) if turn == 0 else dice.randrange(1, max(12, len(answer) // 10))
            more, complete = reader.push(left[:size])
            shown, found, left = shown + more, found + complete, left[size:]
        more, complete = reader.end()
        assert (shown + more, found + complete) == (text, calls)


def test_text_is_not_held_back_for_nothing() -> None:
    reader = Calls()
    assert reader.push("a <")[0] == "a"
    assert reader.push(" b")[0] == " < b"
    assert reader.push("<tool")[0] == ""
    assert reader.push("box>")[0] == "<toolbox>"


def test_a_model_that_knows_no_tools_says_so(smollm2_server: Running) -> None:
    answer = smollm2_server.chat(tools=[WEATHER])
    assert answer.status_code == 400
    wrong(answer.json())
    assert answer.json()["error"]["param"] == "tools"
    assert "knows no tools" in answer.json()["error"]["message"]


def test_one_call_alone(server: Running) -> None:
    """With parallel_tool_calls false the answer ends with the first call."""
    asked = {"tools": [WEATHER], "temperature": 0, "max_tokens": 100, "logit_bias": {"2": -100}}
    many = server.chat(**asked).json()["choices"][0]
    one = server.chat(**asked, parallel_tool_calls=False).json()["choices"][0]
    assert many["finish_reason"] == "length"
    assert len(many["message"]["tool_calls"]) == 1
    assert one["finish_reason"] == "tool_calls"
    assert [call["function"] for call in one["message"]["tool_calls"]] == [
        call["function"] for call in many["message"]["tool_calls"]
    ]
