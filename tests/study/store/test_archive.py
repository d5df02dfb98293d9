"""Out of the house and in again: the same bytes. What is no honest archive is refused with a sentence, and not used."""

import hashlib
import json
import random
import shutil
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.study.store.test_log import JSON
from wenjin.study.store import archive, intake, opening
from wenjin.study.store.backups import KNOWN
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import StoreError, happened
from wenjin.study.store.opening import Opened
from wenjin.study.store.owner import SharedLog, open_log
from wenjin.study.store.places import Places

ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
NAMES = st.text(st.characters(categories=["L", "N", "So", "P"], exclude_characters="/\\:"), min_size=1, max_size=12)
FILES = st.dictionaries(NAMES.filter(lambda n: n not in (".", "..")), st.binary(max_size=200), max_size=4)


def own(here: Places) -> Places:
    """With a workspace of its own, as each learner has one."""
    return replace(here, workspace=here.data / "workspace")


def taken_out(log: SharedLog, here: Places, to: Path) -> bytes:
    archive.write(to, log, here, schema=SCHEMA)
    return to.read_bytes()


def taken_in(path: Path, log: SharedLog, here: Places) -> intake.Taken:
    with Opened(path, KNOWN) as opened:
        opened.check()
        return intake.take_in(opened, log, here)


def lay(root: Path, files: dict[str, bytes]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / name).write_bytes(content)


def test_out_and_in_and_out_again_is_the_same_bytes(
    fresh: Callable[[], Places], tmp_path: Path, count: Callable[[int], int]
) -> None:
    here, there = own(fresh()), own(fresh())
    one, other = (open_log(places, role="command") for places in (here, there))
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"

    @settings(max_examples=count(500), deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        events=st.lists(st.tuples(st.text(ANY, min_size=1), st.dictionaries(st.text(), JSON, max_size=3)), max_size=9),
        drafts=st.dictionaries(st.text(ANY, min_size=1, max_size=30), st.text(st.characters()), max_size=4),
        files=FILES,
        frames=st.binary(max_size=300),
    )
    def holds(events: list[tuple[str, dict]], drafts: dict[str, str], files: dict[str, bytes], frames: bytes) -> None:
        for log, places in ((one, here), (other, there)):
            log.replace([], [])
            for folder in (places.workspace, places.data / "runs"):
                shutil.rmtree(folder, ignore_errors=True)
        one.extend([happened("note", subject, data) for subject, data in events])
        for n, (subject, text) in enumerate(drafts.items()):
            for revision in range(n % 3 + 1):
                one.save_draft(subject, text + str(revision), revision)
        lay(here.workspace, files)
        lay(here.workspace / ".starters" / "题", files)
        lay(here.data / "runs" / ("0" * 32), {"frames.jsonl": frames})
        before = taken_out(one, here, first)
        taken = taken_in(first, other, there)
        assert (taken.events, taken.known, taken.drafts) == (len(events), 0, len(drafts))
        assert taken_out(other, there, second) == before
        assert other.events() == one.events()
        again = taken_in(first, other, there)
        assert (again.events, again.known, again.drafts, again.files, again.beside) == (0, len(events), 0, 0, [])

    holds()
    one.close()
    other.close()


