"""The form of the chat page: what can be set about an answer, each setting with its range and the topic that explains
it; and how a form that was sent becomes what a model is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.chat.commands import Model
from wenjin.study.store.chats import LONGEST, Chat, Turn

SYSTEM = 20_000  # characters of a system prompt
HEADING = 24  # characters of a poem's title: what poets have learned
SAMPLING = "decoding-strategies"


class Fault(Exception):
    """What was sent cannot be asked. `text` says what and how to mend it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Setting:
    """`usual` is None where nothing is sent; whole: only integers."""

    name: str
    low: float
    high: float
    usual: float | None
    step: str
    topic: str = SAMPLING
    whole: bool = False

    def read(self, given: str, title: str) -> float | int | None:
        """Raises Fault for what is no number of the range."""
        given = given.strip()
        if not given:
            return self.usual
        try:
            value = int(given) if self.whole else float(given)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise Fault(
                OUT_OF_RANGE.format(name=title, given=given[:20], low=self.word(self.low), high=self.word(self.high))
            )
        return value

    def word(self, value: float | int | None) -> str:
        """A value as it stands in its field."""
        return "" if value is None else f"{value:.0f}" if self.whole or value == int(value) else f"{value:g}"


SETTINGS = (
    Setting("temperature", 0, 2, 0.8, "0.05"),
    Setting("top_k", 0, 1000, 0, "1", whole=True),
    Setting("top_p", 0.01, 1, 0.95, "0.01"),
    Setting("min_p", 0, 1, 0, "0.01"),
    Setting("repetition_penalty", 0.5, 2, 1, "0.05"),
    Setting("seed", 0, 2**31 - 1, None, "1", whole=True),
    Setting("max_tokens", 1, 4096, 256, "1", "kv-cache-and-batching", whole=True),
)
NAMES = tuple(setting.name for setting in SETTINGS)

OUT_OF_RANGE = Text(
    "{name} 应在 {low} 到 {high} 之间，给的是 {given}。", "{name} must be from {low} to {high}; it is {given}."
)
NO_MODEL = Text(
    "这里没有模型 {name}。用 wenjin models list 看有哪些，或另选一个。",
    "There is no model {name} here. wenjin models list shows which there are; or choose another.",
)
NOTHING = Text("还没有写什么。", "Nothing is written yet.")
NO_TITLE = Text(
    "题目要有 1 到 {most} 个字，写在一行里，不含 <|。", "A title has 1 to {most} characters on one line, without <|."
)
NO_FORM = Text("先选一种体裁。", "Choose a form.")
TOO_LONG = Text("一次最多 {most} 字。", "At most {most} characters at once.")


def wished(
    form: Mapping[str, str], before: Mapping[str, Any], models: tuple[Model, ...], titles: Mapping[str, str]
) -> dict[str, Any]:
    """What a model is asked with: what the form says, and for what it leaves out, what was asked before. `titles`:
    what the settings are called. Raises Fault."""
    name = form.get("model") or before.get("model") or ""
    model = next((model for model in models if model.name == name), None)
    if model is None:
        raise Fault(NO_MODEL.format(name=name[:60] or "—"))
    earlier = before.get("sampling") or {}
    sampling = {
        setting.name: setting.read(form[setting.name], titles[setting.name])
        if setting.name in form
        else earlier.get(setting.name, setting.usual)
        for setting in SETTINGS
    }
    system = form.get("system", before.get("system") or "").strip()
    if len(system) > SYSTEM:
        raise Fault(TOO_LONG.format(most=SYSTEM))
    return {"model": model.name, "kind": model.kind, "system": system, "sampling": sampling}


def said(form: Mapping[str, str], kind: str, forms: Mapping[str, str]) -> tuple[str, dict[str, str] | None]:
    """What the learner says: words, or the title and the form of a poem. Raises Fault."""
    if kind == "poet":
        title, shape = form.get("title", "").strip(), form.get("form", "")
        if not 0 < len(title) <= HEADING or not title.isprintable() or "<|" in title:
            raise Fault(NO_TITLE.format(most=HEADING))
        if shape not in forms:
            raise Fault(NO_FORM)
        return f"《{title}》 {forms[shape]}", {"title": title, "form": forms[shape]}
    text = form.get("text", "").replace("\r\n", "\n").strip("\n")
    if not text.strip():
        raise Fault(NOTHING)
    if len(text) > LONGEST:
        raise Fault(TOO_LONG.format(most=LONGEST))
    return text, None


def last_asked(chat: Chat | None, path: list[Turn]) -> Mapping[str, Any]:
    """With what the newest answer of a branch was asked, else the newest of the conversation."""
    answers = [turn for turn in path if turn.asked] or [
        turn for turn in (chat.turns.values() if chat else ()) if turn.asked
    ]
    return answers[-1].asked if answers else {}
