"""The review of programs: every planted fault is found at its line, the clean program gets no remark, hostile files
harm nobody."""

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wenjin.kit.text import visible
from wenjin.study.cli.craft import HELP, register
from wenjin.study.craft.checks import Remark, remarks
from wenjin.study.craft.review import WEIGHTS, review
from wenjin.study.craft.source import LARGEST, MOST, parse, read
from wenjin.study.craft.texts import RULES
from wenjin.study.judge import workshop

CLEAN = {
    "shop/basket.py": '''"""A basket of things to buy."""

from dataclasses import dataclass, field


@dataclass
class Basket:
    prices: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, price: float) -> None:
        if price < 0:
            raise ValueError(f"{name} has a price below zero")
        self.prices[name] = price

    def total(self) -> float:
        return sum(self.prices.values())
''',
    "shop/receipt.py": '''"""What is printed at the till."""

from shop.basket import Basket


def receipt(basket: Basket, width: int = 20) -> str:
    rows = [f"{name:<{width}}{price:8.2f}" for name, price in sorted(basket.prices.items())]
    return "\\n".join([*rows, f"{'total':<{width}}{basket.total():8.2f}"])
''',
    "tests/test_basket.py": """import pytest

from shop.basket import Basket


def test_an_empty_basket_costs_nothing():
    assert Basket().total() == 0


def test_a_price_below_zero_is_refused():
    with pytest.raises(ValueError):
        Basket().add("book", -1)
""",
    "tests/test_receipt.py": """from shop.basket import Basket
from shop.receipt import receipt


def test_the_total_stands_last():
    basket = Basket({"book": 12.5})
    assert receipt(basket).splitlines()[-1].endswith("12.50")
""",
}

SEVEN = "\n".join(f"{'    ' * (n + 1)}if a > {n}:" for n in range(6)) + "\n" + "    " * 7 + "return a"
RUN = """    total = 0
    for row in {rows}:
        if row["kind"] == "a":
            total += row["price"] * row["amount"]
    mean = total / max(1, len({rows}))
    print("the mean is", round(mean, 2))
"""

# A program, and the remarks that it must get: rule and line.
FAULTS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "broken": ("def f(:\n    pass\n", [("unreadable", 1)]),
    "imports": ("import os\nimport json\n\n\nprint(json.dumps({}))\n", [("unused-import", 1)]),
    "star": ("from math import *\n\nprint(pi)\n", [("star-import", 1)]),
    "except": (
        "try:\n    print(1)\nexcept:\n    print(2)\ntry:\n    print(3)\nexcept ValueError:\n    pass\n",
        [("bare-except", 3), ("swallowed", 7)],
    ),
    "equals": ("x = 1\nif x == None:\n    print(x)\n", [("equals-none", 2)]),
    "names": ("class basket_of_things:\n    x = 1\n", [("name-of-a-class", 1)]),
    "function": (
        "def _AddAll(a: int, *, to: list[int] = []) -> int:\n    return a + len(to)\n",
        [("mutable-default", 1), ("name-of-a-function", 1)],
    ),
    "shadow": ("def _size(list: str) -> int:\n    return len(list)\n", [("shadowed", 1)]),
    "long": (f"x = '{'a' * 130}'\n", [("long-line", 1)]),
    "untyped": ("x = 1\n\n\ndef mean(numbers):\n    return sum(numbers)\n", [("no-tests", 1), ("untyped", 4)]),
    "nested": (f"def _f(a: int) -> int | None:\n{SEVEN}\n    return None\n", [("nested", 1)]),
    "branches": (
        "def _f(a: int) -> None:\n"
        + "".join(f"    if a == {n} or a == -{n}:\n        print({n})\n" for n in range(6)),
        [("branches", 1)],
    ),
    "lines": ("def _f() -> None:\n" + "".join(f"    print({n})\n" for n in range(70)), [("long", 1)]),
    "many": ("def _f(a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int): ...\n", [("arguments", 1)]),
    "twice": (
        "def _one(rows: list[dict[str, float]]) -> None:\n" + RUN.format(rows="rows")
        + "\n\ndef _two(items: list[dict[str, float]]) -> None:\n" + RUN.format(rows="items"),
        [("twice", 11)],
    ),
}  # fmt: skip


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def found(files: dict[str, str]) -> list[Remark]:
    return remarks([parse(name, text) for name, text in files.items()])


def test_the_clean_program_gets_no_remark_and_all_points() -> None:
    told = review([parse(name, text) for name, text in CLEAN.items()])
    assert told.remarks == ()
    assert (told.score, set(told.parts.values()), told.files) == (100, {100}, 4)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_at_its_line_and_nothing_else_is(fault: str) -> None:
    text, expected = FAULTS[fault]
    assert [(one.rule, one.line) for one in found({"program.py": text})] == expected
    told = review([parse("program.py", text)])
    assert told.score < 100
    assert all(told.parts[one.part] < 100 for one in told.remarks)


