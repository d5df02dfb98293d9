"""An archive that comes through the page: checked, shown, taken in, undone; what is not honest changes nothing."""

import re
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.study.store.test_archive import EVENT, HOSTILE, ONE, packed, sound
from tests.study.web.conftest import BASE, Visit
from wenjin.study.store import archive, backups
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web import security, upload

LANG = {"lang": "en"}


def log_of(visit: Visit) -> Any:
    return visit.client.app.state.site.log  # type: ignore[attr-defined]


def send(visit: Visit, file: Path | bytes, name: str = "wenjin.zip") -> str:
    """What the page says after an upload, when it has been checked."""
    body = file.read_bytes() if isinstance(file, Path) else file
    answer = visit.client.post(
        "/archive/import", data={"csrf": visit.csrf}, files={"file": (name, body)}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers.get("location")) == (303, "/archive/work"), answer.text[:500]
    return settled(visit)


def settled(visit: Visit) -> str:
    """The page when nothing is worked on any more."""
    until = time.monotonic() + 20
    while True:
        text = visit.client.get("/archive/work", params=LANG).text
        if not re.search(r'data-state="(checking|working)"', text):
            return text
        assert time.monotonic() < until
        time.sleep(0.02)


def push(visit: Visit, path: str, **fields: str) -> Any:
    return visit.client.post(path, data={"csrf": visit.csrf, **fields}, follow_redirects=False)


def state(text: str) -> str:
    return re.search(r'id="work" data-state="(\w+)"', text)[1]  # type: ignore[index]


def number(text: str) -> str:
    return re.search(r'name="id" value="(\w+)"', text)[1]  # type: ignore[index]


