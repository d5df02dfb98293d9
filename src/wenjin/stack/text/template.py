"""Jinja templates that come from others: run in its immutable sandbox, with bounds on what they can spend.

    environment = Limited()
    environment.finished("{{ messages|length }} messages", {"messages": []})           "0 messages"

The sandbox keeps a template away from the machine. It does not keep it from running forever, or from filling the
memory, in a hundred characters: 'a' * 10**9, three nested loops, a list of itself twice, forty times over. So it is
rewritten before it is compiled: every loop, call, filter, join, slice, comparison and literal reports what it is about
to take, and a Budget (budget.py) adds it up. Nothing is folded at compile time. Filters and methods are those of a
list; one that is not on it is refused by name.

Omits    inclusion, inheritance, translation, HTML escaping, formatting with widths
Sources  the documentation of Jinja 3.1 ("Sandbox", "Security Considerations"); what templates are given: the
         documentation of transformers 5.23, "Writing a chat template"
Proof    tests/stack/text/test_chat_template.py: equal to transformers; hostile ones end in a sentence within the limits
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from wenjin.stack.text.budget import OUTPUT, SECONDS, SOURCE, SPENDING, Budget, Exhausted
from wenjin.stack.text.template_parts import (
    PLAIN_FIELDS,
    before,
    bits,
    dated,
    filters,
    formatted,
    looped,
    raised,
    shown,
    sized,
    tests,
    text,
)

METHODS = {  # what may be called on a value
    str: "capitalize casefold count endswith find format index isalnum isalpha isascii isdecimal isdigit islower "
    "isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex "
    "rpartition rsplit rstrip split splitlines startswith strip swapcase title upper",
    dict: "copy get items keys values",
    list: "copy count index",
    tuple: "count index",
}


class Rewriter(NodeTransformer):
    """Puts our own filters around what the sandbox does not let us see."""

    def around(self, name: str, node: nodes.Node, *told: Any) -> nodes.Filter:
        arguments: list[nodes.Expr] = [nodes.Const(one) for one in told]
        return nodes.Filter(cast(nodes.Expr, node), f"our {name}", arguments, [], None, None, lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        text = sum(len(one.data) for one in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        node.iter = self.around("loop", node.iter, text)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return self.around("concat", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        return self.around("value", node) if isinstance(node.arg, nodes.Slice) else node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        sides: list[nodes.Compare | nodes.Operand] = [node, *node.ops]
        for one in sides:
            if not isinstance(one.expr, nodes.Const):
                one.expr = self.around("value", one.expr)
        return node

    def made(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        loaded = getattr(node, "ctx", "load") == "load"
        constant = all(isinstance(one, nodes.Const) for one in node.iter_child_nodes())
        return self.around("value", node) if loaded and not constant else node

    visit_List = visit_Tuple = visit_Dict = made


class Generation(Extension):
    """{% generation %} … {% endgeneration %} marks for training what the assistant said; here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012 (as Jinja has it)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("said"), [], [], body).set_lineno(line)

    def said(self, caller: Macro) -> str:
        return str(caller())


class Names(Namespace):
    """A namespace whose attributes have public names."""

    def __setitem__(self, name: str, value: Any) -> None:
        if str(name).startswith("_"):
            raise SecurityError(f"an attribute named {name!r}")
        super().__setitem__(name, value)


class Limited(ImmutableSandboxedEnvironment):
    """Renders one template after another; safe to be used by several threads."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            finalize=shown,
            extensions=[Generation, loopcontrols],
            cache_size=0,
        )
        self.filters.clear()
        self.filters.update(filters())
        self.tests.clear()
        self.tests.update(tests())
        given = {name: self.globals[name] for name in ("range", "cycler", "joiner")}
        given |= {"dict": lambda *a, **k: dict(*a, **k), "raise_exception": raised, "namespace": Names}
        self.globals.clear()
        self.globals.update(given)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = Rewriter().visit(super()._parse(source, name, filename))
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        for kind, names in METHODS.items():
            if isinstance(obj, kind):
                return attr in names.split()
        return super().is_safe_attribute(obj, attr, value) and not isinstance(obj, int | float)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        made = super().wrap_str_format(value)
        if made is None:
            return None
        pattern, inner = value.__self__, made

        def fields(*args: Any, **kwargs: Any) -> str:
            SPENDING.get().value(pattern, args, kwargs)
            if not PLAIN_FIELDS.fullmatch(pattern):
                raise SecurityError("a format with widths or attributes")
            longest = max((len(text(one)) for one in (*args, *kwargs.values())), default=0)
            SPENDING.get().size(len(pattern) + pattern.count("{") * longest)
            return inner(*args, **kwargs)

        return fields

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Each call is a step; what goes in and what comes out is measured."""
        meter = SPENDING.get()
        name, owner = getattr(obj, "__name__", ""), getattr(obj, "__self__", None)
        if isinstance(obj, LoopContext):  # a recursive loop
            args = (looped(args[0], SOURCE), *args[1:]) if args else args
        if isinstance(owner, str) and name == "join" and args:
            args = (list(args[0]), *args[1:])
        meter.value(args, kwargs)
        if isinstance(owner, str):
            before(name, (owner, *args))
        made = super().call(context, obj, *args, **kwargs)
        meter.value(made)
        return made

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        meter, sizes = SPENDING.get(), [sized(left), sized(right)]
        meter.spend()
        if operator == "+":
            meter.size(sum(sizes))
        elif operator == "*" and any(sizes):
            factor = right if sizes[0] else left
            meter.size(max(sizes) * max(0, factor) if isinstance(factor, int) else 0)
        elif operator == "*" and isinstance(left, int) and isinstance(right, int):
            bits(left.bit_length() + right.bit_length())
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            bits(left.bit_length() * abs(right))
        elif operator == "%" and isinstance(left, str):
            return formatted(left, *(right if isinstance(right, tuple) else (right,)))
        made = super().call_binop(context, operator, left, right)
        if sizes[0] and not isinstance(made, str):
            meter.value(made)
        return made

    def finished(self, template: Template, given: Mapping[str, Any], *, now: datetime, seconds: float = SECONDS) -> str:
        """What a template writes. Raises Exhausted, TemplateError, and whatever else a program can go wrong with."""
        token = SPENDING.set(Budget(seconds))
        try:
            SPENDING.get().value(dict(given))
            pieces, size = [], 0
            for piece in template.generate(**given, strftime_now=lambda form: dated(now, form)):
                size += len(piece)
                if size > OUTPUT:
                    raise Exhausted(f"写出的文字超过 {OUTPUT:,} 个字符", f"it writes more than {OUTPUT:,} characters")
                pieces.append(piece)
            return "".join(pieces)
        finally:
            SPENDING.reset(token)