def test_a_fault_in_the_clean_program_costs_the_part_that_it_belongs_to() -> None:
    changes = {
        "tests": ("tests/test_receipt.py", "assert receipt(basket)", "receipt(basket)"),
        "style": ("shop/receipt.py", "from shop.basket", "import os\nfrom shop.basket"),
        "types": ("shop/receipt.py", "width: int = 20", "width=20"),
    }
    for part, (file, old, new) in changes.items():
        assert old in CLEAN[file]
        told = review([parse(n, t.replace(old, new) if n == file else t) for n, t in CLEAN.items()])
        assert [p for p in WEIGHTS if told.parts[p] < 100] == [part]
        assert {one.part for one in told.remarks} == {part}
    untested = review([parse(n, t) for n, t in CLEAN.items() if "receipt" not in n or "shop/" in n])
    assert [one.rule for one in untested.remarks] == ["untested"]


def test_a_copied_run_is_told_once_whatever_its_variables_are_called() -> None:
    body = RUN.format(rows="rows")
    files = {f"m{n}.py": f"def _f{n}(rows):\n{body}" for n in range(3)}
    told = [one for one in found(files) if one.rule == "twice"]
    assert [(one.file, one.what) for one in told] == [("m1.py", "m0.py:2"), ("m2.py", "m0.py:2")]


def test_every_rule_says_what_why_and_how_in_both_languages_and_its_example_is_python_where_it_is_a_program() -> None:
    planted = {rule for _, expected in FAULTS.values() for rule, _ in expected} | {"untested", "cannot-fail"}
    assert set(RULES) == planted, "each rule has a planted fault"
    for rule in RULES.values():
        for text in (rule.says, rule.why):
            assert text.zh
            assert text.en
        assert len(rule.example.splitlines()) <= 6


def test_hostile_files_are_read_within_limits(tmp_path: Path) -> None:
    lay(tmp_path, {"good.py": "x = 1\n", "deep.py": "(" * 5000, "minus.py": "-" * 100_000 + "1", "zero.py": "a\0b"})
    lay(tmp_path, {"attributes.py": "a" + ".b" * 50_000, "large.py": "#" * (LARGEST + 1)})
    lay(tmp_path, {".git/x.py": "import os\n", "venv/x.py": "import os\n", "a/site-packages/x.py": "import os\n"})
    (tmp_path / "raise.py").write_text("open('/tmp/never','w'); raise SystemExit(3)\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00x = 1")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.txt")
    told = workshop.review(tmp_path)
    assert told["left"] == 1
    files = {row["file"] for row in told["remarks"] if row["rule"] == "unreadable"}
    assert {"deep.py", "zero.py"} <= files
    assert not any("x.py" in row["file"] or "link.py" in row["file"] for row in told["remarks"])


def test_many_files_are_cut_and_counted(tmp_path: Path) -> None:
    lay(tmp_path, {f"m{n:04}.py": "" for n in range(MOST + 7)})
    sources, left = read(tmp_path)
    assert (len(sources), left) == (MOST, 7)


def test_the_command_reports_the_faults_stays_silent_on_the_clean_and_refuses_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer(rich_markup_mode=None)
    register(app)
    app.command("other")(lambda: None)
    monkeypatch.setenv("WENJIN_LANG", "en")
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["review-code", *words])
        return done.exit_code, done.stdout, done.stderr

    clean = lay(tmp_path / "clean", CLEAN)
    code, said, _ = run(str(clean))
    assert (code, "100 of 100" in said, "Nothing to remark" in said) == (0, True, True)
    faulty = lay(tmp_path / "faulty", {f"{name}.py": text for name, (text, _) in FAULTS.items()})
    told = json.loads(run(str(faulty), "--json")[1])
    for name, (_, expected) in FAULTS.items():
        rows = {(row["rule"], row["line"]) for row in told["remarks"] if row["file"] == f"{name}.py"}
        assert rows >= {pair for pair in expected if pair[0] != "no-tests"}, name
    assert all(row["why"]["zh"] and row["why"]["en"] and row["example"] for row in told["remarks"])
    assert told["ruff"]["F401"] == 1
    said = run(str(faulty))[1]
    assert "bare-except" in said
    assert visible(said) == said
    assert run(str(tmp_path / "none"))[0] == 2
    (tmp_path / "empty").mkdir()
    assert "holds no Python files" in run(str(tmp_path / "empty"))[2]
    assert HELP.zh.count("wenjin review-code") == HELP.en.count("wenjin review-code") == 3


def test_nothing_of_a_folder_is_run_even_by_the_settings_it_brings(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"json.py": "raise SystemExit(9)\n", "sitecustomize.py": "raise SystemExit(9)\n", "ruff.toml": "x = ["},
    )
    lay(tmp_path, {"pyproject.toml": "[tool.ruff]\nselect = 5\n"})
    assert workshop.review(tmp_path)["files"] == 2