def test_ten_megabytes_in_one_note_and_every_script(fresh: Callable[[], Places], tmp_path: Path) -> None:
    here, there = own(fresh()), own(fresh())
    one, other = open_log(here, role="command"), open_log(there, role="command")
    dice = random.Random(1)
    block = "".join(dice.choices("问津注意力🧭 שלום مرحبا a\u202eb\n", k=100_000))
    long = block * ((10 << 20) // len(block.encode()) + 1)
    one.append(happened("note", "self-attention#whole", {"text": long}))
    before = taken_out(one, here, tmp_path / "a.zip")
    taken_in(tmp_path / "a.zip", other, there)
    assert other.events()[0].data["text"] == long
    assert taken_out(other, there, tmp_path / "b.zip") == before
    one.close()
    other.close()


def test_what_is_there_stays_and_what_differs_is_laid_beside(fresh: Callable[[], Places], tmp_path: Path) -> None:
    here, there = own(fresh()), own(fresh())
    one, other = open_log(here, role="command"), open_log(there, role="command")
    shared, mine, yours = (happened("attempt", "a/b", {"n": n}) for n in range(3))
    one.extend([shared, yours])
    other.extend([mine, shared])
    one.save_draft("a/b", "yours", 0)
    one.save_draft("a/c", "new", 0)
    other.save_draft("a/b", "mine", 0)
    lay(here.workspace, {"answer.py": b"yours", "new.py": b"new"})
    lay(there.workspace, {"answer.py": b"mine"})
    taken_out(one, here, tmp_path / "a.zip")
    taken = taken_in(tmp_path / "a.zip", other, there)
    assert (taken.events, taken.known, taken.drafts, taken.files) == (1, 1, 1, 1)
    assert other.events() == [mine, shared, yours]
    assert (other.draft("a/b").text, other.draft("a/c").text) == ("mine", "new")
    beside = there.workspace / ".imported" / "a" / "workspace" / "answer.py"
    assert taken.beside == [(there.workspace / "answer.py", beside)]
    assert ((there.workspace / "answer.py").read_bytes(), beside.read_bytes()) == (b"mine", b"yours")
    one.close()
    other.close()


def test_links_caches_and_secrets_stay_at_home(tmp_path: Path, here: Places) -> None:
    here = own(here)
    log = open_log(here, role="command")
    (here.data / "secret").write_bytes(b"canary-of-the-cookies")
    lay(here.workspace, {"answer.py": b"1", ".answer.py.new": b"half"})
    lay(here.workspace / "__pycache__", {"answer.pyc": b"derived"})
    (here.workspace / "link").symlink_to("/etc/passwd")
    (here.workspace / "folder").symlink_to("/etc")
    lay(here.workspace, {"bad\udcff.py": b"no name"})
    made = archive.write(tmp_path / "a.zip", log, here, schema=SCHEMA)
    log.close()
    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        assert found.namelist() == ["events.jsonl", "drafts.jsonl", "workspace/answer.py", "manifest.json"]
        assert all(b"canary" not in found.read(name) for name in found.namelist())
    assert made.left_out == ["workspace/bad?.py", "workspace/folder", "workspace/link"]
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600


def test_the_memory_that_it_takes_does_not_grow_with_the_log(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BATCH", 200)
    monkeypatch.setattr(opening, "PIECE", 1 << 14)
    here = own(here)
    log = open_log(here, role="command")
    used = []
    for _ in range(2):
        for _ in range(3):
            log.extend([happened("review", f"card-{n}", {"rating": 3, "text": "x" * 300}) for n in range(500)])
        tracemalloc.start()
        archive.write(tmp_path / "a.zip", log, here, schema=SCHEMA)
        with Opened(tmp_path / "a.zip", KNOWN) as opened:
            for _ in opened.events():
                pass
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    log.close()
    assert used[1] < used[0] * 1.2


def sound(members: dict[str, bytes]) -> dict[str, bytes]:
    """The members with a manifest that fits them."""
    rows = {
        n: {"size": len(b), "sha256": hashlib.sha256(b).hexdigest()} for n, b in members.items() if n != "manifest.json"
    }
    said = {"format": "wenjin archive", "version": 1, "schema": SCHEMA, "members": rows}
    said |= {"events": members["events.jsonl"].count(b"\n"), "drafts": members["drafts.jsonl"].count(b"\n")}
    return {**members, "manifest.json": json.dumps(said).encode()}


EVENT = {"id": "f" * 32, "at": "2026-01-01T00:00:00.000000+00:00", "kind": "attempt", "subject": "a/b", "data": {}}
ONE = {"events.jsonl": archive.line(EVENT), "drafts.jsonl": b"", "workspace/a.py": b"print()"}


def packed(path: Path, members: dict[str, bytes], **mode: Any) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = mode.get("method", zipfile.ZIP_DEFLATED)
            info.external_attr = mode.get("mode", stat.S_IFREG | 0o600) << 16
            made.writestr(info, content)
    return path.read_bytes()


def named(name: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        packed(path, sound({**ONE, name: b"x"}))

    return make


def changed(**said: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        members = sound(ONE)
        packed(
            path, {**members, "manifest.json": json.dumps({**json.loads(members["manifest.json"]), **said}).encode()}
        )

    return make


def with_event(**row: Any) -> Callable[[Path], None]:
    return lambda path: packed(path, sound({**ONE, "events.jsonl": archive.line({**EVENT, **row})}))


def bytes_of(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(change(packed(path, sound(ONE))))


def twice(path: Path) -> None:
    path.write_bytes(
        packed(path, sound({**ONE, "workspace/b.py": b"other"})).replace(b"workspace/b.py", b"workspace/a.py")
    )


def flagged(flag: int) -> Callable[[bytes], bytes]:
    """Set a flag of the first member, in both of its headers."""

    def change(whole: bytes) -> bytes:
        central = whole.index(b"PK\x01\x02")
        made = bytearray(whole)
        for at in (6, central + 8):
            struct.pack_into("<H", made, at, struct.unpack_from("<H", made, at)[0] | flag)
        return bytes(made)

    return change


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "climbs out": (named("workspace/../../.bashrc"), "no name of ours"),
    "climbs out by a backslash": (named("workspace/..\\..\\x"), "no name of ours"),
    "absolute": (named("/etc/cron.d/x"), "no name of ours"),
    "a drive": (named("C:/x"), "no name of ours"),
    "another folder of the data": (named("secret"), "no name of ours"),
    "NUL in a name": (bytes_of(lambda b: b.replace(b"workspace/a.py", b"workspace/a\0py")), "no name of ours"),
    "a name that is no UTF-8": (
        bytes_of(lambda b: b.replace(b"workspace/a.py", b"workspace/\xff.py")),
        "no name of ours",
    ),
    "a name that says UTF-8 and is not": (
        lambda path: path.write_bytes(
            packed(path, sound({**ONE, "workspace/é": b""})).replace(b"\xc3\xa9", b"\xff\xfe")
        ),
        "it is not an archive",
    ),
    "control characters": (named("workspace/a\x1b[31m"), "no name of ours"),
    "a very long name": (named("workspace/" + "a/" * 600 + "b"), "no name of ours"),
    "a link": (lambda path: packed(path, sound(ONE), mode=stat.S_IFLNK | 0o777), "is not a plain file"),
    "a device": (lambda path: packed(path, sound(ONE), mode=stat.S_IFCHR | 0o666), "is not a plain file"),
    "a name twice": (twice, "stands in it twice"),
    "a file that is a folder too": (named("workspace/a.py/b"), "stands in it twice"),
    "a bomb": (named("workspace/zeros"), "unpacks to"),
    "cut short": (bytes_of(lambda b: b[:-40]), "it is not an archive"),
    "half of it": (bytes_of(lambda b: b[: len(b) // 2]), "it is not an archive"),
    "junk": (lambda path: path.write_bytes(random.Random(1).randbytes(5000)), "it is not an archive"),
    "empty": (lambda path: path.write_bytes(b""), "it is not an archive"),
    "some other zip": (lambda path: packed(path, {"workspace/a.py": b"x"}), "it is not an archive"),
    "encrypted": (bytes_of(flagged(1)), "is encrypted"),
    "an odd compression": (
        lambda path: packed(path, sound(ONE), method=zipfile.ZIP_LZMA),
        "it is not an archive",
    ),
    "more members than it says": (changed(members={}), "manifest.json is not what"),
    "more events than it says": (changed(events=0), "events.jsonl is not what"),
    "a newer format": (changed(version=2), "written by a newer version"),
    "a newer schema": (changed(schema="0999"), "written by a newer version"),
    "a wrong schema": (changed(schema="abc"), "manifest.json is not what"),
    "another format": (changed(format="other"), "it is not an archive"),
    "a deep manifest": (
        lambda path: packed(path, {**sound(ONE), "manifest.json": b"[" * 100_000}),
        "it is not an archive",
    ),
    "an event without a time": (with_event(at="yesterday"), "line 1 of events.jsonl is no record"),
    "an event with a time of no zone": (with_event(at="2026-01-01T00:00:00"), "line 1 of events.jsonl"),
    "an event with too long an id": (with_event(id="f" * 65), "line 1 of events.jsonl"),
    "an event whose data are a list": (with_event(data=[]), "line 1 of events.jsonl"),
    "an event with something more": (with_event(seq=1), "line 1 of events.jsonl"),
    "a subject that no database holds": (with_event(subject="a\x00b"), "line 1 of events.jsonl"),
    "a record without an end": (
        lambda path: packed(path, sound({**ONE, "events.jsonl": archive.line(EVENT) + b"{"})),
        "line 2 of events.jsonl",
    ),
    "the same event twice": (
        lambda path: packed(path, sound({**ONE, "events.jsonl": archive.line(EVENT) * 2})),
        "events.jsonl is not what",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_is_done(name: str, here: Places, tmp_path: Path) -> None:
    here, path = own(here), tmp_path / "in.zip"
    log = open_log(here, role="command")
    log.append(happened("attempt", "a/b", {"n": 1}))
    lay(here.workspace, {"mine.py": b"mine"})
    before = taken_out(log, here, tmp_path / "before.zip")
    make, said = HOSTILE[name]
    if name == "a bomb":
        packed(path, sound({**ONE, "workspace/zeros": bytes(80 << 20)}))
    else:
        make(path)
    with pytest.raises(StoreError, match=said) as told:
        taken_in(path, log, here)
    assert told.value.text.en.count("\n") == 0
    assert taken_out(log, here, tmp_path / "after.zip") == before
    log.close()


def test_any_flipped_byte_changes_nothing_or_is_refused(tmp_path: Path, count: Callable[[int], int]) -> None:
    """What is not refused reads as it was: a flip in a time stamp, say."""
    path, dice = tmp_path / "in.zip", random.Random(5)
    whole = packed(path, sound(ONE))
    refused = 0
    for _ in range(count(2000)):
        at = dice.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        try:
            with Opened(path, KNOWN) as opened:
                opened.check()
                assert [event.as_dict() for event in opened.events()] == [EVENT]
                assert b"".join(opened.pieces("workspace/a.py")) == b"print()"
        except StoreError:
            refused += 1
    assert refused > count(2000) / 2


def test_too_many_members_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MEMBERS", 20)
    path = tmp_path / "in.zip"
    packed(path, sound({**ONE, **{f"workspace/{n}": b"" for n in range(30)}}))
    with pytest.raises(StoreError, match="too many files"):
        Opened(path, KNOWN)


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, here: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = own(here)
    log = open_log(here, role="command")
    packed(tmp_path / "in.zip", sound(ONE))
    usage = shutil.disk_usage(tmp_path)
    with Opened(tmp_path / "in.zip", KNOWN) as opened:
        opened.members["workspace/a.py"].file_size = usage.total * 2
        with pytest.raises(StoreError, match="free some space"):
            intake.take_in(opened, log, here)
    assert log.events() == []
    assert not here.workspace.exists()
    log.close()
