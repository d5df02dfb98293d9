"""Whatever is sent: an answer in OpenAI's shape that says what is wrong, no failure of the server, and the next
request is answered."""

import json
import socket
from typing import Any

import pytest

from tests.stack.serve.conftest import KEY, Running

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
USER = {"role": "user", "content": "hi"}
HI = [USER]


def nested(depth: int) -> str:
    return '{"model": "tiny", "messages": ' + "[" * depth + "]" * depth + "}"


CASES: list[tuple[str, str, Any, int, str | None]] = [  # name, address, fields or raw body, status, param
    ("prompt beyond the context", TEXT, {"prompt": "床" * 3000}, 400, "prompt"),
    ("ids beyond the context", TEXT, {"prompt": [5] * 2000}, 400, "prompt"),
    ("answer beyond the context", TEXT, {"prompt": "a", "max_tokens": 1024}, 400, "max_tokens"),
    ("conversation beyond the context", CHAT, {"messages": [USER | {"content": "床" * 3000}]}, 400, "messages"),
    ("empty prompt", TEXT, {"prompt": ""}, 400, "prompt"),
    ("no prompts", TEXT, {"prompt": []}, 400, "prompt"),
    ("no messages", CHAT, {"messages": []}, 400, "messages"),
    ("messages missing", CHAT, {}, 400, "messages"),
    ("model missing", CHAT, {"messages": HI, "model": None}, 400, "model"),
    ("unknown model", CHAT, {"messages": HI, "model": "gpt-5"}, 404, "model"),
    ("a model's name that moves the cursor", CHAT, {"messages": HI, "model": "\x1b[2J\nx"}, 404, "model"),
    ("max_tokens 0 in a chat", CHAT, {"messages": HI, "max_tokens": 0}, 400, "max_tokens"),
    ("max_tokens 0 without echo", TEXT, {"prompt": "a", "max_tokens": 0}, 400, "max_tokens"),
    ("max_tokens -1", CHAT, {"messages": HI, "max_tokens": -1}, 400, "max_tokens"),
    ("max_tokens 10^9", CHAT, {"messages": HI, "max_tokens": 10**9}, 400, "max_tokens"),
    ("max_tokens of 4000 digits", CHAT, '{"model":"tiny","messages":[],"max_tokens":' + "9" * 4000 + "}", 400, None),
    ("n 0", CHAT, {"messages": HI, "n": 0}, 400, "n"),
    ("n 10^6", CHAT, {"messages": HI, "n": 10**6}, 400, "n"),
    ("more texts than there are places", TEXT, {"prompt": ["a"] * 21, "max_tokens": 1}, 400, None),
    ("1,000 stop strings", CHAT, {"messages": HI, "stop": ["x"] * 1000}, 400, "stop"),
    ("an empty stop string", CHAT, {"messages": HI, "stop": [""]}, 400, "stop[0]"),
    ("temperature NaN", CHAT, '{"model":"tiny","messages":[],"temperature":NaN}', 400, None),
    ("temperature beyond numbers", TEXT, '{"model":"tiny","prompt":"a","temperature":1e999}', 400, "temperature"),
    ("temperature as text", CHAT, {"messages": HI, "temperature": "1"}, 400, "temperature"),
    ("temperature -1", CHAT, {"messages": HI, "temperature": -1}, 400, "temperature"),
    ("top_p 0", CHAT, {"messages": HI, "top_p": 0}, 400, "top_p"),
    ("seed 2^70", CHAT, {"messages": HI, "seed": 2**70}, 400, "seed"),
    ("seed of a fraction", CHAT, {"messages": HI, "seed": 1.5}, 400, "seed"),
    ("a bias out of the vocabulary", CHAT, {"messages": HI, "logit_bias": {"999999": 1}}, 400, "logit_bias"),
    ("a bias of no number", CHAT, {"messages": HI, "logit_bias": {"the": 1}}, 400, "logit_bias"),
    ("a bias too strong", CHAT, {"messages": HI, "logit_bias": {"5": 1000}}, 400, "logit_bias.5"),
    ("ids out of the vocabulary", TEXT, {"prompt": [999999]}, 400, "prompt"),
    ("negative ids", TEXT, {"prompt": [-1]}, 400, "prompt[0]"),
    ("logprobs 1000", TEXT, {"prompt": "a", "logprobs": 1000}, 400, "logprobs"),
    ("top_logprobs without logprobs", CHAT, {"messages": HI, "top_logprobs": 2}, 400, "top_logprobs"),
    ("stream_options without stream", CHAT, {"messages": HI, "stream_options": {}}, 400, "stream_options"),
    ("best_of 3", TEXT, {"prompt": "a", "best_of": 3}, 400, "best_of"),
    ("a misspelled field", CHAT, {"messages": HI, "max_token": 3}, 400, "max_token"),
    ("a role that is none", CHAT, {"messages": [{"role": "king", "content": "hi"}]}, 400, "messages[0]"),
    ("a picture", CHAT, {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, None),
    ("no content", CHAT, {"messages": [{"role": "user"}]}, 400, "messages[0].content"),
    ("content of no text", CHAT, {"messages": [{"role": "user", "content": 5}]}, 400, "messages[0].content"),
    ("a call that is no JSON", CHAT, {"messages": [*HI, {"role": "assistant", "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}]}]}, 400, None),
    ("a tool that is not there", CHAT, {"messages": HI, "tools": [], "tool_choice": "required"}, 400, "tool_choice"),
    ("a tool without a name", CHAT, {"messages": HI, "tools": [{"type": "function"}]}, 400, "tools[0].function"),
    ("a form that is none", CHAT, {"messages": HI, "response_format": {"type": "xml"}}, 400, "response_format"),
    ("a schema that cannot be followed", CHAT, {"messages": HI, "response_format": {"type": "json_schema",
        "json_schema": {"name": "x", "schema": {"type": "string", "pattern": "(?=a)"}}}}, 400, "response_format"),
    ("a schema without an end", CHAT, {"messages": HI, "response_format": {"type": "json_schema", "json_schema": {
        "name": "x", "schema": {"type": "string", "pattern": "((a{1,99}){1,99}){1,99}b"}}}}, 400, "response_format"),
    ("dimensions that it has not", "/v1/embeddings", {"input": "a", "dimensions": 7}, 400, "dimensions"),
    ("an empty input", "/v1/embeddings", {"input": ""}, 400, "input"),
    ("neither text nor messages", "/v1/tokenize", {}, 400, "prompt"),
    ("ids that are none", "/v1/detokenize", {"tokens": [10**6]}, 400, "tokens"),
    ("no body", CHAT, "", 400, None),
    ("no JSON", CHAT, "{", 400, None),
    ("no object", CHAT, "[]", 400, None),
    ("bad UTF-8", CHAT, b'{"model": "tiny", "messages": [{"role": "user", "content": "\xff\xfe"}]}', 400, None),
    ("half a surrogate pair", TEXT, '{"model": "tiny", "prompt": "\\ud800"}', 400, None),
    ("depth of 10^4", CHAT, nested(10**4), 400, None),
    ("a body of 10 MB", TEXT, json.dumps({"model": "tiny", "prompt": "a" * 10_000_000}), 413, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "address", "given", "status", "param"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong_is_said(server: Running, name: str, address: str, given: Any, status: int, param: str) -> None:
    if isinstance(given, dict):
        given = json.dumps({"model": server.model} | given)
    answer = server.http.post(address, content=given, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    wrong(answer.json())
    if param:
        assert answer.json()["error"]["param"] == param
    assert server.complete("a", max_tokens=1).status_code == 200


def wrong(told: Any) -> None:
    assert set(told) == {"error"}
    error = told["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)
    assert error["message"]
    assert error["message"].isprintable()
    assert isinstance(error["type"], str)
    assert isinstance(error["code"], str)
    assert error["param"] is None or isinstance(error["param"], str)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/audio/speech", 404),
        ("GET", "/v1/models/other", 404),
        ("GET", CHAT, 405),
        ("DELETE", "/v1/models", 405),
        ("OPTIONS", CHAT, 405),
        ("GET", "/v1/chat/completions/", 404),
        ("GET", "/docs", 404),
    ],
)
def test_addresses_that_are_none(server: Running, method: str, address: str, status: int) -> None:
    answer = server.http.request(method, address)
    assert answer.status_code == status
    wrong(answer.json())
    assert status != 405 or answer.headers["allow"]


@pytest.mark.parametrize("head", [{"content-type": "text/plain"}, {"content-encoding": "gzip"}])
def test_bodies_that_do_not_say_that_they_are_json(server: Running, head: dict[str, str]) -> None:
    head = {"content-type": "application/json"} | head
    answer = server.http.post(TEXT, content=b'{"model": "tiny", "prompt": "a"}', headers=head)
    assert answer.status_code == 415
    wrong(answer.json())


def test_a_body_that_is_cut_off(server: Running) -> None:
    """The rest never comes: the client leaves, and nothing of it stays."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        head = f"POST {TEXT} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {KEY}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
    assert server.complete("a", max_tokens=1).status_code == 200


def test_what_is_no_http(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        line.settimeout(10)
        assert line.recv(4096).startswith(b"HTTP/1.1 400")
    assert server.complete("a", max_tokens=1).status_code == 200
