"""`course preview`: pages follow saves, and a fault leaves the last good course on show."""

import threading
import time
from typing import Any

import anyio
import pytest

from wenjin.study.author.preview import Preview
from wenjin.study.course.graph import Course

PAGE = "<!doctype html><html><body><p>{}</p></body></html>"


def pages(course: Course):
    """An application that shows one title, in two pieces, and a sheet of style."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        html = scope["path"] == "/"
        body = PAGE.format(course.topics["doubling"].title.en).encode() if html else b"p {} </body>"
        kind = b"text/html; charset=utf-8" if html else b"text/css"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:20], "more_body": True})
        await send({"type": "http.response.body", "body": body[20:]})

    return app


def get(app: Any, path: str) -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    anyio.run(app, {"type": "http", "path": path}, receive, send)
    return dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def heard() -> list:
    return []


@pytest.fixture
def preview(small, heard) -> Preview:
    from wenjin.study.course.load import load

    return Preview(pages(load(small.root)), small.root, pages, heard.append)


def test_a_page_gets_the_script_and_its_true_length(preview) -> None:
    headers, body = get(preview, "/")
    assert b'<script src="/preview/reload.js" defer></script></body>' in body
    assert int(headers[b"content-length"]) == len(body)


def test_what_is_no_page_passes_unchanged(preview) -> None:
    assert get(preview, "/style.css")[1] == b"p {} </body>"


def test_the_script_is_served_as_one(preview) -> None:
    headers, body = get(preview, "/preview/reload.js")
    assert headers[b"content-type"] == b"text/javascript"
    assert b"/preview/version" in body


def test_a_save_is_shown(small, preview, heard) -> None:
    small.replace("counting/doubling/topic.toml", 'en = "Doubling" }\nq', 'en = "Twice" }\nq')
    preview.saved()
    assert heard == [()]
    assert b"<p>Twice</p>" in get(preview, "/")[1]
    assert get(preview, "/preview/version")[1] == b"2"


def test_a_fault_is_told_and_the_last_good_course_stays(small, preview, heard) -> None:
    small.replace("counting/doubling/topic.toml", "minutes = 30", 'minutes = "long"')
    preview.saved()
    assert [fault.where for fault in heard[0]] == ["counting/doubling/topic.toml, minutes"]
    assert b"<p>Doubling</p>" in get(preview, "/")[1]


def test_it_watches_the_folder(small, preview, heard) -> None:
    stop = threading.Event()
    thread = preview.follow(stop)
    try:
        time.sleep(0.3)
        small.append("counting/doubling/lesson.en.md", "\nMore.\n")
        limit = time.monotonic() + 10
        while preview.version == 1 and time.monotonic() < limit:
            time.sleep(0.05)
        assert preview.version == 2
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
