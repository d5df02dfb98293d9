"""The plan of the house, where import-linter does not see it: folders that are no packages, sizes, places, weights."""

import ast
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WENJIN = ROOT / "src/wenjin"
CEILING, MEDIAN = 400, 200
CODE = {".py", ".ts", ".js", ".css", ".html", ""}
HOSTS = {  # hosts that a file of ours may name, and where; the course's own texts may cite anything
    "127.0.0.1": "anywhere: this machine",
    "download.pytorch.org": "the one index that the setup may name",
    "www.w3.org": "the name of SVG",
    "arxiv.org": "sources are built from their numbers",
    "doi.org": "sources are built from their numbers",
    "creativecommons.org": "licenses of shipped tables name the place of their text",
}
STARTS = re.compile(r"\bsubprocess\.(run|Popen|call|check_call|check_output)\(|\bos\.(fork|system|exec\w+|spawn\w+)\(")
STARTERS = {"study/sandbox/", "study/web/build.py", "study/author/runner.py", "stack/train/compiled.py",
            "stack/infer/native.py"}  # fmt: skip
# study/author/runner.py is a program that the sandbox starts and that forks itself; build.py makes a wheel's assets;
# compiled.py has its own code compiled beside the run that waits for it, and the process dies with that run; native.py
# calls the compiler for its own kernels.


