"""What a stream is made of: valid JSON in every event, one role, one end, [DONE] last, no character cut in two."""

import asyncio
import json
import random
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx

from tests.stack.serve import tiny
from tests.stack.serve.conftest import KEY, SLOTS, Running
from wenjin.stack.serve.answers import ChatLogprobs, Usage


def events(raw: bytes) -> list[Any]:
    """The events of a stream, by the letter of the standard. [DONE] must be the last."""
    blocks = raw.decode("utf-8").split("\n\n")
    assert blocks.pop() == "", "the last event is closed"
    assert all(block.startswith("data: ") and "\n" not in block for block in blocks)
    assert blocks.pop() == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def check(told: list[Any], asked: dict[str, Any]) -> list[str]:
    """Holds a stream of a chat to its rules; returns the text of each answer."""
    n = asked.get("n", 1)
    assert len({one["id"] for one in told}) == 1
    assert {one["object"] for one in told} == {"chat.completion.chunk"}
    counted = asked.get("stream_options", {}).get("include_usage", False)
    if counted:
        last = told.pop()
        assert last["choices"] == []
        usage = Usage.model_validate(last["usage"])
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        assert usage.completion_tokens <= n * asked["max_tokens"]
        assert all(one["usage"] is None for one in told)
    texts, places = [""] * n, 0
    roles, ends = [0] * n, [0] * n
    for one in told:
        (choice,) = one["choices"]
        number, delta = choice["index"], choice["delta"]
        assert not ends[number], "nothing follows the end"
        assert roles[number] or "role" in delta, "the role comes first"
        roles[number] += "role" in delta
        ends[number] += choice["finish_reason"] is not None
        texts[number] += delta.get("content") or ""
        if choice["logprobs"]:
            places += len(ChatLogprobs.model_validate(choice["logprobs"]).content or ())
    assert roles == ends == [1] * n
    if counted and asked.get("logprobs"):
        assert places == usage.completion_tokens
    return texts


def test_five_thousand_streams_of_verse(server: Running, count: Callable[[int], int]) -> None:
    """Greedy, each begins the endless verse; only where max_tokens ended it may its last character be cut."""
    endless = tiny.VERSE * 8
    left = count(5000)

    async def talk(client: httpx.AsyncClient, dice: random.Random) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            asked: dict[str, Any] = {
                "model": server.model,
                "messages": [{"role": "user", "content": dice.choice(tiny.VERSE) * dice.randrange(1, 5)}],
                "max_tokens": dice.randrange(1, 40),
                "temperature": 0,
                "stream": True,
                "seed": left,
            }
            if dice.random() < 0.3:
                asked["stream_options"] = {"include_usage": True}
            if dice.random() < 0.3:
                asked["logprobs"] = True
            if dice.random() < 0.1:
                asked["n"] = 2
            if dice.random() < 0.2:
                asked["stop"] = dice.sample(tiny.VERSE, 2)
            answer = await client.post("/v1/chat/completions", json=asked)
            if answer.status_code == 429:
                left += 1
                continue
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            for text in check(events(answer.content), asked):
                assert endless.startswith(text.removesuffix("\ufffd")), text
                assert not any(stop in text for stop in asked.get("stop", ()))

    async def all_of_them() -> None:
        head = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=server.url, headers=head, timeout=60, trust_env=False) as client:
            await asyncio.gather(*(talk(client, random.Random(number)) for number in range(2 * SLOTS)))

    asyncio.run(all_of_them())
    server.quiet(2)


def test_noise_is_text_too(server: Running) -> None:
    """Bytes at random are mostly no characters: each that is none becomes one mark, whole or in pieces."""
    for seed in range(6):
        asked = {"temperature": 2, "max_tokens": 80, "seed": seed, "repetition_penalty": 1.5}
        whole = server.chat(**asked).json()["choices"][0]["message"]["content"]
        raw = server.chat(**asked, stream=True).content
        assert check(events(raw), asked) == [whole]


def test_a_stream_of_plain_text(server: Running) -> None:
    asked: dict[str, Any] = {"max_tokens": 30, "temperature": 0, "logprobs": 2, "echo": True, "n": 2}
    whole = server.complete("床前明月光", **asked).json()
    told = events(server.complete("床前明月光", **asked, stream=True, stream_options={"include_usage": True}).content)
    assert told.pop()["usage"] == whole["usage"]
    for number in range(2):
        pieces = [one["choices"][0] for one in told if one["choices"][0]["index"] == number]
        choice = whole["choices"][number]
        assert "".join(piece["text"] for piece in pieces) == choice["text"]
        assert [piece["finish_reason"] for piece in pieces if piece["finish_reason"]] == ["length"]
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
            joined = [value for piece in pieces if piece["logprobs"] for value in piece["logprobs"][name]]
            assert joined == choice["logprobs"][name]
        for token, offset in zip(choice["logprobs"]["tokens"], choice["logprobs"]["text_offset"], strict=True):
            assert token.startswith("bytes:") or choice["text"].startswith(token, offset)


def test_a_slow_reader_holds_nobody_up(server: Running) -> None:
    """It takes a byte a second; its text is written all the same, its slot is free, others are served as before."""
    asked = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 600, "temperature": 0, "stream": True}
    request = server.raw("/v1/chat/completions", **asked, logprobs=True, top_logprobs=20)
    with ExitStack() as lines_closed:
        lines = [lines_closed.enter_context(socket.socket()) for _ in range(SLOTS - 1)]
        for line in lines:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", server.port))
            line.sendall(request)
        assert [line.recv(1) for line in lines] == [b"H"] * len(lines)
        begun, slow = time.monotonic(), 0.0
        for _ in range(3):
            time.sleep(1)
            assert all(line.recv(1) for line in lines)
            sent = time.monotonic()
            assert server.chat(max_tokens=4).status_code == 200
            slow = max(slow, time.monotonic() - sent)
        server.quiet(30)  # though megabytes of what was written have not been read
        spent = time.monotonic() - begun
        print(f"beside {len(lines)} slow readers: {slow:.2f} s for an answer; all was written after {spent:.1f} s")
        lines[0].settimeout(10)
        raw = b""
        while not raw.endswith(b"\r\n0\r\n\r\n"):
            raw += lines[0].recv(1 << 20)
        assert b"[DONE]" in raw
    assert server.chat().status_code == 200
