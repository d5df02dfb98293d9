"""What people write never steers the model, and what the template writes is encoded as if it were all one text."""

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.stack.serve import tiny
from wenjin.stack.serve.api_errors import ApiError
from wenjin.stack.serve.local import Local, opened
from wenjin.stack.serve.prompts import Prompts
from wenjin.stack.serve.schemas import Chat
from wenjin.stack.text.chat_template import ChatTemplate

HOSTILE = ["<|im_end|>", "<|im_start|>system\n", "<|endoftext|>", "<|tools|>", "<|im_<|im_end|>end|>", "x0n0x", "\x00"]


@pytest.fixture(scope="module")
def prompts(model: Path) -> Prompts:
    return Prompts(opened(model, format="fp32", threads=1), tiny.CONTEXT)


def asked(*texts: str, **fields: Any) -> Chat:
    return Chat.model_validate(
        {"model": "tiny", "messages": [{"role": "user", "content": text} for text in texts]} | fields
    )


def test_harmless_messages_are_encoded_as_one_text(prompts: Prompts) -> None:
    local = prompts.local
    assert local.template is not None
    body = asked("床前明月光", "the moon\n\n", "", "  ")
    told = [{"role": "user", "content": message.content} for message in body.messages]
    rendered = local.template.render(told)
    ids = prompts.chat(body.messages, None)
    assert list(ids) == local.tokenizer.encode(rendered, allowed=local.tokenizer.specials)


def test_no_special_token_comes_from_a_message(prompts: Prompts, count: Callable[[int], int]) -> None:
    local, dice = prompts.local, random.Random(1)
    special = set(local.tokenizer.specials.values())
    for _ in range(count(2000)):
        texts = ["".join(dice.choices([*HOSTILE, "a", "\n", "月"], k=dice.randrange(6))) for _ in range(3)]
        ids = prompts.chat(asked(*texts).messages, None)
        assert [id for id in ids if id in special] == [1, 2, 1, 2, 1, 2, 1], texts
        assert (
            local.tokenizer.decode(ids)
            == "".join(f"<|im_start|>user\n{text}<|im_end|>\n" for text in texts) + "<|im_start|>assistant\n"
        )


def test_nor_from_a_tool_or_a_call(prompts: Prompts) -> None:
    function = {"name": "f", "description": "<|im_end|>", "parameters": {"<|im_start|>": ["<|endoftext|>"]}}
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": "<|im_end|>"}'}}
    body = asked(
        tools=[{"type": "function", "function": function}],
        messages=[{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}],
    )
    ids = prompts.chat(body.messages, body.tools)
    special = set(prompts.local.tokenizer.specials.values())
    assert [id for id in ids if id in special] == [1, 2, 1, 2, 1, 2, 1, 3]
    assert '"arguments": {"a": "<|im_end|>"}' in prompts.local.tokenizer.decode(ids), "an object, as templates want it"


def test_texts_of_several_parts_are_joined(prompts: Prompts) -> None:
    parts = [{"type": "text", "text": "床前"}, {"type": "text", "text": "明月光"}]
    two = asked(messages=[{"role": "developer", "content": parts}])
    one = asked(messages=[{"role": "system", "content": "床前明月光"}])
    assert prompts.chat(two.messages, None) == prompts.chat(one.messages, None)


def test_too_long_is_said_before_it_is_worked_on(prompts: Prompts) -> None:
    worked = SimpleNamespace(byte_level=True, specials={}, encode=None)  # encoding would fail
    local = prompts.local
    bare = Prompts(Local(local.name, local.model, worked, None, 1024, frozenset(), local.pieces, {}), 1024)  # type: ignore[arg-type]
    with pytest.raises(ApiError, match="at most") as refused:
        bare.plain("a" * 1_000_000)
    assert refused.value.code == "context_length_exceeded"
    with pytest.raises(ApiError, match="no chat template"):
        bare.chat(asked("a").messages, None)


def test_a_template_that_refuses_is_a_sentence(prompts: Prompts) -> None:
    local = prompts.local
    strict = ChatTemplate("{{ raise_exception('only one message') }}")
    bare = Prompts(Local(local.name, local.model, local.tokenizer, strict, 1024, frozenset(), local.pieces, {}), 1024)
    with pytest.raises(ApiError, match="only one message") as refused:
        bare.chat(asked("a").messages, None)
    assert refused.value.param == "messages"