@cache
def files() -> tuple[Path, ...]:
    """What git holds or would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def ours() -> Iterator[Path]:
    """Our own program text: not the hostile answers, which are others', and no lock."""
    for path in files():
        if path.suffix in CODE and "submissions" not in path.parts and path.name not in ("LICENSE", "NOTICE"):
            yield path


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> set[str]:
    """Every module that a file names in an import, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.ImportFrom) and node.level:  # in the box, `inside` is a package of its own
            assert path.is_relative_to(WENJIN / "study/sandbox/inside"), f"{place(path)}:{node.lineno}: name it in full"
    return found


def python_below(folder: Path) -> list[Path]:
    return [path for path in files() if path.suffix == ".py" and path.is_relative_to(folder)]


def test_the_curriculum_leans_on_kit_and_stack_only() -> None:
    allowed = {"wenjin.kit", "wenjin.stack", "wenjin.poet"}
    paths = python_below(WENJIN / "curriculum")
    assert paths
    for path in paths:
        for module in imports(path):
            first = module.split(".")[0]
            if first == "wenjin":
                assert module == "wenjin" or ".".join(module.split(".")[:2]) in allowed, f"{place(path)}: {module}"
            else:
                assert first in sys.stdlib_module_names | {"torch", "numpy"}, f"{place(path)}: {module}"


def test_the_curriculum_is_no_package() -> None:
    assert not list((WENJIN / "curriculum").rglob("__init__.py"))


def test_the_school_never_names_stack_poet_or_curriculum() -> None:
    for path in python_below(WENJIN / "study"):
        for module in imports(path):
            assert not re.match(r"wenjin\.(stack|poet|curriculum|projects)\b", module), f"{place(path)}: {module}"


def test_the_machine_works_alone() -> None:
    for path in python_below(WENJIN / "stack"):
        for module in imports(path):
            first, second = [*module.split("."), ""][:2]
            known = sys.stdlib_module_names | {
                "torch",
                "numpy",
                "opencc",
                "pypinyin",
                "tensorboardX",
                "jinja2",
            }
            if path.is_relative_to(WENJIN / "stack/cli"):
                known |= {"typer", "rich"}
            if path.is_relative_to(WENJIN / "stack/serve"):
                known |= {"fastapi", "starlette", "pydantic", "pydantic_core", "uvicorn", "prometheus_client"}
            assert first in known or (first, second) in (("wenjin", "stack"), ("wenjin", "")), (
                f"{place(path)}: {module}"
            )


def test_what_makes_the_environment_needs_the_standard_library_only() -> None:
    for name in ("bootstrap.py", "requirements/install.py", "requirements/pip_bar.py", "requirements/lock.py"):
        for module in imports(ROOT / name):
            first = module.split(".")[0]
            assert first in sys.stdlib_module_names | {"bootstrap", "install", "pip_bar"}, f"{name}: {module}"


def test_only_the_sandbox_starts_processes() -> None:
    for path in python_below(WENJIN):
        name = path.relative_to(WENJIN).as_posix()
        if not name.startswith(tuple(STARTERS)) and not name.startswith("curriculum/"):
            found = STARTS.search(path.read_text(encoding="utf-8"))
            assert not found, f"{place(path)}: {found[0] if found else ''}…) belongs into study/sandbox"


def test_the_server_and_the_commands_hold_no_torch() -> None:
    """They are many and short-lived or long-lived and idle: two seconds and 224 MB are the workers' to pay."""
    loaded = "wenjin.study.web.app, wenjin.study.web.serve, wenjin.study.author.check, wenjin.study.store.owner"
    program = (
        f"import sys, {loaded}; from wenjin.cli import application; application()\n"
        "machine = {'.'.join(name.split('.')[:3]) for name in sys.modules if name.startswith('wenjin.stack.')}\n"
        "print(sorted({'torch'} & set(sys.modules) | machine - {'wenjin.stack.cli'}))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"


def test_help_is_quick_because_it_loads_little() -> None:
    program = (
        "import json, sys\nfrom wenjin.cli import main\nsys.argv = ['wenjin', '--help']\n"
        "try: main()\nexcept SystemExit: pass\nprint(json.dumps(sorted(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    heavy = {"fastapi", "sqlalchemy", "torch", "numpy", "jinja2", "pygments", "dukpy", "rich.console", "asyncio"}
    assert not heavy & set(json.loads(told.splitlines()[-1]))
    words = ("-P", "-m", "wenjin.cli", "--help"), ("-P", "-c", "import typer")
    spent, least = (min(_seconds_of_work(*each) for _ in range(5)) for each in words)
    assert spent < 4.5 * least, f"--help took {spent:.3f} s, the library of its commands {least:.3f} s"


def _seconds_of_work(*words: str) -> float:
    """Processor time of one run: what other work on the machine takes does not count."""
    before = os.times()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def test_init_files_are_empty() -> None:
    for path in files():
        if path.name == "__init__.py":
            assert path.read_bytes() == b"", f"{place(path)}: leave it empty and import from where a thing stands"


def test_no_room_is_empty() -> None:
    for path in files():
        if path.name == "__init__.py" and path.is_relative_to(WENJIN):
            inside = [other for other in files() if other.is_relative_to(path.parent) and other.name != "__init__.py"]
            assert inside, f"{place(path.parent)}: a room appears when it has something to hold"


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ours()}
    long = {place(path): length for path, length in lengths.items() if length > CEILING}
    assert not long, f"more than {CEILING} lines, so split by purpose: {long}"
    python = [length for path, length in lengths.items() if path.suffix == ".py" and path.name != "__init__.py"]
    assert statistics.median(python) < MEDIAN


def test_files_say_what_they_are() -> None:
    for path in python_below(ROOT):
        learners = path.name in ("starter.py", "solution.py")  # what they see begins with the task itself
        sample = path.is_relative_to(ROOT / "tests") and not path.name.startswith("test_")
        if path.name != "__init__.py" and not learners and not sample:
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{place(path)}: no opening words"


def test_the_proofs_that_files_name_are_there() -> None:
    names = {path.name for path in files() if path.name.startswith("test_")}
    for path in python_below(WENJIN):
        proof = re.search(r"^Proof\s.*?(?=\n\n|\n\S|\"\"\")", path.read_text(encoding="utf-8"), re.S | re.M)
        for named in re.findall(r"[\w/]*test_\w+\.py", proof[0]) if proof else ():
            there = (ROOT / named).is_file() if "/" in named else named in names
            assert there, f"{place(path)} names {named} as its proof"


@pytest.mark.parametrize(
    "room", ["study/cli", "study/course", "study/judge", "study/sandbox", "study/store", "study/web"]
)
def test_tests_mirror_the_rooms(room: str) -> None:
    assert python_below(ROOT / "tests" / room), f"{room} has no tests in tests/{room}"


def test_nothing_reaches_out_of_the_repository() -> None:
    outside = re.compile(r"""["'(\s](/work/|/root/|/home/[a-z]+/|(?:\.\./)+shared/)""")
    for path in files():
        if path.suffix in CODE | {".toml", ".md", ".json", ".csv"} and "submissions" not in path.parts:
            found = outside.search(path.read_text(encoding="utf-8"))
            assert not found or path == Path(__file__), f"{place(path)} names {found[1] if found else ''}"
    for path in files():
        assert not path.is_symlink() or path.resolve().is_relative_to(ROOT), f"{place(path)} points outside"


def test_code_names_no_host_but_the_known_ones() -> None:
    cited = ("src/wenjin/curriculum/", "tests/", "LICENSE", "NOTICE", "docs/")
    for path in files():
        name = place(path)
        if name.startswith(cited) or name.endswith("package-lock.json") or path.suffix in {".woff2", ".png", ".gz"}:
            continue
        for host in re.findall(r"https?://([A-Za-z0-9.-]+\w)", path.read_text(encoding="utf-8")):
            assert host in HOSTS, f"{name} names {host}"
    naming = [place(path) for path in ours() if "download.pytorch.org" in path.read_text(encoding="utf-8")]
    assert sorted(set(naming) - {"tests/test_floor_plan.py", "tests/test_bootstrap.py"}) == ["requirements/install.py"]
    locked = (WENJIN / "study/web/islands/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in locked, (
        "package-lock.json names where packages came from; npm's own settings decide that"
    )


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|pytest\.(skip|xfail|importorskip)|mark\.(skip|xfail)")
    for path in ours():
        text = path.read_text(encoding="utf-8")
        found = marks.search(text)
        assert not found or path == Path(__file__), f"{place(path)}: {found[0] if found else ''}"
        if path.is_relative_to(WENJIN) and path.name != "starter.py":  # a starter is what a learner completes
            assert "raise NotImplementedError" not in text, place(path)
