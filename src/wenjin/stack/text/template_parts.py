"""What a template of others can call: Jinja's own filters and tests, each of which first looks at what it is given.

    filters(), tests()      by name, for a sandbox; one that is not among them is refused by name

Those that make a text longer are asked how long it will be before they make it. `tojson`, `strftime_now` and
`raise_exception` are what templates of chats expect.

Proof    tests/stack/text/test_chat_template.py: equal to transformers; hostile templates end in a sentence
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from jinja2 import TemplateError, pass_context, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.tests import TESTS
from jinja2.utils import _PassArg

from wenjin.stack.text.budget import NUMBER, SPENDING, Exhausted, too_large

ALLOWED = (
    "abs batch capitalize count d default dictsort e escape first float format groupby indent int items join last "
    "length list lower map max min reject rejectattr replace reverse round safe select selectattr slice sort string "
    "title tojson trim truncate unique upper wordcount"
)
TEXTUAL = ("capitalize", "e", "escape", "indent", "lower", "replace", "safe", "title", "trim", "truncate", "upper")
COUNTING = ("batch", "indent", "round", "slice", "truncate")
COUNT = 100_000  # the highest number that these may be given
STRIPS = {"strip", "lstrip", "rstrip", "trim"}
PLAIN_FORMAT = re.compile(r"(?:[^%]|%%|%[sd])*")
PLAIN_FIELDS = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\w*\})*")
PLAIN_DATE = re.compile(r"(?:[^%]|%-?[A-Za-z%])*")


def text(value: Any) -> str:
    """What {{ value }} writes."""
    if isinstance(value, str):
        return value
    SPENDING.get().plain(value)
    return str(value)


@pass_context
def shown(context: Context, value: Any) -> str:
    written = text(value)
    SPENDING.get().spend(len(written))
    return written


def looped(items: Any, text: int) -> Any:
    """What a loop goes over; `text`: characters that stand in its body."""
    meter = SPENDING.get()
    try:
        count = len(items)
    except TypeError:
        return counted(items, text)
    meter.spend(count * (1 + text), count)
    return items


def counted(items: Iterable[Any], text: int) -> Iterator[Any]:
    for one in items:
        SPENDING.get().spend(1 + text)
        yield one


def concatenated(parts: list[Any]) -> str:
    written = [text(one) for one in parts]
    SPENDING.get().size(sum(map(len, written)))
    return "".join(written)


def valued(value: Any) -> Any:
    SPENDING.get().value(value)
    return value


def metered(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or test of Jinja's that reports what it is given and what it gives."""
    passed = _PassArg.from_obj(run) is not None  # its first argument is Jinja's own

    @wraps(run)
    def inner(*args: Any, **kwargs: Any) -> Any:
        meter, values = SPENDING.get(), args[1:] if passed else args
        told = (*values[1:], *kwargs.values())
        (meter.plain if name in TEXTUAL else meter.value)(*values, kwargs)
        if name in COUNTING and any(
            isinstance(one, int) and abs(one) > COUNT for one in (*values[1:], *kwargs.values())
        ):
            raise Exhausted(f"{name} 的数大于 {COUNT:,}", f"a number for {name} is above {COUNT:,}")
        before(name, (*values[:1], *told))
        made = run(*args, **kwargs)
        meter.value(made)
        return made

    return inner


def before(name: str, values: tuple[Any, ...]) -> None:
    """Looks at what makes a text longer, or takes long, before it is done."""
    meter = SPENDING.get()
    if name == "replace" and len(values) > 2:
        whole, old, new = map(text, values[:3])
        meter.size(len(whole) + whole.count(old) * len(new))
    elif name in STRIPS and len(values) > 1 and values[1] is not None and len(text(values[1])) > 1000:
        raise too_large()
    elif name == "indent":
        width = next((one for one in values[1:] if isinstance(one, str | int) and not isinstance(one, bool)), 4)
        lines = text(values[0]).count("\n") + 1
        meter.size(lines * (len(width) if isinstance(width, str) else width) + len(text(values[0])))
    elif name == "join" and len(values) > 1 and isinstance(values[1], list | tuple):
        meter.size(len(values[0]) * len(values[1]))


@pass_eval_context
def joined(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    items = list(value)
    SPENDING.get().plain(items)
    SPENDING.get().size(len(items) * len(text(d)))
    made: str = FILTERS["join"](context, items, d, attribute)
    return made


def formatted(pattern: str, *args: Any) -> str:
    meter = SPENDING.get()
    meter.plain(args)
    if not PLAIN_FORMAT.fullmatch(pattern):
        raise SecurityError("a format with widths")
    meter.size(len(pattern) + pattern.count("%") * max((len(text(one)) for one in args), default=0))
    return pattern % args


def tojson(
    x: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False
) -> str:
    """As templates of chats expect it: nothing is escaped for HTML."""
    meter = SPENDING.get()
    meter.plain(x)
    if (indent if isinstance(indent, int) else len(indent or "")) > 16:
        raise too_large()
    encoder = json.JSONEncoder(
        ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys, allow_nan=True
    )
    pieces = []
    for piece in encoder.iterencode(x):
        meter.spend(len(piece), 0)
        pieces.append(piece)
    return "".join(pieces)


def raised(message: Any) -> None:
    """How a template refuses messages."""
    raise TemplateError(text(message)[:500])


def dated(now: datetime, form: str) -> str:
    if len(form) > 200 or not PLAIN_DATE.fullmatch(form):
        raise SecurityError("a date with widths")
    return now.strftime(form)


def sized(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple) else 0


def bits(count: int) -> None:
    if count > NUMBER:
        raise Exhausted("一个数太大", "a number grows too large")


OWN: Mapping[str, Callable[..., Any]] = {"format": formatted, "join": joined, "string": text, "tojson": tojson}


def filters() -> dict[str, Callable[..., Any]]:
    ours: dict[str, Callable[..., Any]] = {"our loop": looped, "our concat": concatenated, "our value": valued}
    return {name: metered(name, OWN.get(name) or FILTERS[name]) for name in ALLOWED.split()} | ours


def tests() -> dict[str, Callable[..., Any]]:
    known: dict[str, Any] = {**TESTS}
    return {name: metered(name, test) for name, test in known.items()}
