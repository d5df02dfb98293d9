"""What may be asked, field by field: names, kinds and bounds, as OpenAI has them. A chat; completions and the rest are
in schemas_text.py.

A field that is not known is refused by its name, so that a misspelled one is not passed over. Every number has a
least and a most. `null` is as good as leaving a field out. What OpenAI lacks (`top_k`, `min_p`, `repetition_penalty`)
is called as other servers call it.

Omits    images, sound, files, stored conversations, predictions: refused by name
Source   developers.openai.com, API reference, "Create chat completion"
Proof    tests/stack/serve/test_schemathesis.py: what the schema allows is taken, what it forbids is refused
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

TEXT = 4_000_000  # characters of one text; the body's limit and the model's context come first
TOKENS = 1 << 20  # of one text


def whole(value: Any) -> Any:
    """2.0 is a whole number to a JSON schema, so it is to us."""
    return int(value) if type(value) is float and value.is_integer() else value


INTEGRAL = BeforeValidator(whole)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Words = Annotated[str, Field(max_length=TEXT)]
Id = Annotated[int, Field(ge=0, le=2**31 - 1), INTEGRAL]
Bias = Annotated[float, Field(ge=-100, le=100)]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
Chance = Annotated[float, Field(gt=0, le=1)]
# Wider than the 64 bits that are used: a bound must be a number that JSON's readers do not round to another.
Seed = Annotated[int, Field(ge=-(10**19), le=10**19), INTEGRAL]
Signed = Annotated[float, Field(ge=-2, le=2)]
Object = dict[str, JsonValue]


class Asked(BaseModel):
    """Numbers are numbers and texts are texts: "5" is not taken for 5."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class StreamOptions(Asked):
    include_usage: bool | None = None
    include_obfuscation: bool | None = Field(None, description="Taken, without effect.")


class Sampling(Asked):
    """What chats and completions have in common."""

    model: Name
    n: Annotated[int, Field(ge=1, le=16), INTEGRAL] | None = Field(
        None, description="Answers to each prompt; the i-th has the seed `seed + i`."
    )
    temperature: float | None = Field(None, ge=0, le=2, description="0 is greedy. Default 1.")
    top_p: Chance | None = None
    top_k: Annotated[int, Field(ge=0, le=1_000_000), INTEGRAL] | None = Field(None, description="0 keeps all.")
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=0.01, le=10)
    presence_penalty: Signed | None = None
    frequency_penalty: Signed | None = None
    logit_bias: dict[str, Bias] | None = Field(
        None,
        max_length=1024,
        description="Token id, as a text, -> what is added to its score.",
        json_schema_extra={"propertyNames": {"pattern": "^(0|[1-9][0-9]{0,9})$"}},
    )
    seed: Seed | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=16)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Annotated[str, Field(max_length=1000)] | None = Field(None, description="Taken, without effect.")


# ---- messages. What other fields a client sends along (it may hand back an answer of ours) is passed over.


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    type: Literal["text"]
    text: Words


Content = Words | Annotated[list[Part], Field(min_length=1, max_length=1000)]


class Message(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)
    name: Annotated[str, Field(max_length=200)] | None = None


class System(Message):
    role: Literal["system", "developer"]
    content: Content


class User(Message):
    role: Literal["user"]
    content: Content


class Called(Asked):
    name: Word
    arguments: Annotated[str, Field(max_length=TEXT, description="A JSON object, as text.")]


class Call(Asked):
    id: Annotated[str, Field(max_length=200)]
    type: Literal["function"]
    function: Called
    index: Annotated[int, Field(ge=0, le=1000), INTEGRAL] | None = None


class Assistant(Message):
    role: Literal["assistant"]
    content: Content | None = None
    tool_calls: Annotated[list[Call], Field(max_length=128)] | None = None


class Tool(Message):
    role: Literal["tool"]
    content: Content
    tool_call_id: Annotated[str, Field(max_length=200)]


AnyMessage = Annotated[System | User | Assistant | Tool, Field(discriminator="role")]


# ---- tools and forms


class Function(Asked):
    name: Word
    description: Annotated[str, Field(max_length=10_000)] | None = None
    parameters: Object | None = Field(None, description="A JSON schema.")
    strict: bool | None = None


class ToolDefinition(Asked):
    type: Literal["function"]
    function: Function


class Named(Asked):
    name: Word


class Choice(Asked):
    type: Literal["function"]
    function: Named


class Plain(Asked):
    type: Literal["text"]


class AnyObject(Asked):
    type: Literal["json_object"]


class NamedSchema(Asked):
    name: Word
    schema_: Object = Field(alias="schema")
    description: Annotated[str, Field(max_length=10_000)] | None = None
    strict: bool | None = None


class BySchema(Asked):
    type: Literal["json_schema"]
    json_schema: NamedSchema


class Chat(Sampling):
    """POST /v1/chat/completions"""

    messages: Annotated[list[AnyMessage], Field(min_length=1, max_length=10_000)]
    max_completion_tokens: Annotated[int, Field(ge=1, le=TOKENS), INTEGRAL] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=TOKENS), INTEGRAL] | None = Field(None, description="Its older name.")
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20), INTEGRAL] | None = None
    tools: Annotated[list[ToolDefinition], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: Annotated[Plain | AnyObject | BySchema, Field(discriminator="type")] | None = None
    modalities: Annotated[list[Literal["text"]], Field(min_length=1, max_length=1)] | None = None
    metadata: Annotated[dict[str, Any], Field(max_length=16)] | None = Field(None, description="Taken, without effect.")
    service_tier: Literal["auto", "default"] | None = None
    store: Literal[False] | None = Field(None, description="Nothing is stored here.")