def whole(visit: Visit, to: Path) -> bytes:
    archive.write(to, log_of(visit), visit.places, schema=SCHEMA)
    return to.read_bytes()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The archive of somebody who has learned elsewhere."""
    there = places(tmp_path / "there", tmp_path / "their-work", environ={})
    log = open_log(there, role="command")
    log.extend([happened("attempt", "self-attention/write-attention", {"verdict": "pass", "n": n}) for n in range(3)])
    log.append(happened("note", "self-attention#why-sqrt-d", {"text": "方差是 d"}))
    log.save_draft("note:self-attention#why-sqrt-d", "方差是 d", 0)
    there.workspace.mkdir()
    (there.workspace / "answer.py").write_text("theirs\n")
    (there.workspace / "both.py").write_text("theirs\n")
    archive.write(tmp_path / "other.zip", log, there, schema=SCHEMA)
    log.close()
    return tmp_path / "other.zip"


@pytest.fixture
def mine(visit: Visit) -> None:
    log_of(visit).append(happened("attempt", "self-attention/write-attention", {"verdict": "wrong"}))
    visit.places.workspace.mkdir(parents=True)
    (visit.places.workspace / "both.py").write_text("mine\n")


@pytest.mark.usefixtures("mine")
def test_it_is_shown_before_it_is_taken_and_can_be_undone(visit: Visit, other: Path, tmp_path: Path) -> None:
    before = whole(visit, tmp_path / "before.zip")
    shown = send(visit, other, "my record.zip")
    assert state(shown) == "ready"
    cells = re.findall(r'<th scope="row">(.*?)</th><td>(\d*)</td><td>(\d*)</td>', shown)
    assert ("Events", "4", "4") in cells
    assert ("answers", "3", "") in cells
    assert ("versions of notes", "1", "") in cells
    assert ("Drafts", "1", "1") in cells
    assert ("Files", "2", "1") in cells
    assert "1 of the files stand here otherwise" in shown
    assert whole(visit, tmp_path / "looked.zip") == before, "to look at it changes nothing"

    assert push(visit, "/archive/work/take", id="0" * 32).status_code == 409, "only the one that was shown"
    assert push(visit, "/archive/work/take", id=number(shown)).status_code == 303
    done = settled(visit)
    assert state(done) == "done"
    assert "4 new events, 1 drafts, 1 files; 0 events were here" in done
    assert "方差" in visit.client.get("/notes/self-attention").text
    assert (visit.places.workspace / "answer.py").read_text() == "theirs\n"
    assert (visit.places.workspace / "both.py").read_text() == "mine\n"
    assert (visit.places.workspace / ".imported/my record/workspace/both.py").read_text() == "theirs\n"
    assert not list((visit.places.data / "incoming").rglob("*.zip")), "what was taken is not kept twice"
    assert push(visit, "/archive/work/take", id=number(shown)).status_code == 409, "and not twice"

    undo = re.search(r'action="(/archive/backups/[\w-]+-import/restore)"', done)
    assert undo
    assert push(visit, undo[1]).status_code == 303
    assert state(settled(visit)) == "done"
    assert "方差" not in visit.client.get("/notes/self-attention").text
    assert whole(visit, tmp_path / "after.zip") == before, "as if it had never come"


def test_the_same_archive_twice_brings_nothing_new(visit: Visit, other: Path) -> None:
    push(visit, "/archive/work/take", id=number(send(visit, other)))
    settled(visit)
    again = send(visit, other)
    assert re.findall(r'scope="row">(\w+)</th><td>\d+</td><td>(\d+)</td>', again) == [
        ("Events", "0"),
        ("Drafts", "0"),
        ("Files", "0"),
    ]
    assert push(visit, "/archive/work/drop", id=number(again)).headers["location"] == "/archive"
    assert "No archive is at hand" in settled(visit)
    assert not list((visit.places.data / "incoming").rglob("*.zip"))


@pytest.mark.usefixtures("mine")
def test_every_hostile_archive_is_refused_with_a_sentence(visit: Visit, tmp_path: Path) -> None:
    before = whole(visit, tmp_path / "before.zip")
    row = archive.line({**EVENT, "kind": "hint", "data": {"number": "many"}})  # no page could read it
    odd = (lambda path: packed(path, sound({**ONE, "events.jsonl": row})), "line 1 of events.jsonl")
    for name, (make, said) in {**HOSTILE, "a hint of no number": odd}.items():
        path = tmp_path / "in.zip"
        if name == "a bomb":
            packed(path, sound({**ONE, "workspace/zeros": bytes(80 << 20)}))
        else:
            make(path)
        text = send(visit, path)
        if name == "empty":
            said = "No file has come"
        assert state(text) == "refused", name
        told = re.search(r'<p class="notice" role="alert">(.*?)</p>', text, re.DOTALL)
        assert told, name
        assert said in told[1], name
        assert 'action="/archive/work/take"' not in text
    assert whole(visit, tmp_path / "after.zip") == before
    assert not list((visit.places.data / "incoming").rglob("*.zip"))


def test_one_that_is_changed_after_it_was_shown_is_not_taken(visit: Visit, other: Path, tmp_path: Path) -> None:
    shown = send(visit, other)
    (file,) = (visit.places.data / "incoming").rglob("*.zip")
    HOSTILE["more events than it says"][0](file)
    push(visit, "/archive/work/take", id=number(shown))
    text = settled(visit)
    assert state(text) == "failed"
    assert "nothing was changed" in text
    assert log_of(visit).events() == []


def form(csrf: str, *more: bytes, boundary: bytes = b"x", first: bool = True) -> bytes:
    token = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n%s\r\n' % csrf.encode()
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + b"".join(more) + b"\r\n"
    return (token + file if first else file + token) + b"--x--\r\n"


def test_a_form_of_another_page_is_refused_before_its_file_is_read(visit: Visit, other: Path) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    file = other.read_bytes()
    for body in (form("0" * 64, file), form(visit.csrf, file, first=False), form("", file), b"", b"--x--\r\n"):
        answer = visit.client.post("/archive/import", content=body, headers=kind)
        assert answer.status_code == 403
    foreign = kind | {"origin": "http://evil.example"}
    assert visit.client.post("/archive/import", content=form(visit.csrf, file), headers=foreign).status_code == 403
    assert visit.stranger().post("/archive/import", content=form(visit.csrf, file), headers=kind).status_code == 401
    assert not (visit.places.data / "incoming").exists()
    own = kind | {"origin": BASE}
    answer = visit.client.post("/archive/import", content=form(visit.csrf, file), headers=own, follow_redirects=False)
    assert answer.status_code == 303
    assert state(settled(visit)) == "ready"


def test_a_token_at_the_beginning_lets_no_other_route_read_more_than_it_may(visit: Visit) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    long = form(visit.csrf, b"x" * (security.BODY_LIMIT + 1))
    assert visit.client.post("/settings", content=long, headers=kind).status_code == 413


def test_what_is_no_upload_is_one_sentence(visit: Visit) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"'
    bodies = {
        "no boundary": b"x",
        "no form": b"not a form",
        "cut short": form("", b"x" * 9000)[:5000],
        "nothing": b"--x--\r\n",
        "no name": part + b"\r\n\r\nx\r\n--x--",
        "many headers": b"--x\r\n" + b"A: b\r\n" * 5000,
        "long header": part + b'; filename="' + b"x" * 9000 + b'"\r\n\r\nx\r\n--x--',
        "json": b"{}",
    }
    for name, body in bodies.items():
        kind = {"no boundary": "multipart/form-data", "json": "application/json"}
        headers = visit.script | {"content-type": kind.get(name, "multipart/form-data; boundary=x")}
        answer = visit.client.post("/archive/import", content=body, headers=headers, follow_redirects=False)
        assert answer.status_code == 303, name
        assert "No file has come" in settled(visit), name
        assert not list((visit.places.data / "incoming").rglob("*")), name


@pytest.mark.parametrize(
    ("given", "laid"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\my archive.zip", "my archive.zip"),
        ("问津.zip", "问津.zip"),
        (".hidden", "archive.zip"),
        ("a\x1b[31m.zip", "archive.zip"),
        ("..", "archive.zip"),
        ("x" * 400, "archive.zip"),
        ("", "archive.zip"),
    ],
)
def test_the_name_of_a_file_leads_nowhere(given: str, laid: str) -> None:
    assert upload.named(given) == laid


def test_too_long_a_file_is_not_kept(tmp_path: Path) -> None:
    came = upload.Upload(tmp_path / "in", "multipart/form-data; boundary=x", longest=1000)
    body = form("", b"y" * 5000)
    for at in range(0, len(body), 100):
        came.feed(body[at : at + 100])
    came.close()
    with pytest.raises(backups.StoreError, match="wenjin import in a terminal"):
        came.kept()
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.zip")) <= 1000


def test_a_backup_is_made_looked_at_fetched_and_put_back(visit: Visit, other: Path) -> None:
    log_of(visit).append(happened("note", "self-attention#why-sqrt-d", {"text": "before"}))
    assert push(visit, "/archive/backups").status_code == 303
    assert "made" in settled(visit)
    (made,) = backups.backups(visit.places)
    listed = visit.client.get("/archive", params=LANG).text
    assert f'href="/archive/backups/{made.name}"' in listed
    assert "1 events, 0 drafts" in listed
    looked = visit.client.get(f"/archive/backups/{made.name}", params=LANG).text
    assert "It was read to its end just now" in looked
    fetched = visit.client.get(f"/archive/backups/{made.name}/file")
    assert fetched.content == made.path.read_bytes()

    log_of(visit).append(happened("note", "self-attention#why-sqrt-d", {"text": "afterwards"}))
    assert "afterwards" in visit.client.get("/notes/self-attention").text
    assert push(visit, f"/archive/backups/{made.name}/restore").status_code == 303
    done = settled(visit)
    assert state(done) == "done"
    assert "afterwards" not in visit.client.get("/notes/self-attention").text
    assert [event.data["text"] for event in log_of(visit).events()] == ["before"]
    undo = re.search(r'action="(/archive/backups/[\w-]+-restore/restore)"', done)
    assert undo
    push(visit, undo[1])
    settled(visit)
    assert [event.data["text"] for event in log_of(visit).events()] == ["before", "afterwards"]


def test_a_damaged_backup_says_so_and_cannot_be_put_back(visit: Visit) -> None:
    log_of(visit).append(happened("note", "a#b", {"text": "x"}))
    push(visit, "/archive/backups")
    settled(visit)
    (made,) = backups.backups(visit.places)
    data = bytearray(made.path.read_bytes())
    data[data.index(b"events.jsonl") + 40] ^= 1
    made.path.write_bytes(data)
    looked = visit.client.get(f"/archive/backups/{made.name}", params=LANG).text
    assert 'role="alert"' in looked
    assert "/restore" not in looked
    push(visit, f"/archive/backups/{made.name}/restore")
    assert state(settled(visit)) == "failed"
    assert len(log_of(visit).events()) == 1
    for name in ("nothing", "..%2f..%2fwenjin", "wenjin-20200101T000000-daily"):
        assert visit.client.get(f"/archive/backups/{name}").status_code == 404
        assert push(visit, f"/archive/backups/{name}/restore").status_code == 404


def test_nothing_is_put_back_while_a_run_writes(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    log_of(visit).append(happened("note", "a#b", {"text": "x"}))
    push(visit, "/archive/backups")
    settled(visit)
    (made,) = backups.backups(visit.places)
    visit.client.app.state.site.runner.submit("self-attention/cost-of-length", {})  # type: ignore[attr-defined]
    assert visit.client.app.state.site.busy  # type: ignore[attr-defined]
    push(visit, f"/archive/backups/{made.name}/restore")
    text = settled(visit)
    assert state(text) == "failed"
    assert "stop it first" in text


def test_a_second_upload_waits_for_the_first(visit: Visit, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wenjin.study.web import moving

    held, real = threading.Event(), moving.intake.preview

    def slow(*given: Any) -> Any:
        assert held.wait(20)
        return real(*given)

    monkeypatch.setattr(moving.intake, "preview", slow)
    fields: dict[str, Any] = {"data": {"csrf": visit.csrf}, "files": {"file": ("a.zip", other.read_bytes())}}
    assert visit.client.post("/archive/import", **fields, follow_redirects=False).status_code == 303
    busy = visit.client.get("/archive/work", params=LANG).text
    assert state(busy) == "checking"
    assert '<noscript><meta http-equiv="refresh"' in busy
    second = visit.client.post("/archive/import", **fields, params=LANG, follow_redirects=False)
    assert second.status_code == 409
    assert "still being worked on" in second.text
    held.set()
    assert state(settled(visit)) == "ready"
    assert len(list((visit.places.data / "incoming").rglob("*.zip"))) == 1


def test_the_sessions_pages_say_what_the_archive_holds_in_chinese_too(visit: Visit, other: Path) -> None:
    send(visit, other)
    text = visit.client.get("/archive/work", params={"lang": "zh"}).text
    assert "还什么都没有改动" in text
    assert "作答" in text


def test_the_whole_is_downloaded_and_comes_back_equal(visit: Visit, tmp_path: Path) -> None:
    log_of(visit).append(happened("note", "a#b", {"text": "x"}))
    data = visit.client.get("/archive/wenjin.zip").content
    (tmp_path / "mine.zip").write_bytes(data)
    assert zipfile.is_zipfile(tmp_path / "mine.zip")
    assert '<th scope="row">Events</th><td>1</td><td>0</td>' in send(visit, tmp_path / "mine.zip")
