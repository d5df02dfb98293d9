"""Streams as OpenAI shaped them, and what is none of theirs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from wenjin.study.chat.protocol import LINE, Piece, pieces, refusal, request
from wenjin.study.store.chats import Turn

AT = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLING = {"temperature": 0.5, "top_k": 3, "seed": None, "max_tokens": 9}


def events(*told: Any) -> list[Piece]:
    return list(pieces([f"data: {json.dumps(one)}\n".encode() for one in told] + [b"data: [DONE]\n", b"data: {}\n"]))


def test_a_conversation_is_asked_with_its_system_prompt_and_settings() -> None:
    asked = {"model": "m", "kind": "chat", "system": "Be brief.", "sampling": SAMPLING}
    turns = [Turn("a", None, "user", "hi", AT), Turn("b", "a", "assistant", "yes", AT), Turn("c", "b", "user", "?", AT)]
    path, body = request(asked, turns, "")
    assert path == "/v1/chat/completions"
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["stream"]
    assert (body["temperature"], body["top_k"], body["max_tokens"]) == (0.5, 3, 9)
    assert "seed" not in body, "what is not set is not sent"
    assert body["logprobs"] is True


def test_a_poet_is_asked_for_verse_and_a_plain_model_goes_on() -> None:
    poem = Turn("a", None, "user", "《月》", AT, poem={"title": "月", "form": "五言绝句"})
    path, body = request({"model": "p", "kind": "poet", "sampling": {}}, [poem], "<f>{form}<t>{title}<v>")
    assert (path, body["prompt"]) == ("/v1/completions", "<f>五言绝句<t>月<v>")
    turns = [
        Turn("a", None, "user", "one", AT),
        Turn("b", "a", "assistant", " two", AT),
        Turn("c", "b", "user", " 3", AT),
    ]
    assert request({"model": "t", "kind": "text", "sampling": {}}, turns, "")[1]["prompt"] == "one two 3"


def test_the_pieces_of_a_chat_and_of_a_completion() -> None:
    top = [{"token": "a", "logprob": -0.1, "bytes": [97]}, {"token": "b", "logprob": -2.5, "bytes": [98]}]
    place = {"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": top}
    chat = {
        "choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [place]}, "finish_reason": None}]
    }
    columns = {"tokens": ["a"], "token_logprobs": [-0.1], "top_logprobs": [{"b": -2.5, "a": -0.1}], "text_offset": [0]}
    text = {"choices": [{"index": 0, "text": "a", "logprobs": columns, "finish_reason": None}]}
    assert events(chat) == events(text) == [Piece("a", (("a", -0.1, [("a", -0.1), ("b", -2.5)]),))]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1, "details": {}}}
    assert events(end, usage) == [Piece(finish="length"), Piece(usage={"prompt_tokens": 3, "completion_tokens": 1})]


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        3,
        {"choices": []},
        {"choices": [3]},
        {"choices": {"0": 1}},
        {"choices": [{"delta": None, "logprobs": 3, "finish_reason": 7}]},
        {"choices": [{"delta": {"content": 5}, "logprobs": {"content": [3, None]}}]},
        {"choices": [{"text": None, "logprobs": {"tokens": [], "token_logprobs": None, "top_logprobs": None}}]},
        {"usage": 3},
    ],
)
def test_what_is_no_event_of_theirs_is_passed_over(told: Any) -> None:
    for piece in events(told):
        assert (piece.text, piece.tokens, piece.finish) == ("", (), "")


def test_odd_lines_and_odd_numbers() -> None:
    assert list(pieces([b": beat\n", b"event: x\n", b"data: {\n", b"data: " + b"[" * 5000 + b"\n", b"\n"])) == []
    place = {"token": "\ud800", "logprob": float("-inf"), "top_logprobs": [{"token": 3}]}
    (piece,) = events({"choices": [{"delta": {"content": "\ud800x"}, "logprobs": {"content": [place]}}]})
    assert piece.text == "?x"
    assert piece.tokens[0][1] == -99.0
    assert len(json.dumps(piece.tokens, allow_nan=False).encode()) < LINE


def test_an_error_in_their_shape_is_a_sentence() -> None:
    assert refusal({"error": {"message": "too\n long", "code": "x"}}) == "too long"
    assert refusal({"error": "plain"}) == "plain"
    assert refusal(None) == refusal({}) == refusal([1]) == "?"
    assert events({"error": {"message": "It failed."}}) == [Piece(error="It failed.")]
