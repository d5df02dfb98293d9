"""The official client reads what the server says: whole and in pieces, waiting and not, in threads and on a loop."""

import asyncio
import json
import math
from typing import Any

import openai
import pytest

from tests.stack.serve import tiny
from tests.stack.serve.conftest import KEY, Running

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"enum": ["北京", "Paris"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 9},
            },
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
HELLO: Any = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "你好"}]


def test_a_chat_whole_and_in_pieces(server: Running) -> None:
    client = server.openai()
    whole = client.chat.completions.create(model=server.model, messages=HELLO, max_tokens=40, temperature=0)
    content = whole.choices[0].message.content
    assert content
    assert tiny.VERSE.startswith(content.removesuffix("\ufffd")), "the last character may be cut by max_tokens"
    assert whole.choices[0].finish_reason == "length"
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 40
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + 40
    pieces = list(
        client.chat.completions.create(
            model=server.model,
            messages=HELLO,
            max_tokens=40,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == content
    assert pieces[0].choices[0].delta.role == "assistant"
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices].count("length") == 1
    told = pieces[-1].usage
    assert told is not None
    assert (told.prompt_tokens, told.completion_tokens) == (whole.usage.prompt_tokens, 40)
    assert all(piece.usage is None for piece in pieces[:-1])


def test_what_was_read_before_is_counted(server: Running) -> None:
    """Two requests that begin alike: the second finds whole pages of the first."""
    client, long = server.openai(), "从前有座山，山里有座庙。" * 6
    for chat in (True, False):
        counted = []
        for number in range(2):
            if chat:
                messages: Any = [{"role": "user", "content": f"{long}甲"}]
                usage = client.chat.completions.create(model=server.model, messages=messages, max_tokens=1, n=2).usage
            else:
                usage = client.completions.create(model=server.model, prompt=[f"{long}乙", "?"], max_tokens=1).usage
            assert usage is not None
            assert usage.prompt_tokens_details is not None
            found = usage.prompt_tokens_details.cached_tokens
            assert found is not None
            assert 0 <= found < usage.prompt_tokens, number
            counted.append(found)
        assert counted[1] >= 64
        assert counted[1] > counted[0]


def test_on_a_loop_and_in_company(server: Running) -> None:
    async def ask(client: openai.AsyncOpenAI, number: int) -> tuple[str, str]:
        asked: Any = {
            "model": server.model,
            "messages": [{"role": "user", "content": f"{number}"}],
            "max_tokens": 24,
            "temperature": 1.5,
            "seed": number,
        }
        whole = await client.chat.completions.create(**asked)
        stream = await client.chat.completions.create(**asked, stream=True)
        text = "".join([piece.choices[0].delta.content or "" async for piece in stream])
        return whole.choices[0].message.content or "", text

    async def all_of_them() -> list[tuple[str, str]]:
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key=KEY, max_retries=0) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(8)))

    found = asyncio.run(all_of_them())
    assert all(whole == streamed for whole, streamed in found)
    assert len({whole for whole, _ in found}) > 4, "seeds differ"


def test_completions(server: Running) -> None:
    client = server.openai()
    answer = client.completions.create(
        model=server.model, prompt=["床前", "低头"], n=2, max_tokens=8, temperature=1.5, seed=1, logprobs=3, echo=True
    )
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    for choice in answer.choices:
        assert choice.text.startswith("床前" if choice.index < 2 else "低头")
        told = choice.logprobs
        assert told
        rows: Any = (told.tokens, told.token_logprobs, told.top_logprobs, told.text_offset)
        assert len({len(row) for row in rows}) == 1
        assert rows[1][0] is None
        assert all(chance <= 0 for chance in rows[1][1:])
        assert all(3 <= len(best) <= 4 for best in rows[2][1:])
    assert answer.choices[0].text != answer.choices[1].text, "the second answer has dice of its own"
    again = client.completions.create(model=server.model, prompt="床前", max_tokens=8, temperature=1.5, seed=2)
    assert "床前" + again.choices[0].text == answer.choices[1].text, "they are those of the next seed"
    pieces = list(
        client.completions.create(model=server.model, prompt="床前", max_tokens=8, temperature=0, stream=True)
    )
    assert pieces[-1].choices[0].finish_reason == "length"


