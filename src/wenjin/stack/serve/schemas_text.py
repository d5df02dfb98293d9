"""What may be asked about plain text: completions, embeddings, ids of a text and back.

Source   developers.openai.com, API reference, "Create completion", "Create embeddings"; the two of ids are shaped as
         vLLM has them
Proof    tests/stack/serve/test_schemathesis.py
"""

from typing import Annotated, Literal

from pydantic import Field

from wenjin.stack.serve.schemas import (
    INTEGRAL,
    TEXT,
    TOKENS,
    AnyMessage,
    Asked,
    Id,
    Name,
    Sampling,
    ToolDefinition,
    Words,
)

Ids = Annotated[list[Id], Field(min_length=1, max_length=TOKENS)]
Filled = Annotated[str, Field(min_length=1, max_length=TEXT)]
MANY = 64  # texts of one request


class Completion(Sampling):
    """POST /v1/completions"""

    prompt: (
        Words
        | Ids
        | Annotated[list[Words], Field(min_length=1, max_length=MANY)]
        | Annotated[list[Ids], Field(min_length=1, max_length=MANY)]
    )
    max_tokens: Annotated[int, Field(ge=0, le=TOKENS), INTEGRAL] | None = Field(
        None, description="Default 16. 0 only together with `echo`."
    )
    echo: bool | None = Field(None, description="The prompt comes first, with its log-probabilities where asked for.")
    logprobs: Annotated[int, Field(ge=0, le=20), INTEGRAL] | None = None
    best_of: Annotated[int, Field(ge=1, le=16), INTEGRAL] | None = Field(None, description="Only as many as `n`.")


class Embedding(Asked):
    """POST /v1/embeddings"""

    model: Name
    input: (
        Filled
        | Ids
        | Annotated[list[Filled], Field(min_length=1, max_length=MANY)]
        | Annotated[list[Ids], Field(min_length=1, max_length=MANY)]
    )
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=1 << 20), INTEGRAL] | None = Field(
        None, description="Only the model's own."
    )
    user: Annotated[str, Field(max_length=1000)] | None = Field(None, description="Taken, without effect.")


class Tokenize(Asked):
    """POST /v1/tokenize: of a text, or of a conversation as the model is given it."""

    model: Name | None = None
    prompt: Words | None = None
    messages: Annotated[list[AnyMessage], Field(max_length=10_000)] | None = None
    tools: Annotated[list[ToolDefinition], Field(max_length=128)] | None = None
    add_generation_prompt: bool | None = None
    add_special_tokens: bool | None = Field(None, description="The tokens that the tokenizer puts around a text.")
    return_token_strs: bool | None = None


class Detokenize(Asked):
    """POST /v1/detokenize"""

    model: Name | None = None
    tokens: Annotated[list[Id], Field(max_length=TOKENS)]
