"""Listings: the library's own lines, found by name in its source file. The library is read, never imported.

    wenjin.stack.nn.attention:Attention.forward -> the file, the lines of that definition, the number of the first

Omits   names made at run time: what `ast` does not see as a def, a class or an assignment is not cited
"""

import ast
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path

from wenjin.kit.text import Text

PACKAGE = Path(__file__).parents[2]  # the folder of `wenjin`
ROOMS = ("stack", "poet", "kit")


class ListingError(LookupError):
    """A citation whose source is not there. `text` says which part is missing and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines first..last (from 1, both included) of `path`, a file of module `module`; `text` ends without a newline."""

    module: str
    name: str | None
    path: Path
    text: str
    first: int
    last: int


class Listings:
    """Cites from the source below `package`; a file is read again only when it changed."""

    def __init__(self, package: Path = PACKAGE) -> None:
        self._package = package
        self._files: dict[Path, tuple[tuple[int, int], str, ast.Module]] = {}
        self._lock = threading.Lock()

    def cite(self, target: str) -> Listing:
        """The lines that `module:name` names; `module` alone is the whole file, and `stack.nn` means `wenjin.stack.nn`.

        Raises ListingError."""
        module, colon, name = target.strip().partition(":")
        if module.partition(".")[0] in ROOMS:
            module = f"wenjin.{module}"
        path = self.path(module)
        source, tree = self._read(path, module)
        lines = source.splitlines()
        if not colon:
            return Listing(module, None, path, source.rstrip("\n"), 1, len(lines))
        node = find(tree, name)
        if node is None:
            there = ", ".join(sorted(names(tree))) or "-"
            raise ListingError(
                Text(
                    f"`{target}`：{module} 里没有 `{name}`。那里有：{there}。",
                    f"`{target}`: {module} has no `{name}`. It has: {there}.",
                )
            )
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        last = node.end_lineno or first
        text = textwrap.dedent("\n".join(lines[first - 1 : last]))
        return Listing(module, name, path, text, first, last)

    def path(self, module: str) -> Path:
        """The file of a module that may be cited. Raises ListingError for others."""
        parts = module.split(".")
        citable = len(parts) > 2 and parts[0] == "wenjin" and parts[1] in ROOMS
        if citable and all(part.isidentifier() for part in parts):
            path = self._package.joinpath(*parts[1:]).with_suffix(".py")
            if path.is_file():
                return path
        rooms = ", ".join(f"wenjin.{room}" for room in ROOMS)
        raise ListingError(
            Text(
                f"`{module}` 不是可引用的模块：它的源文件要在 {rooms} 之下。请改正名字，或去掉这个引用。",
                f"`{module}` cannot be cited: its file must stand below {rooms}. Mend the name or drop the citation.",
            )
        )

    def _read(self, path: Path, module: str) -> tuple[str, ast.Module]:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        with self._lock:
            known = self._files.get(path)
        if known is None or known[0] != stamp:
            source = path.read_text(encoding="utf-8")
            try:
                known = (stamp, source, ast.parse(source))
            except SyntaxError as fault:
                raise ListingError(
                    Text(
                        f"`{module}` 第 {fault.lineno} 行有语法错误，不能引用：{fault.msg}。",
                        f"`{module}` has a syntax error in line {fault.lineno} and cannot be cited: {fault.msg}.",
                    )
                ) from None
            with self._lock:
                self._files[path] = known
        return known[1], known[2]


def find(tree: ast.Module, name: str) -> ast.stmt | None:
    """The definition or assignment called `name`, with dots for what stands inside a class."""
    body: list[ast.stmt] = tree.body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((statement for statement in reversed(body) if part in defines(statement)), None)
        if node is None:
            return None
        body = getattr(node, "body", [])
    return node


def defines(statement: ast.stmt) -> tuple[str, ...]:
    """The names that a statement binds, as far as a citation can mean them."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (statement.name,)
    if isinstance(statement, ast.Assign):
        return tuple(target.id for target in statement.targets if isinstance(target, ast.Name))
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return (statement.target.id,)
    return ()


def names(tree: ast.Module) -> list[str]:
    """What can be cited of a module."""
    found: list[str] = []
    for statement in tree.body:
        found += defines(statement)
        if isinstance(statement, ast.ClassDef):
            found += [f"{statement.name}.{name}" for inner in statement.body for name in defines(inner)]
    return found