def test_how_likely_each_token_was(server: Running) -> None:
    answer = server.openai().chat.completions.create(
        model=server.model, messages=HELLO, max_tokens=12, temperature=0, logprobs=True, top_logprobs=4
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.content is not None
    assert len(told.content) == 12
    for place in told.content:
        assert place.bytes
        assert len(place.top_logprobs) == 4
        assert place.logprob == place.top_logprobs[0].logprob, "greedy takes the likeliest"
        assert sum(math.exp(one.logprob) for one in place.top_logprobs) <= 1 + 1e-5
    raw = b"".join(bytes(place.bytes or ()) for place in told.content)
    assert raw.decode("utf-8", "replace") == answer.choices[0].message.content


def test_stop_strings_bias_and_penalties(server: Running) -> None:
    client = server.openai()

    def said(**fields: Any) -> tuple[str, str]:
        choice = client.chat.completions.create(
            model=server.model, messages=HELLO, **{"max_tokens": 60, "temperature": 0} | fields
        ).choices[0]
        return choice.message.content or "", choice.finish_reason

    plain, _ = said()
    stop = plain[10:13]
    assert said(stop=stop) == (plain[: plain.index(stop)], "stop")
    assert said(stop=["nowhere", stop]) == (plain[: plain.index(stop)], "stop")
    end = tiny.SPECIALS.index("<|im_end|>")
    assert said(logit_bias={str(end): 100}) == ("", "stop")
    assert said(frequency_penalty=2, presence_penalty=2, max_tokens=500)[0] != said(max_tokens=500)[0]


def test_calls_of_tools(server: Running) -> None:
    client = server.openai()
    asked: Any = {"model": server.model, "messages": HELLO, "tools": [WEATHER], "max_tokens": 200}
    free = client.chat.completions.create(**asked, temperature=0).choices[0]
    assert free.finish_reason == "tool_calls"
    assert free.message.content is None
    assert free.message.tool_calls
    call: Any = free.message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "北京🏙"})
    pieces = list(client.chat.completions.create(**asked, temperature=0, stream=True))
    told: Any = [one for piece in pieces for one in piece.choices[0].delta.tool_calls or ()]
    assert [(one.index, one.function.name, one.function.arguments) for one in told] == [
        (0, "weather", call.function.arguments)
    ]
    assert pieces[-1].choices[0].finish_reason == "tool_calls"
    for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
        for seed in range(3):
            forced = client.chat.completions.create(**asked, tool_choice=choice, temperature=2, seed=seed).choices[0]
            assert forced.finish_reason == "tool_calls"
            function: Any = forced.message.tool_calls[0].function  # type: ignore[index]
            arguments = json.loads(function.arguments)
            assert function.name == "weather"
            assert arguments["city"] in ("北京", "Paris")
            assert 1 <= arguments["days"] <= 9
    silent = client.chat.completions.create(**asked, tool_choice="none", temperature=0).choices[0]
    assert silent.message.tool_calls is None
    back = [*HELLO, free.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    assert client.chat.completions.create(model=server.model, messages=back, max_tokens=4).choices


def test_the_form_of_an_answer(server: Running) -> None:
    client = server.openai()
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 8},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    for seed in range(4):
        answer = client.chat.completions.create(
            model=server.model, messages=HELLO, response_format=form, max_tokens=300, temperature=1, seed=seed
        ).choices[0]
        assert answer.finish_reason == "stop"
        found = json.loads(answer.message.content or "")
        assert set(found) == {"name", "age"}
        assert 0 <= found["age"] <= 150
    close = {str(id): -100.0 for id in range(4)}
    whatever = client.chat.completions.create(
        model=server.model,
        messages=HELLO,
        response_format={"type": "json_object"},
        max_tokens=400,
        temperature=0.3,
        logit_bias=close,
        seed=1,
    ).choices[0]
    if whatever.finish_reason == "stop":
        assert isinstance(json.loads(whatever.message.content or ""), dict)
    else:
        assert (whatever.message.content or "").lstrip().startswith("{")


def test_models_and_vectors(server: Running) -> None:
    client = server.openai()
    assert [one.id for one in client.models.list()] == [server.model]
    assert client.models.retrieve(server.model).id == server.model
    coded = client.embeddings.create(model=server.model, input=["床前明月光", "the", "床前明月光"])
    plain = client.embeddings.create(model=server.model, input="床前明月光", encoding_format="float")
    vectors = [one.embedding for one in coded.data]
    assert vectors[0] == pytest.approx(plain.data[0].embedding, abs=1e-6), "the client reads base 64 by itself"
    assert sum(x * x for x in vectors[0]) == pytest.approx(1)
    assert sum(a * b for a, b in zip(vectors[0], vectors[1], strict=True)) < 0.9
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-6)


def test_errors_are_what_the_client_has_classes_for(server: Running) -> None:
    client = server.openai()
    with pytest.raises(openai.NotFoundError, match="not served here") as missing:
        client.chat.completions.create(model="gpt-5", messages=HELLO)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model=server.model, messages=HELLO, temperature=3)
    assert (wrong.value.param, wrong.value.code) == ("temperature", "decimal_above_max_value")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").models.list()
    with pytest.raises(openai.BadRequestError) as long:
        client.completions.create(model=server.model, prompt="床" * 5000)
    assert long.value.code == "context_length_exceeded"
