"""From what was asked to ids: a plain prompt, or a conversation set by the model's own template.

What people write in a conversation never steers the model: a special token that is spelled out in a message is text
like any other. Only those that the template itself writes count. In a plain prompt, which is all the client's own
work, special tokens count where they stand.

Omits    pictures and sound in messages
Proof    tests/stack/serve/test_prompts.py: equal to setting the template and encoding it all, for harmless messages;
         for hostile ones no special token comes from a message
"""

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from wenjin.stack.serve.api_errors import ApiError, unsupported
from wenjin.stack.serve.local import Local
from wenjin.stack.serve.schemas import Assistant, Message, System, Tool, ToolDefinition, User
from wenjin.stack.serve.tools import OPEN
from wenjin.stack.text.errors import TextError

AnyMessage = System | User | Assistant | Tool


class Prompts:
    """`longest`: tokens that a prompt and its answer may have together."""

    def __init__(self, local: Local, longest: int) -> None:
        self.local, self.longest = local, longest
        self.widest = max(map(len, local.pieces), default=1)
        names = sorted(local.tokenizer.specials, key=len, reverse=True)
        self.special = re.compile("|".join(map(re.escape, names))) if names else None

    def plain(self, text: str, param: str = "prompt", *, frame: bool = True) -> tuple[int, ...]:
        """A text as it stands; it must hold a token. Raises ApiError."""
        return self.some(self.all(text, param, frame=frame), param)

    def all(self, text: str, param: str = "prompt", *, frame: bool = True) -> tuple[int, ...]:
        """A text as it stands. Raises ApiError where it cannot fit, before it is worked on."""
        self.fits(text, param)
        return tuple(self.local.tokenizer.encode(text, allowed=self.local.tokenizer.specials, frame=frame))

    def chat(
        self,
        messages: Sequence[AnyMessage],
        tools: Sequence[ToolDefinition] | None,
        *,
        answer: bool = True,
        begin: str = "",
    ) -> tuple[int, ...]:
        """A conversation. `answer`: ends where the model's turn begins; `begin`: how that turn begins."""
        template = self.local.template
        if template is None:
            raise unsupported(
                "messages",
                f"The model {self.local.name} has no chat template, so it takes no messages; use /v1/completions.",
            )
        if tools and not self.knows_tools:
            raise unsupported("tools", f"The chat template of the model {self.local.name} knows no tools.")
        hidden = Hidden(self.special)
        told = [hidden.hide(plain_message(message, number)) for number, message in enumerate(messages)]
        defined = [hidden.hide(tool.model_dump(exclude_none=True)) for tool in tools or ()]
        try:
            shown = template.render(told, tools=defined or None, add_generation_prompt=answer)
        except TextError as error:  # a template refuses a conversation that its model does not know: no user at all, …
            raise ApiError(400, str(error), code="invalid_value", param="messages") from None
        shown += begin
        self.fits(shown, "messages")
        return self.some(self.encode(shown, hidden), "messages")

    def encode(self, shown: str, hidden: "Hidden") -> list[int]:
        """Cut at the template's own special tokens, so that the pieces between them are plain."""
        tokenizer, ids, end = self.local.tokenizer, [], 0
        if not hidden.texts:
            return tokenizer.encode(shown, allowed=tokenizer.specials)
        for match in self.special.finditer(shown) if self.special else ():
            ids += tokenizer.encode(hidden.show(shown[end : match.start()]))
            ids.append(tokenizer.specials[match[0]])
            end = match.end()
        return ids + tokenizer.encode(hidden.show(shown[end:]))

    @property
    def knows_tools(self) -> bool:
        source = self.local.template.source if self.local.template else ""
        return "tools" in source and OPEN in source

    def fits(self, text: str, param: str) -> None:
        """Even of the widest tokens a text this long needs too many."""
        least = len(text.encode()) // self.widest
        if self.local.tokenizer.byte_level and least > self.longest:
            raise too_long(f"at least {least}", self.longest, param)

    def some(self, ids: Sequence[int], param: str) -> tuple[int, ...]:
        if not ids:
            raise ApiError(400, f"{param} holds no token.", code="empty_string", param=param)
        return tuple(ids)


def too_long(tokens: object, longest: int, param: str) -> ApiError:
    message = f"This model reads and writes {longest} tokens at most, and the request has {tokens}."
    return ApiError(400, message, code="context_length_exceeded", param=param)


def plain_message(message: Message, number: int) -> dict[str, Any]:
    """A message as templates expect it: texts joined, the arguments of calls as objects."""
    told = message.model_dump(exclude_none=True)
    if told.get("role") == "developer":
        told["role"] = "system"
    if isinstance(content := told.get("content"), list):
        told["content"] = "".join(part["text"] for part in content)
    told.setdefault("content", "")
    for place, call in enumerate(told.get("tool_calls", ())):
        call.pop("index", None)
        try:
            arguments = json.loads(call["function"]["arguments"] or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            where = f"messages[{number}].tool_calls[{place}].function.arguments"
            raise ApiError(400, f"{where} is no JSON object.", code="invalid_value", param=where)
        call["function"]["arguments"] = arguments
    return told


class Hidden:
    """Special tokens spelled out in messages, replaced by marks that nobody can guess until the template is set."""

    def __init__(self, special: re.Pattern[str] | None) -> None:
        self.special, self.secret = special, secrets.token_hex(8)
        self.texts: list[str] = []
        self.marks = re.compile(f"x{self.secret}n([0-9]+)x")

    def hide(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.hide(key): self.hide(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.hide(inner) for inner in value]
        if isinstance(value, str) and self.special:
            return self.special.sub(self.mark, value)
        return value

    def mark(self, match: re.Match[str]) -> str:
        self.texts.append(match[0])
        return f"x{self.secret}n{len(self.texts) - 1}x"

    def show(self, text: str) -> str:
        return self.marks.sub(lambda match: self.texts[int(match[1])], text)
