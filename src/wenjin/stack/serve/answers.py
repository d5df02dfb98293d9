"""What is answered, field by field, as OpenAI shapes it. Streams have `delta` where whole answers have `message`.

Source   developers.openai.com, API reference, the objects of chat completions, completions, embeddings and models
Proof    tests/stack/serve/test_client.py: the official client reads them; test_schemathesis.py: they fit the schema
"""

from typing import Literal

from pydantic import BaseModel, Field


class PromptDetails(BaseModel):
    cached_tokens: int


class Usage(BaseModel):
    """Tokens: of prompts as the model reads them, and how many of these were found, not read; those drawn, the one that
    ended a text too; both."""

    prompt_tokens: int
    prompt_tokens_details: PromptDetails | None = Field(None, exclude_if=lambda details: details is None)
    completion_tokens: int
    total_tokens: int


class Likely(BaseModel):
    """A token in a place. `bytes`: its own, which need not be whole characters. -9999 is as good as impossible."""

    token: str
    logprob: float
    bytes: list[int]


class Place(Likely):
    top_logprobs: list[Likely]


class ChatLogprobs(BaseModel):
    content: list[Place] | None
    refusal: None = None


class FunctionCalled(BaseModel):
    name: str
    arguments: str


class ToolCall(BaseModel):
    id: str
    type: Literal["function"] = "function"
    function: FunctionCalled


class AnswerMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: None = None
    tool_calls: list[ToolCall] | None = Field(None, exclude_if=lambda calls: calls is None)


class ChatChoice(BaseModel):
    index: int
    message: AnswerMessage
    logprobs: ChatLogprobs | None = None
    finish_reason: Literal["stop", "length", "tool_calls"]


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage
    system_fingerprint: str | None = None


class TextLogprobs(BaseModel):
    """One entry a token; the first of a prompt has no log-probability, for nothing stands before it."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]


class TextChoice(BaseModel):
    index: int
    text: str
    logprobs: TextLogprobs | None = None
    finish_reason: Literal["stop", "length"]


class TextCompletion(BaseModel):
    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage
    system_fingerprint: str | None = None


class Vector(BaseModel):
    """`embedding`: numbers, or their bytes (float32, the low one first) in base 64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class TextUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    object: Literal["list"] = "list"
    data: list[Vector]
    model: str
    usage: TextUsage


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    max_model_len: int


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


class Tokens(BaseModel):
    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None = None


class Text(BaseModel):
    prompt: str


class Health(BaseModel):
    status: Literal["ok", "draining", "failed"]


class Now(BaseModel):
    """How the server is doing. Pages hold `page` tokens each; speeds are those of the last ten seconds."""

    model: str
    format: str
    context: int
    running: int
    waiting: int
    slots: int
    queue: int
    pages: int
    pages_used: int
    pages_kept: int
    page: int
    prompt_tokens: int
    prefix_hits: int
    tokens: int
    tokens_per_second: float
    finished: int
    cancelled: int
    failed: int
    seconds: float
    draining: bool
