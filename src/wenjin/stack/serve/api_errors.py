"""What a client is told when it cannot have what it asked for: one JSON object, in the shape that OpenAI gives.

    {"error": {"message": "temperature: Input should be less than or equal to 2.", "type": "invalid_request_error",
               "param": "temperature", "code": "decimal_above_max_value"}}

`message` is for people, `code` for programs: it stays when words change. `param` is the field at fault. Nothing that
the client sent is repeated except names of its fields, cut short and without control characters.

Source   developers.openai.com, "Error codes" and the error object of the API reference
Proof    tests/stack/serve/test_malformed.py: whatever is wrong, this is its shape, and the next request is answered
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wenjin.stack.infer.request import QueueFull, Refused, TooLong

TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 415: "unsupported_media_type"}
BY_PYDANTIC = {  # the kind of a failed check -> the code that OpenAI has for it
    "missing": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
    "string_too_long": "string_above_max_length",
    "string_too_short": "empty_string",
    "too_long": "array_above_max_length",
    "too_short": "empty_array",
    "literal_error": "invalid_value",
    "union_tag_invalid": "unsupported_value",
    "string_pattern_mismatch": "invalid_value",
    "json_invalid": "invalid_json",
}
BOUNDS = {"greater_than_equal": "below_min", "greater_than": "below_min", "less_than_equal": "above_max"}
FIELDS = {  # what the engine calls a setting -> what the API calls it
    "prompt": "prompt",
    "most": "max_tokens",
    "penalty": "repetition_penalty",
    "presence": "presence_penalty",
    "frequency": "frequency_penalty",
    "bias": "logit_bias",
    "stop_strings": "stop",
    "constraint": "response_format",
}


class ErrorInside(BaseModel):
    message: str
    type: str
    param: str | None
    code: str | None


class Error(BaseModel):
    """What every answer that is no success holds."""

    error: ErrorInside


class ApiError(Exception):
    """Raised anywhere below a route. `retry`: seconds after which asking again is right."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None, retry: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.retry = status, message, param, retry
        self.code = code or CODES.get(status)
        self.type = "server_error" if status >= 500 else TYPES.get(status, "invalid_request_error")

    def inside(self) -> dict[str, Any]:
        """As it stands in an answer, or in a stream that has begun."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        body = Error.model_validate(self.inside()).model_dump_json()
        extra = dict(headers or {})
        if self.retry is not None:
            extra["retry-after"] = str(self.retry)
        if self.status == 401:
            extra["www-authenticate"] = "Bearer"
        return Response(body, self.status, extra, "application/json")


def unsupported(param: str, message: str) -> ApiError:
    """A setting of OpenAI's that this server, or this model, does not have."""
    return ApiError(400, message, code="unsupported_value", param=param)


def of_engine(error: Refused) -> ApiError:
    """What the engine refuses, in the API's words."""
    if isinstance(error, QueueFull):
        return ApiError(429, str(error), code="queue_full", retry=1)
    if isinstance(error, TooLong):
        return ApiError(400, str(error), code="context_length_exceeded", param=FIELDS.get(error.field, error.field))
    return ApiError(400, str(error), code="invalid_value", param=FIELDS.get(error.field, error.field) or None)


def of_validation(errors: Sequence[Mapping[str, Any]], body: Any) -> ApiError:
    """The first field that fails its check; of a field with several forms, what those want that fit the best."""
    same = [error for error in errors if error["loc"][:2] == errors[0]["loc"][:2]]
    first = max(same, key=lambda error: place(error, body).count("[") + place(error, body).count("."))
    name = place(first, body)
    wants = dict.fromkeys(str(error["msg"]) for error in errors if place(error, body) == name)
    kind = first["type"]
    code = BY_PYDANTIC.get(kind, "invalid_type" if kind.endswith("_type") else "invalid_value")
    if kind in BOUNDS:
        number = "integer" if all(isinstance(bound, int) for bound in first["ctx"].values()) else "decimal"
        code = f"{number}_{BOUNDS[kind]}_value"
    if kind == "missing" and not name:
        wants = {"The request needs a body in JSON.": None}
    if kind == "json_invalid":
        name, wants = "", {f"The body is no JSON: {first['ctx']['error']}": None}
    message = " or ".join(wants).rstrip(".") + "."
    return ApiError(400, f"{name}: {message}" if name else message, code=code, param=name or None)


def place(error: Mapping[str, Any], body: Any) -> str:
    """Where an error lies in what was sent: `messages[0].content`. The names of a union's branches are left out."""
    found, path = body, ""
    steps = error["loc"][1:]
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(step, int) and isinstance(found, list):
            path += f"[{step}]"
            found = found[step] if step < len(found) else None
        elif isinstance(found, dict) and (step in found or (last and error["type"] == "missing")):
            path += ("." if path else "") + tame(str(step))
            found = found.get(step)
    return path[:200]


def tame(text: str, most: int = 80) -> str:
    """What a client sent, fit to be shown or logged: short, and nothing in it moves a cursor or begins a line."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:most])
    return shown if len(text) <= most else shown + "…"


def handle(app: FastAPI) -> None:
    """Every error of the application leaves it in this shape."""

    @app.exception_handler(ApiError)
    async def told(request: Request, error: ApiError) -> Response:
        return error.answer()

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        return of_engine(error).answer()

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        return of_validation(error.errors(), error.body).answer()

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        known = {
            404: "There is nothing at this address.",
            405: f"{request.method} is not what this address is for.",
        }
        return ApiError(error.status_code, known.get(error.status_code, str(error.detail))).answer(error.headers)
