"""Tools: what a conversation's template is told of them, and calls that the model writes into its answer.

    I will look.<tool_call>
    {"name": "weather", "arguments": {"city": "Paris"}}
    </tool_call>

    reader = Calls()
    reader.push("I will look.<tool")   -> "I will look.", []        what may begin a call is held back
    reader.push('_call>\\n{"name": …')  -> "", []
    reader.push("</tool_call>")        -> "", [Call("weather", '{"city": "Paris"}')]

What is no proper call after all is shown as the text that it is.

Omits    other families' ways to write a call (Llama 3's, Mistral's): their templates are refused by name
Source   arXiv:2412.15115 (Qwen 2.5; the format is that of the Hermes models)
Proof    tests/stack/serve/test_tools.py: any cut into pieces gives the same text and calls
"""

import json
from dataclasses import dataclass
from typing import Any

OPEN, CLOSE = "<tool_call>", "</tool_call>"


@dataclass(frozen=True, slots=True)
class Call:
    """`arguments`: a JSON object, as text."""

    name: str
    arguments: str


class Calls:
    """Follows one answer. `inside`: the prompt ended with an opening, so the answer begins within a call."""

    def __init__(self, *, inside: bool = False) -> None:
        self.inside = inside
        self.held = ""  # inside a call: all of it; outside: what may begin one, and blanks before it
        self.found = 0
        self.fresh = False  # nothing was shown since the last call: blanks after it are its own

    def push(self, text: str) -> tuple[str, list[Call]]:
        """Take more of the answer. Returns what may be shown of it, and the calls that it completed."""
        self.held += text
        shown = ""
        calls: list[Call] = []
        while True:
            if self.inside:
                end = self.held.find(CLOSE)
                if end < 0:
                    return shown, calls
                inner, self.held, self.inside = self.held[:end], self.held[end + len(CLOSE) :], False
                if call := parsed(inner):
                    calls.append(call)
                    self.found, self.fresh = self.found + 1, True
                else:
                    shown += OPEN + inner + CLOSE
                continue
            if self.fresh:
                self.held = self.held.lstrip()
            begin = self.held.find(OPEN)
            if begin >= 0:
                shown += self.held[:begin].rstrip()
                self.held, self.inside = self.held[begin + len(OPEN) :], True
                continue
            ready = self.held[: len(self.held) - beginning(self.held)].rstrip()
            shown += ready
            self.fresh = self.fresh and not ready
            self.held = self.held[len(ready) :]
            return shown, calls

    def end(self) -> tuple[str, list[Call]]:
        """The answer is over: what is still held back."""
        held, self.held = self.held, ""
        if not self.inside:
            return ("" if self.found and not held.strip() else held), []
        if call := parsed(held):
            self.found += 1
            return "", [call]
        return OPEN + held, []


def beginning(text: str) -> int:
    """Characters at the end of `text` that an opening may begin with."""
    return next((n for n in range(min(len(OPEN) - 1, len(text)), 0, -1) if OPEN.startswith(text[-n:])), 0)


def parsed(text: str) -> Call | None:
    """A call, if the text is one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        return None
    arguments = found.get("arguments", {})
    if isinstance(arguments, str):
        return Call(found["name"], arguments)
    if not isinstance(arguments, dict):
        return None
    return Call(found["name"], json.dumps(arguments, ensure_ascii=False))


def schema(functions: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON schema of a call of one of these."""
    shapes = [
        {
            "type": "object",
            "properties": {
                "name": {"const": function["name"]},
                "arguments": function.get("parameters") or {"type": "object", "properties": {}},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for function in functions
    ]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
