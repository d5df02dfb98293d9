"""`course record` keeps what {run} blocks print; comparing allows what another processor would round."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from wenjin.study.author import runner
from wenjin.study.author.record import record
from wenjin.study.author.running import run_jobs, same_output, same_values
from wenjin.study.course.digest import PACKAGE, digest, library_digest
from wenjin.study.course.faults import Faults
from wenjin.study.course.load import load

ZH, EN = "counting/doubling/lesson.zh.md", "counting/doubling/lesson.en.md"
STEPS = "counting/doubling/recorded/steps.json"


def test_a_record_holds_output_values_and_hashes(small, check_small) -> None:
    small.remove(STEPS)
    faults = Faults(small.root)
    assert record(load(small.root).topics["doubling"], faults) == ["steps"]
    assert faults.found == []
    kept = json.loads((small.root / STEPS).read_text(encoding="utf-8"))
    assert kept["output"] == "sizes [1, 2, 4, 8] 0.533\n"
    assert kept["values"] == {"last": 8, "share": 8 / 15}
    code = (small.root / ZH).read_text(encoding="utf-8").partition("```{run} steps\n")[2].partition("\n```")[0]
    assert kept["code_sha256"] == digest(code)
    assert record(load(small.root).topics["doubling"], faults) == []
    assert check_small() == []


def test_a_block_that_fails_keeps_its_old_record(small, snapshot) -> None:
    before = (small.root / STEPS).read_bytes()
    for file in (ZH, EN):
        small.replace(file, "range(4)", "range(four)")
    faults = Faults(small.root)
    assert record(load(small.root).topics["doubling"], faults) == []
    snapshot(faults.found)
    assert (small.root / STEPS).read_bytes() == before


def test_the_record_of_a_block_that_is_gone_is_deleted(small) -> None:
    small.write("counting/doubling/recorded/old.json", (small.root / STEPS).read_bytes())
    small.write("counting/doubling/recorded/lab.json", '{"kind": "lab"}')
    assert record(load(small.root).topics["doubling"], Faults(small.root)) == ["old"]
    assert sorted(path.name for path in (small.root / STEPS).parent.iterdir()) == ["lab.json", "steps.json"]


def test_without_a_lesson_there_is_nothing_to_record(small, snapshot) -> None:
    small.remove(ZH)
    faults = Faults(small.root)
    topic = load(small.root).topics["doubling"]
    assert record(replace(topic, status="labs"), faults) == []
    assert faults.found == [], "labs may come before the lesson"
    assert record(topic, faults) == []
    snapshot(faults.found)


def test_no_snapshot_is_left_over(kept) -> None:
    assert kept == {
        "test_a_block_that_fails_keeps_its_old_record",
        "test_without_a_lesson_there_is_nothing_to_record",
    }


def test_jobs_do_not_disturb_each_other() -> None:
    random = "import random\nshown = random.random()\nrandom.seed(3)"
    first, second, seeded = run_jobs(
        [
            {"run": "import sys\nsys.modules['random'] = None\nleft = 1", "name": "a"},
            {"run": "import random\nkept = 'left' in globals()", "name": "b"},
            {"run": random + "\nagain = random.random()", "name": "c"},
        ]
    )
    assert (first["values"], second["values"]) == ({"left": 1}, {"kept": False})
    assert seeded["values"]["again"] == 0.23796462709189137


def test_torch_is_the_same_for_each_block() -> None:
    first = {
        "run": "import torch\ntorch.set_default_dtype(torch.float64)\nkind = str(torch.ones(1).dtype)",
        "name": "x",
    }
    second = {"run": "import torch\nkind = str(torch.ones(1).dtype)\nthreads = torch.get_num_threads()", "name": "y"}
    one, two = run_jobs([first, second])
    assert one["values"] == {"kind": "torch.float64"}
    assert two["values"] == {"kind": "torch.float32", "threads": 1}


def test_what_is_kept_of_a_block() -> None:
    code = "import math\n_hidden = 1\nn = 2\nx = 0.5\nword = 'w'\nyes = True\nnone = None\nlist_ = [1]\nbad = math.inf"
    assert runner.run(code, "block")["values"] == {"n": 2, "x": 0.5, "word": "w", "yes": True}


def test_an_error_is_told_with_its_line() -> None:
    assert runner.run("x = 1\nx.y", "block") == {
        "error": "AttributeError: 'int' object has no attribute 'y'",
        "line": 2,
    }
    assert runner.run("x = (", "block")["line"] == 1
    assert runner.run("raise SystemExit(2)", "block")["error"] == "SystemExit: 2"


def test_the_same_output_on_another_processor() -> None:
    assert same_output("loss 0.1234, 7 steps\n", "loss 0.1235, 7 steps\n")
    assert same_output("a  1.0\n", "a 1.0")
    assert same_output("1.00000e-07", "1.00001e-07")
    assert not same_output("loss 0.1234", "loss 0.1236")
    assert not same_output("7 steps", "8 steps")
    assert not same_output("100000 steps", "100001 steps")
    assert not same_output("1.0", "-1.0")
    assert not same_output("mean 1.0", "median 1.0")
    assert not same_output("1.0 2.0", "1.0")


def test_the_same_values_on_another_processor() -> None:
    assert same_values({"x": 0.5, "n": 3}, {"x": 0.50001, "n": 3})
    assert not same_values({"x": 0.5}, {"x": 0.501})
    assert not same_values({"n": 3}, {"n": 4})
    assert not same_values({"n": 1}, {"n": True})
    assert not same_values({"n": 3}, {"m": 3})


def test_the_library_hash_follows_imports(tmp_path: Path) -> None:
    for name, text in (("one", "from wenjin.stack.two import f"), ("two", "def f(): return 1"), ("three", "")):
        path = tmp_path / "stack" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    code = "from wenjin.stack.one import g\nimport math"
    before = library_digest(code, tmp_path)
    (tmp_path / "stack" / "three.py").write_text("changed = 1", encoding="utf-8")
    assert library_digest(code, tmp_path) == before
    (tmp_path / "stack" / "two.py").write_text("def f(): return 2", encoding="utf-8")
    assert library_digest(code, tmp_path) != before
    assert library_digest("import math", tmp_path) == digest("")


def test_the_library_hash_follows_the_reader_of_a_corpus_that_is_named(tmp_path: Path) -> None:
    """A reader more, or another corpus's, changes nothing; that of the corpus loaded does, also when it is named by a
    file on the way, and any where the name is made up while the program runs."""
    package = tmp_path / "wenjin"
    shutil.copytree(PACKAGE / "stack", package / "stack", ignore=shutil.ignore_patterns("excerpts", "__pycache__"))
    shutil.copytree(PACKAGE / "poet", package / "poet", ignore=shutil.ignore_patterns("__pycache__"))
    load = "from wenjin.stack.data.load import load\n"
    one = load + 'rows = load("wordnet").rows'
    other, indirect = load + 'rows = load("chatter").rows', "from wenjin.poet.data import prepare"
    any_ = load + "rows = load('word' + 'net').rows"
    codes = {"one": one, "other": other, "indirect": indirect, "any": any_}
    before = {name: library_digest(code, package) for name, code in codes.items()}

    def changed() -> set[str]:
        return {name for name, code in codes.items() if library_digest(code, package) != before[name]}

    data = package / "stack/data"
    facts = (data / "sources.toml").read_text(encoding="utf-8")
    (data / "novel.py").write_text("def read(text): ...", encoding="utf-8")
    (data / "sources.toml").write_text(facts + '\n[[source]]\nid = "novel"\nreader = "novel"\n', encoding="utf-8")
    assert changed() == {"any"}
    (data / "sources.toml").write_text(facts, encoding="utf-8")
    for file, whose in (
        ("wordnet.py", {"one", "any"}),
        ("dialogs.py", {"other", "any"}),
        ("poems.py", {"indirect", "any"}),
    ):
        text = (data / file).read_text(encoding="utf-8")
        (data / file).write_text(text + "\n# changed", encoding="utf-8")
        assert changed() == whose
        (data / file).write_text(text, encoding="utf-8")
