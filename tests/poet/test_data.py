"""The stage on the shipped poems: the same bytes every time, from any interruption; its report adds up."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from wenjin.poet.data import Progress, prepare
from wenjin.stack.data import deduplicate
from wenjin.stack.data.load import load
from wenjin.stack.data.poems import Poem
from wenjin.stack.data.sources import DataError
from wenjin.stack.data.verse import FORMS, SPLITS, bare, form, open_corpus

NOWHERE = Path("/nonexistent")


def run(folder: Path) -> list[Progress]:
    return list(prepare(folder, data=NOWHERE))


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("poet") / "data"
    told = run(folder)
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert told[-1].done == 1.0
    assert all(one.zh and one.en for one in told)
    assert any(one.left is not None for one in told[:-1])
    return folder


def test_every_poem_is_accounted_for(made: Path) -> None:
    corpus, facts = open_corpus(made), json.loads((made / "report.json").read_text(encoding="utf-8"))
    came = load("classical-poems", part="tang", data=NOWHERE).rows
    rows = {split: corpus.rows(split) for split in SPLITS}
    left = sum(map(len, rows.values()))
    faults, doubles, _ = facts["steps"]
    gone = sum(reason["count"] for step in (faults, doubles) for reason in step["reasons"])
    assert len(came) == facts["came"] == left + gone
    assert left == facts["left"] == sum(sum(counts.values()) for counts in facts["splits"].values())
    assert facts["splits"] == {s: {f: sum(v.form == f for v in rows[s]) for f in FORMS} for s in SPLITS}
    assert all(rows.values())
    assert facts["sha256"] == corpus.sha256


def test_each_poem_is_clean_simplified_and_keeps_its_original(made: Path) -> None:
    originals = {f"{p.title}\n{p.text}" for p in load("classical-poems", part="tang", data=NOWHERE).rows}
    verses = [verse for split in SPLITS for verse in open_corpus(made).rows(split)]
    assert len({verse.id for verse in verses}) == len(verses)
    for verse in verses:
        assert verse.original in originals
        assert verse.form == form(verse.text)
        assert verse.title
        assert not set(verse.text) & set("()（）[]《》〖〗「」□ \n")
    tower = next(verse for verse in verses if verse.title == "登鹳雀楼")
    assert (tower.author, tower.text) == ("王之涣", "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。")
    assert tower.original == "登鸛雀樓\n白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"


def test_no_poem_and_no_variant_stands_on_two_sides(tmp_path: Path) -> None:
    shipped = load("classical-poems", part="tang", data=NOWHERE)
    rows: list[Poem] = []
    for n, poem in enumerate(poem for poem in shipped.rows if poem.author not in ("佚名", "無名氏")):
        again = Poem(f"又{poem.title}", "無名氏", poem.lines)
        changed = poem.lines[0].replace(poem.lines[0][1], "某")
        reading = Poem(poem.title, "某人", (changed, *poem.lines[1:]))
        half = Poem(f"半{poem.title}", poem.author, poem.lines[: max(2, len(poem.lines) // 2)])
        rows += [again, poem, (reading, half)[n % 2]]
    corpus = replace(shipped, rows=tuple(rows), count=len(rows))
    list(prepare(tmp_path / "data", sources={"tang": corpus}))
    verses = [(split, verse) for split in SPLITS for verse in open_corpus(tmp_path / "data").rows(split)]
    texts = [bare(verse.text) for _, verse in verses]
    assert len(set(texts)) == len(texts)
    assert not any(verse.title.startswith("又") for _, verse in verses)  # the one with a name stayed
    alike = deduplicate.exact_near_duplicates(deduplicate.shingled(texts), range(len(texts)), at_least=0.25)
    passages = deduplicate.shared_passages(deduplicate.shingled(texts, 5), at_least=4)
    linked = [(a, b) for a, b, _ in alike] + [(a, b) for a, b, _ in passages.tolist()]
    assert len(linked) > 100  # halves that stand beside the whole
    for a, b in linked:
        assert verses[a][0] == verses[b][0], (texts[a], texts[b])
        assert verses[a][1].cluster == verses[b][1].cluster
    assert max(likeness for *_, likeness in alike) < 0.5  # what shares more is one poem, and one stays


def test_a_collection_with_broken_bytes_is_a_sentence(tmp_path: Path) -> None:
    kept = tmp_path / "corpora" / "classical-poems"
    kept.mkdir(parents=True)
    (kept / "package.txt").write_text("chinese-poetry 2.0.1 (npm)\n")
    (kept / "tang.jsonl").write_bytes('["春曉","孟浩然",["春眠不覺曉，處處聞啼鳥。"]]\n'.encode("gb18030"))
    with pytest.raises(DataError, match=r"tang\.jsonl") as refused:
        list(prepare(tmp_path / "out", data=tmp_path))
    assert "tang.jsonl" in refused.value.zh
    assert not (tmp_path / "out").exists()


def test_the_page_says_what_the_figures_say(made: Path) -> None:
    page, facts = (made / "report.md").read_text(encoding="utf-8"), json.loads((made / "report.json").read_bytes())
    for step in facts["steps"]:
        for reason in step["reasons"]:
            assert f"| {reason['zh']} · {reason['en']} | {reason['count']:,} |" in page
            assert reason["examples"]
            assert all(example in page for example in reason["examples"])
    for form_, count in facts["splits"]["train"].items():
        assert f"| {form_} | {count:,} |" in page
    assert facts["sha256"] in page


def test_the_same_input_gives_the_same_bytes_and_is_not_made_twice(made: Path, tmp_path: Path) -> None:
    run(tmp_path / "again")
    assert digest(tmp_path / "again") == digest(made)
    assert [one.zh for one in run(made)] == ["语料已经备好"]


def test_a_spoiled_file_is_made_anew(made: Path, tmp_path: Path) -> None:
    spoiled = shutil.copytree(made, tmp_path / "spoiled")
    with (spoiled / "test.jsonl").open("ab") as file:
        file.write(b"\xff\xfe")
    assert len(run(spoiled)) > 1
    assert digest(spoiled) == digest(made)


def test_it_goes_on_after_its_last_finished_step(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    told = []
    for one in prepare(folder, data=NOWHERE):
        told.append(one)
        if one.zh == "划分，写出":
            break  # the first two steps are finished
    again = run(folder)
    assert {one.zh for one in told} == {"清洗，转成简体", "查找重复与异文", "划分，写出"}
    assert {one.zh for one in again} == {"划分，写出", "语料备好了"}
    assert digest(folder) == digest(made)


def test_killed_at_any_moment_it_ends_with_the_same_bytes(
    made: Path, tmp_path: Path, count: Callable[[int], int]
) -> None:
    code = (
        "import sys; from pathlib import Path; from wenjin.poet.data import prepare\n"
        "for one in prepare(Path(sys.argv[1]), data=Path('/nonexistent')): print(one.done, flush=True)"
    )
    for kill in range(count(40)):
        folder = tmp_path / f"killed{kill}"
        work = subprocess.Popen([sys.executable, "-P", "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
        assert work.stdout is not None
        for _ in range(1 + kill % 15):
            work.stdout.readline()
        os.kill(work.pid, signal.SIGKILL)
        work.communicate()
        run(folder)
        assert digest(folder) == digest(made)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="finished steps are kept") as refused:
        run(tmp_path / "file" / "data")
    assert "腾出空间" in refused.value.zh


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    code = (
        "import resource, signal, sys; from pathlib import Path; from wenjin.poet.data import prepare\n"
        "from wenjin.stack.data.sources import DataError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: list(prepare(Path(sys.argv[1]), data=Path('/nonexistent')))\n"
        "except DataError as error: print(error.en)"
    )
    said = subprocess.run([sys.executable, "-P", "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert "cannot be written" in said.stdout
    assert not (folder / "manifest.json").exists()
    assert not list(folder.rglob(".*"))  # half a file lies nowhere
    run(folder)
    assert digest(folder) == digest(made)
