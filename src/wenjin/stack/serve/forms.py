"""A chat made ready: its prompt, and the form that the answer must have, where one is asked for.

    response_format json_object | json_schema      the answer is JSON, and fits the schema
    tool_choice required | a tool by name          the answer is one call, whose arguments fit the tool's schema

A forced call is begun in the prompt; the model writes the JSON that follows, and cannot write anything else.

Proof    tests/stack/serve/test_tools.py, test_forms.py
"""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from wenjin.stack.infer.language import ConstraintError
from wenjin.stack.infer.request import Constraint
from wenjin.stack.serve.api_errors import ApiError, unsupported
from wenjin.stack.serve.schemas import AnyObject, BySchema, Chat
from wenjin.stack.serve.schemas import Choice as Chosen
from wenjin.stack.serve.service import Service
from wenjin.stack.serve.tools import OPEN, schema


@dataclass(frozen=True, slots=True)
class Prepared:
    """`forced`: the prompt ends within a call. `faults`: why the form could not be followed to the end."""

    prompt: tuple[int, ...]
    constraint: Constraint | None = None
    forced: bool = False
    faults: list[ApiError] = field(default_factory=list)


async def prepare(service: Service, body: Chat) -> Prepared:
    """Raises ApiError."""
    functions = [tool.function.model_dump(exclude_none=True) for tool in body.tools or ()]
    shape: dict[str, Any] | None = None
    param = "response_format"
    if isinstance(body.response_format, AnyObject):
        shape = {"type": "object"}
    elif isinstance(body.response_format, BySchema):
        shape = body.response_format.json_schema.schema_
    if isinstance(body.tool_choice, Chosen):
        functions = [one for one in functions if one["name"] == body.tool_choice.function.name]
        if not functions:
            raise clash("tool_choice", "tool_choice names a tool that tools does not hold.")
    forced = body.tool_choice == "required" or isinstance(body.tool_choice, Chosen)
    if forced and not functions:
        raise clash("tool_choice", "tool_choice needs tools.")
    tools = body.tools if body.tool_choice != "none" else None
    if tools and shape is not None:
        raise clash("response_format", "An answer that may call tools cannot have a form too: leave out one of both.")
    if forced:
        shape, param = schema(functions), "tools"
    begin = OPEN + "\n" if forced else ""
    size = sum(len(str(message.content or "")) for message in body.messages)
    prompt = await service.off(lambda: service.prompts.chat(body.messages, tools, begin=begin), size)
    if shape is None:
        return Prepared(prompt)
    wanted = shape
    try:
        text = await service.off(lambda: service.forms.schema(wanted))
    except ConstraintError as error:
        raise unsupported(param, str(error)) from None
    faults: list[ApiError] = []
    return Prepared(prompt, Followed(text, param, faults), forced, faults)


class Followed:
    """A constraint that remembers why it failed: some schemas turn out to be too much only while they are followed,
    and then whoever sent them is told so."""

    def __init__(self, text: Constraint, param: str, faults: list[ApiError]) -> None:
        self.text, self.param, self.faults = text, param, faults

    def allowed(self) -> Tensor:
        try:
            return self.text.allowed()
        except ConstraintError as error:
            self.faults.append(unsupported(self.param, str(error)))
            raise

    def push(self, id: int) -> None:
        try:
            self.text.push(id)
        except ConstraintError as error:
            self.faults.append(unsupported(self.param, str(error)))
            raise

    @property
    def done(self) -> bool:
        return self.text.done

    def copy(self) -> "Followed":
        return Followed(self.text.copy(), self.param, self.faults)


def clash(param: str, message: str) -> ApiError:
    return ApiError(400, message, code="invalid_combination", param=param)
