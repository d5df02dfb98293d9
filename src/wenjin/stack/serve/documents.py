"""How routes read JSON, and how /openapi.json describes them: every answer there is, errors too.

JSON is read as its standard says: no NaN, no half of a surrogate pair, no depth without end. Whatever is not JSON is
refused with 400.

Source   RFC 8259
Proof    tests/stack/serve/test_schemathesis.py, test_malformed.py
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from wenjin.stack.serve.api_errors import Error

ALWAYS = {401: "No key, or not this server's", 403: "Not a name of this machine", 500: "The server failed"}
WITH_BODY = {
    400: "The request is wrong: `param` says where",
    404: "No such model",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is not JSON",
    503: "About to end",
}


class StrictRequest(Request):
    async def json(self) -> Any:
        """Raises JSONDecodeError, which FastAPI passes on to our own handler."""
        if not hasattr(self, "_json"):
            try:
                self._json = from_json(await self.body(), allow_inf_nan=False)
            except ValueError as error:
                raise json.JSONDecodeError(str(error), "", 0) from None
        return self._json


class JsonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def answers(
    model: type[BaseModel], *, body: bool = True, stream: bool = False, queue: bool = False, named: bool = False
) -> dict[int | str, dict[str, Any]]:
    """What a route may answer. `stream`: events too, where asked for; `queue`: that it is full."""
    good: dict[str, Any] = {"model": model, "description": "Done"}
    if stream:
        good["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    told: dict[int, str] = (
        ALWAYS | (WITH_BODY if body else {}) | ({429: "The queue is full"} if queue or stream else {})
    )
    if named:
        told |= {404: "No such model"}
    found: dict[int | str, dict[str, Any]] = {200: good}
    return found | {status: {"model": Error, "description": about} for status, about in sorted(told.items())}


def describe(app: FastAPI, *, model: str, key: bool) -> None:
    """Make app.openapi() say what holds: the one model that is served, 400 for bad requests and never FastAPI's 422,
    the key where one is needed."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            for path, operations in found["paths"].items():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
                    if key and path != "/healthz":
                        operation["security"] = [{"key": []}]
            parts = found.setdefault("components", {})
            for name in ("Chat", "Completion", "Embedding", "Inspect"):
                parts["schemas"][name]["properties"]["model"] = {"type": "string", "enum": [model]}
            for name in ("HTTPValidationError", "ValidationError"):
                parts.get("schemas", {}).pop(name, None)
            if key:
                parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
