"""Notes beside the lesson: kept as they are typed, revised when the hand rests, mirrored as files and read back."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.study.web.conftest import Visit
from wenjin.study.course.graph import Course
from wenjin.study.store import mirror
from wenjin.study.store.log import Conflict, happened
from wenjin.study.store.notes import Notes
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places

TOPIC, ANCHOR = "self-attention", "why-sqrt-d"
API = f"/api/notes/{TOPIC}/{ANCHOR}"
HOSTILE = """<script>document.title = "taken"</script><img src=x onerror=alert(1)>

# a heading {#main}

[bad](javascript:alert(1)) [home](#saturation) [exercise](exercises/write-attention) [other](ppo)

$\\frac{1}{\\sqrt d}$ and $\\href{javascript:alert(1)}{x}$

مرحبا بالعالم 🙂 注意力
"""


@pytest.fixture
def notes(tmp_path: Path, course: Course) -> Iterator[Notes]:
    here = places(tmp_path / "data", tmp_path / "workspace", environ={})
    log = open_log(here, role="command")
    yield Notes(log, here.workspace, course)
    log.close()


def put(visit: Visit, text: str, revision: int, settled: bool = False, api: str = API) -> Any:
    body = {"text": text, "revision": revision, "settled": settled}
    return visit.client.put(api, json=body, headers=visit.headers)


def test_the_first_words_and_each_rest_are_events_and_the_file_follows(notes: Notes) -> None:
    notes.save(TOPIC, ANCHOR, "a", 0)
    notes.save(TOPIC, ANCHOR, "ab", 1)
    notes.save(TOPIC, ANCHOR, "abc", 2)
    assert [event.data["text"] for event in notes.log.events("note")] == ["a"]
    assert notes.of(TOPIC)[ANCHOR].text == "abc"
    for _ in range(2):
        assert notes.settle(TOPIC, ANCHOR) is None
    assert [event.data["text"] for event in notes.log.events("note", f"{TOPIC}#{ANCHOR}")] == ["a", "abc"]
    (section,) = mirror.sections(notes.file(TOPIC).read_text(encoding="utf-8"), "lesson")
    assert (section.anchor, section.text, section.changed) == (ANCHOR, "abc", False)
    assert "## 为什么要除以根号 d" in notes.file(TOPIC).read_text(encoding="utf-8")


def test_nobody_overwrites_what_another_window_saved(notes: Notes) -> None:
    notes.save(TOPIC, ANCHOR, "start", 0)
    notes.save(TOPIC, ANCHOR, "one", 1)
    with pytest.raises(Conflict) as refused:
        notes.save(TOPIC, ANCHOR, "two", 1)
    assert (refused.value.current.text, refused.value.current.revision) == ("one", 2)
    assert notes.draft(TOPIC, ANCHOR).text == "one"


def test_what_is_changed_in_the_file_is_the_next_revision(notes: Notes) -> None:
    notes.add(TOPIC, ANCHOR, "typed here")
    notes.add(TOPIC, "saturation", "left alone")
    file = notes.file(TOPIC)
    file.write_text(file.read_text(encoding="utf-8").replace("typed here", "mended there"), encoding="utf-8")
    assert {note.text for note in notes.of(TOPIC).values()} == {"mended there", "left alone"}
    event = notes.log.events("note", f"{TOPIC}#{ANCHOR}")[-1]
    assert event.data == {"text": "mended there", "from": "file"}
    assert not any(section.changed for section in mirror.sections(file.read_text(encoding="utf-8"), "lesson"))
    emptied = file.read_text(encoding="utf-8").replace("mended there", "")
    file.write_text("written above all notes\n" + emptied.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert {a: note.text for a, note in notes.of(TOPIC).items()} == {
        "lesson": "written above all notes",
        "saturation": "left alone",
    }


def test_where_page_and_file_both_changed_both_texts_stand(notes: Notes) -> None:
    note = notes.add(TOPIC, ANCHOR, "start")
    file = notes.file(TOPIC)
    notes.save(TOPIC, ANCHOR, "on the page", note.revision)
    file.write_text(file.read_text(encoding="utf-8").replace("start", "in the file"), encoding="utf-8")
    text = notes.of(TOPIC)[ANCHOR].text
    assert "on the page" in text
    assert "in the file" in text
    assert notes.of(TOPIC)[ANCHOR].text == text, "once"


def test_a_lost_or_spoiled_file_loses_no_note(notes: Notes) -> None:
    notes.add(TOPIC, ANCHOR, "kept")
    file = notes.file(TOPIC)
    file.unlink()
    assert notes.of(TOPIC)[ANCHOR].text == "kept"
    file.write_bytes(b"\xff\xfe no text\n")
    assert notes.of(TOPIC)[ANCHOR].text == "kept"
    assert file.read_bytes() == b"\xff\xfe no text\n", "what is no text is left alone"
    fault = notes.settle(TOPIC, ANCHOR)
    assert fault is not None
    assert "UTF-8" in fault["zh"]
    size = mirror.LARGEST + 1
    file.write_bytes(b"x" * size)
    assert notes.of(TOPIC)[ANCHOR].text == "kept"
    assert notes.settle(TOPIC, ANCHOR) is not None, "and says why the file does not follow"
    assert file.stat().st_size == size, "what is not read back is not written over"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "utf-8-sig"])
def test_a_file_saved_in_another_encoding_is_read_and_its_bytes_are_kept(notes: Notes, encoding: str) -> None:
    notes.add(TOPIC, ANCHOR, "方差是多少")
    file = notes.file(TOPIC)
    saved = file.read_text(encoding="utf-8").replace("多少", "根号 d").encode(encoding)
    file.write_bytes(saved)
    assert notes.of(TOPIC)[ANCHOR].text == "方差是根号 d"
    assert "方差是根号 d" in file.read_text(encoding="utf-8")
    copies = [path.read_bytes() for path in (file.parents[1] / ".history").rglob("*.md")]
    assert (saved in copies) == (encoding != "utf-8-sig")


@pytest.mark.parametrize(
    "spoiled",
    ["只有这几个字\n".encode("gb18030"), "方差".encode("utf-16"), b"\xff\x00a\x00", "words\n".encode("utf-16-le")],
)
def test_bytes_of_which_we_cannot_be_sure_are_refused_and_left_alone(notes: Notes, spoiled: bytes) -> None:
    notes.add(TOPIC, ANCHOR, "kept")
    file = notes.file(TOPIC)
    file.write_bytes(spoiled)
    assert [note.text for note in notes.every()] == ["kept"]
    assert TOPIC in notes.faults
    notes.add(TOPIC, ANCHOR, "more")
    assert file.read_bytes() == spoiled
    assert [event.data["text"] for event in notes.log.events("note")] == ["kept", "kept\n\nmore"]


def test_a_link_in_place_of_the_file_is_neither_read_nor_written(notes: Notes, tmp_path: Path) -> None:
    secret = tmp_path / "passwd"
    secret.write_text("root:x:0:0\n")
    file = notes.file(TOPIC)
    file.parent.mkdir(parents=True)
    file.symlink_to(secret)
    assert notes.of(TOPIC) == {}
    notes.add(TOPIC, ANCHOR, "mine")
    assert [note.text for note in notes.every()] == ["mine"]
    assert file.is_symlink()
    assert secret.read_text() == "root:x:0:0\n"
    assert str(file) in notes.faults[TOPIC]["en"]
    file.unlink()
    os.mkfifo(file)
    assert [note.text for note in notes.every()] == ["mine"], "nor is a pipe waited for"
    file.unlink()
    assert notes.settle(TOPIC, ANCHOR) is None
    assert "mine" in file.read_text(encoding="utf-8")


def test_another_process_is_heard(notes: Notes, course: Course) -> None:
    """A command writes through the same log while the server keeps what it knows in memory."""
    notes.add(TOPIC, ANCHOR, "first")
    other = Notes(notes.log, notes.file(TOPIC).parents[1], course)
    other.add(TOPIC, ANCHOR, "second")
    assert notes.of(TOPIC)[ANCHOR].text == "first\n\nsecond"
    assert [note.text for note in notes.every()] == ["first\n\nsecond"]


LINES = st.sampled_from(
    [
        "",
        "words",
        "  code",
        "# top <!-- notes: t x -->",
        "## a <!-- note: b 0123456789ab -->",
        "\\## a <!-- note: b c -->",
    ]
)
TEXTS = st.lists(LINES | st.text(max_size=8), max_size=5).map("\n".join)


@given(st.dictionaries(st.sampled_from(["lesson", "a", "b-c"]), TEXTS, max_size=3))
@example({"a": "\\## x <!-- note: y 0123456789ab -->", "b-c": "\\\\# top <!-- notes: t x -->"})
@settings(deadline=None)
def test_a_file_gives_back_what_was_put_in(texts: dict[str, str]) -> None:
    wanted = {anchor: mirror.tidy(text) for anchor, text in texts.items() if "\r" not in text}
    content = mirror.compose("t", "A <!-- title -->", [(a, f"On {a} -->", text) for a, text in wanted.items()])
    found = mirror.sections(content, "lesson")
    assert [(section.anchor, section.text, section.changed) for section in found] == [
        (anchor, text, False) for anchor, text in wanted.items()
    ]


def test_a_note_is_shown_beside_its_section_and_never_as_html(visit: Visit) -> None:
    visit.client.cookies.set("wenjin-lang", "zh")
    answer = put(visit, HOSTILE, 0, settled=True)
    assert answer.json()["revision"] == 1
    assert answer.json()["fault"] is None
    for path in (f"/topics/{TOPIC}", "/notes", f"/notes/{TOPIC}"):
        page = visit.client.get(path).text
        shown = page.partition(f'id="note-{ANCHOR}"')[2].partition("<details")[0]
        assert "&lt;script&gt;" in shown
        assert not re.search(r"<(script|img|h\d)|\sid=|javascript:[^<]*\"|onerror=[^<]*>[^&]*<img", shown)
        assert f'href="/topics/{TOPIC}#saturation"' in shown
        assert f'href="/topics/{TOPIC}/exercises/write-attention"' in shown
        assert 'href="/topics/ppo"' in shown
        assert 'class="katex"' in shown
        assert "مرحبا بالعالم 🙂 注意力" in shown
        assert page.count("مرحبا") == 2, "the text and the form that changes it"
    lesson = visit.client.get(f"/topics/{TOPIC}").text
    assert lesson.index(f'<section class="question" id="{ANCHOR}"') < lesson.index(f'id="note-{ANCHOR}"')
    assert lesson.index(f'id="note-{ANCHOR}"') < lesson.index('<section class="question" id="saturation"')


def test_half_a_pair_in_a_note_from_elsewhere_spoils_no_page(visit: Visit) -> None:
    site = visit.client.app.state.site  # type: ignore[attr-defined]
    site.log.append(happened("note", f"{TOPIC}#{ANCHOR}", {"text": "before \ud800 after"}))
    for path in (f"/topics/{TOPIC}", "/notes", f"/notes/{TOPIC}"):
        answer = visit.client.get(path)
        assert (answer.status_code, "before ? after" in answer.text) == (200, True), path
    found = visit.client.get("/search", params={"q": "after"})
    assert (found.status_code, f'href="/topics/{TOPIC}#note-{ANCHOR}"' in found.text) == (200, True)


def test_windows_meet_over_the_api(visit: Visit) -> None:
    assert visit.client.get(API).json() == {"text": "", "revision": 0}
    assert put(visit, "one", 0).json() == {"revision": 1}
    late = put(visit, "two", 0)
    assert late.status_code == 409
    assert late.json() == {"text": "one", "revision": 1}
    assert put(visit, "one", 0).json() == {"revision": 1}, "to repeat oneself is no conflict"
    assert put(visit, "two", 1).json() == {"revision": 2}
    assert visit.client.get(API).json() == {"text": "two", "revision": 2}


@pytest.mark.parametrize(
    "place", ["nothing/why-sqrt-d", "self-attention/nothing", "self-attention/..%2fx", "ppo/summary"]
)
def test_there_is_no_note_where_nothing_stands(visit: Visit, place: str) -> None:
    assert put(visit, "x", 0, api=f"/api/notes/{place}").status_code == 404
    assert list(visit.places.workspace.rglob("*")) == []


def test_a_note_of_ten_megabytes_is_refused_with_a_sentence(visit: Visit) -> None:
    answer = put(visit, "注" * (10 << 20), 0)
    assert answer.status_code == 413
    assert set(answer.json()["error"]) == {"zh", "en"}
    form = {"csrf": visit.csrf, "anchor": ANCHOR, "text": "x" * (10 << 20), "revision": "0"}
    page = visit.client.post(f"/notes/{TOPIC}", data=form)
    assert page.status_code == 413
    assert visit.client.get(API).json()["revision"] == 0


def test_the_form_works_without_scripts_and_shows_both_texts_of_a_conflict(visit: Visit) -> None:
    form = {"csrf": visit.csrf, "anchor": ANCHOR, "text": "by hand\r\nin two lines", "revision": "0"}
    answer = visit.client.post(f"/notes/{TOPIC}", data=form | {"back": "//evil.example"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/topics/{TOPIC}#note-{ANCHOR}"
    assert visit.client.get(API).json() == {"text": "by hand\nin two lines", "revision": 1}
    late = visit.client.post(f"/notes/{TOPIC}", data=form | {"text": "from the other window"})
    assert late.status_code == 409
    assert "by hand" in late.text
    assert 'role="alert"' in late.text
    textarea = late.text.partition("<textarea")[2].partition("</textarea>")[0]
    assert "from the other window" in textarea
    again = re.search(r'name="revision" value="(\d+)"', late.text)
    assert again
    visit.client.post(f"/notes/{TOPIC}", data=form | {"text": "from the other window", "revision": again[1]})
    assert visit.client.get(API).json()["text"] == "from the other window"


def test_a_file_that_cannot_be_written_is_told_and_the_note_kept(visit: Visit) -> None:
    folder = visit.places.workspace / "notes"
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    answer = put(visit, "kept all the same", 0, settled=True).json()
    assert set(answer["fault"]) == {"zh", "en"}
    page = visit.client.get("/notes").text
    assert "kept all the same" in page
    assert 'role="alert"' in page
    folder.unlink()
    put(visit, "kept all the same!", 1, settled=True)
    assert "kept all the same!" in (folder / f"{TOPIC}.md").read_text(encoding="utf-8")
    assert 'role="alert"' not in visit.client.get("/notes").text


def test_notes_are_found_by_pairs_of_characters_among_all_else(visit: Visit) -> None:
    visit.client.cookies.set("wenjin-lang", "zh")
    put(visit, "抛一千枚硬币的小把戏", 0, settled=True)
    put(visit, "另一条", 0, settled=True, api="/api/notes/ppo/lesson")
    listed = visit.client.get("/notes").text
    assert listed.count('class="note-text"') == 2
    assert f'href="/topics/{TOPIC}#{ANCHOR}"' in listed
    found = visit.client.get("/notes?q=硬币").text
    assert found.count('class="note-text"') == 1
    assert "没有一条笔记" in visit.client.get("/notes?q=币硬").text
    for language in ("zh", "en"):
        visit.client.cookies.set("wenjin-lang", language)
        hits = visit.client.get("/search?q=把戏").text
        assert f'href="/topics/{TOPIC}#note-{ANCHOR}"' in hits
        assert "小<mark>把戏</mark>" in hits
    put(visit, "不再说它", 1, settled=True)
    assert "note-why" not in visit.client.get("/search?q=把戏").text


def test_a_workspace_that_is_gone_is_made_again(visit: Visit) -> None:
    put(visit, "one", 0, settled=True)
    shutil.rmtree(visit.places.workspace)
    put(visit, "two", 1, settled=True)
    assert "two" in (visit.places.workspace / "notes" / f"{TOPIC}.md").read_text(encoding="utf-8")


def test_two_windows_that_begin_the_same_note_meet_in_a_conflict(visit: Visit) -> None:
    assert put(visit, "the first", 0).json() == {"revision": 1}
    late = put(visit, "the second", 0)
    assert (late.status_code, late.json()) == (409, {"text": "the first", "revision": 1})


def test_a_long_note_is_a_page_of_its_own_and_elsewhere_its_beginning(visit: Visit) -> None:
    put(visit, "begins here\n" + "many words " * 50_000 + "ends here", 0, settled=True)
    put(visit, "a short one", 0, settled=True, api=f"/api/notes/{TOPIC}/saturation")
    for path in ("/notes", f"/topics/{TOPIC}"):
        page = visit.client.get(path).text
        note = page.partition(f'id="note-{ANCHOR}"')[2].partition("</div>\n")[0]
        assert "begins here" in page
        assert "ends here" not in page, path
        assert f'href="/notes/{TOPIC}#note-{ANCHOR}"' in page
        assert "<form" not in note
        assert f'data-note="/api/notes/{TOPIC}/saturation"' in page
    whole = visit.client.get(f"/notes/{TOPIC}").text
    assert whole.count("ends here") == 2, "the text and the form that changes it"
