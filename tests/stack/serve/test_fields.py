"""Each field of a request reaches the engine, or is refused by its name, or is written down here as without effect."""

from pathlib import Path
from typing import Any

import pytest

from tests.stack.serve import tiny
from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.request import Request
from wenjin.stack.serve.api_errors import ApiError
from wenjin.stack.serve.asked import of_chat, of_completion
from wenjin.stack.serve.local import opened
from wenjin.stack.serve.schemas import Chat
from wenjin.stack.serve.schemas_text import Completion
from wenjin.stack.serve.service import Service

PROMPT = (7, 8, 9)
BOTH: dict[str, tuple[Any, dict[str, Any]]] = {  # field -> what is sent, and what the engine is asked for
    "temperature": (0.5, {"temperature": 0.5}),
    "top_p": (0.25, {"top_p": 0.25}),
    "top_k": (9, {"top_k": 9}),
    "min_p": (0.125, {"min_p": 0.125}),
    "repetition_penalty": (1.5, {"penalty": 1.5}),
    "presence_penalty": (-1.0, {"presence": -1.0}),
    "frequency_penalty": (2.0, {"frequency": 2.0}),
    "logit_bias": ({"12": -100.0}, {"bias": {12: -100.0}}),
    "seed": (-5, {"seed": -5}),
    "stop": ("。", {"stop_strings": ("。".encode(),)}),
}
TEXT = BOTH | {"max_tokens": (3, {"most": 3}), "echo": (True, {"echo": True}), "logprobs": (4, {"logprobs": 4})}
CHAT = BOTH | {
    "max_tokens": (3, {"most": 3}),
    "max_completion_tokens": (4, {"most": 4}),
    "logprobs": (True, {"logprobs": 0}),
}
ELSEWHERE = {"model", "stream", "stream_options", "n"}  # read by the routes and, but for `n`, tested with the client
WITHOUT = {"user", "metadata", "service_tier", "store", "modalities"}  # one value, or taken without effect
IN_FORM = {
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
}  # test_prompts.py, test_tools.py


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    folder: Path = tiny.make(tmp_path_factory.mktemp("fields") / "tiny")
    local = opened(folder, threads=1)
    return Service(local, Engine(local.model, local.pieces), queue=4)


def chat(service: Service, **fields: Any) -> list[Request]:
    body = Chat(model="tiny", messages=[{"role": "user", "content": "?"}], **fields)  # type: ignore[list-item]
    return of_chat(service, body, PROMPT, None)


def text(service: Service, **fields: Any) -> list[Request]:
    return of_completion(service, Completion(model="tiny", prompt="?", **fields), [PROMPT])


def test_no_field_is_forgotten() -> None:
    assert set(Chat.model_fields) == {*CHAT, *ELSEWHERE, *WITHOUT, *IN_FORM, "top_logprobs"}
    assert set(Completion.model_fields) == {*TEXT, *ELSEWHERE, "user", "prompt", "best_of"}


@pytest.mark.parametrize("field", CHAT)
def test_of_a_chat(service: Service, field: str) -> None:
    sent, meant = CHAT[field]
    (plain,), (request,) = chat(service), chat(service, **{field: sent})
    for name, value in meant.items():
        assert getattr(request, name) == value != getattr(plain, name)


@pytest.mark.parametrize("field", TEXT)
def test_of_a_text(service: Service, field: str) -> None:
    sent, meant = TEXT[field]
    (plain,), (request,) = text(service), text(service, **{field: sent})
    for name, value in meant.items():
        assert getattr(request, name) == value != getattr(plain, name)


def test_what_a_chat_may_be_left_without(service: Service) -> None:
    (request,) = chat(service)
    assert request.most == service.engine.longest - len(PROMPT)
    assert request.stop_ids == service.local.stops
    (likely,) = chat(service, logprobs=True, top_logprobs=7)
    assert likely.logprobs == 7


def test_each_answer_has_dice_of_its_own(service: Service) -> None:
    assert [request.seed for request in chat(service, n=3, seed=2**63 - 1)] == [2**63 - 1, -(2**63), -(2**63) + 1]
    assert [request.seed for request in text(service, n=2)] == [None, None]
    assert [request.seed for request in text(service, seed=10**19)] == [10**19 - 2**64]


@pytest.mark.parametrize(
    ("field", "ask"),
    [
        ("top_logprobs", lambda service: chat(service, top_logprobs=2)),
        ("stream_options", lambda service: chat(service, stream_options={"include_usage": True})),
        ("logit_bias", lambda service: chat(service, logit_bias={"01": 1.0})),
        ("best_of", lambda service: text(service, best_of=2)),
        ("max_tokens", lambda service: text(service, max_tokens=0)),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(service: Service, field: str, ask: Any) -> None:
    with pytest.raises(ApiError) as refused:
        ask(service)
    assert refused.value.param == field
    assert refused.value.status == 400
