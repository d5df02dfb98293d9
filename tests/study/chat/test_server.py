"""The model server as the course runs it: started when it is needed, for us alone, again when it died, gone with us."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.serve.tiny import make
from wenjin.study.chat.commands import Commands, Models
from wenjin.study.chat.server import ModelServer, ServerError
from wenjin.study.store.places import Places, places

SERVE = (sys.executable, "-m", "wenjin.stack.serve.main", "--threads", "1")


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A data folder with a tiny model in two copies."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "data" / "models").mkdir(parents=True, mode=0o700)
    for name in ("one", "two"):
        make(folder / "data" / "models" / name)
    return places(folder / "data", folder / "workspace", environ={})


class Listed(Models):
    """Models that are opened by their folders."""

    def opens(self, name: str) -> str:
        return str(self.places.data / "models" / name)


@pytest.fixture
def server(here: Places) -> Iterator[ModelServer]:
    made = ModelServer(Listed(Commands(serve=SERVE), here))
    yield made
    made.close()


def process(server: ModelServer) -> "subprocess.Popen[bytes]":
    assert server._process is not None
    return server._process


def test_started_once_used_by_many_and_started_again_when_it_died(server: ModelServer) -> None:
    assert server.stats() is None
    with server.use("one", never) as line:
        first = process(server).pid
        assert server.state == "ready"
        status, told = line.ask("/v1/models")
        assert status == 200
        assert [model["id"] for model in told["data"]] == [line.model]
        with server.use("one", never) as other:
            assert other == line
    stats = server.stats()
    assert stats is not None
    assert stats["pages"] > 0
    os.kill(first, signal.SIGKILL)
    process(server).wait(10)
    with server.use("one", never) as again:
        assert process(server).pid != first
        assert again.key != line.key
        assert again.ask("/v1/models")[0] == 200


def test_nobody_else_can_ask_it(server: ModelServer) -> None:
    with server.use("one", never) as line:
        words = Path(f"/proc/{process(server).pid}/cmdline").read_bytes()
        assert line.key.encode() not in words, "anybody may read the words of a command"
        for headers in ({}, {"authorization": "Bearer guess"}, {"host": "evil.example"}):
            connection = http.client.HTTPConnection("127.0.0.1", line.port, timeout=10)
            connection.request("GET", "/v1/models", headers=headers)
            assert connection.getresponse().status in (401, 403), headers
            connection.close()
        if os.geteuid() == 0:
            status = Path(f"/proc/{process(server).pid}/status").read_text()
            assert "\nUid:\t0\t" not in status, "it runs without the rights of root"


def test_another_model_waits_until_nobody_uses_the_first(server: ModelServer) -> None:
    heard: list[str] = []

    def other() -> None:
        with server.use("two", never):
            heard.append(server.model)

    with server.use("one", never):
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.3)
        assert not heard
        assert server.model == "one"
        with pytest.raises(ServerError), server.use("two", lambda: True):
            pass
    thread.join(60)
    assert heard == ["two"]


def test_what_cannot_be_loaded_says_why_and_the_next_may_be(here: Places, server: ModelServer) -> None:
    (here.data / "models" / "broken").mkdir(exist_ok=True)
    (here.data / "models" / "broken" / "config.json").write_text("{")
    with pytest.raises(ServerError) as told, server.use("broken", never):
        pass
    assert "broken" in told.value.text.en
    assert "Traceback" not in told.value.text.en
    assert server.state == "failed"
    with server.use("one", never):
        assert server.state == "ready"


def test_given_up_while_it_loads(server: ModelServer) -> None:
    asked = iter([False, False])
    with pytest.raises(ServerError), server.use("one", lambda: next(asked, True)):
        pass
    with server.use("one", never):
        assert server.state == "ready"


def test_it_ends_with_us(server: ModelServer) -> None:
    with server.use("one", never):
        ended = process(server)
    server.close()
    assert ended.poll() is not None
    with pytest.raises(ServerError), server.use("one", never):
        pass
    with pytest.raises(ServerError), ModelServer(Models(Commands(), server.models.places)).use("one", never):
        pass


def test_names_that_could_not_be_shown_are_not_listed(tmp_path: Path) -> None:
    rows = (
        '[{"name": "a", "kind": "chat"}, {"name": "b\\u202e"}, {"name": ""}, {}, {"name": "c", "kind": 1, "bytes": 3}]'
    )
    where = places(tmp_path / "data", tmp_path / "workspace", environ={})
    (where.data / "models" / "a").mkdir(parents=True)
    models = Models(Commands(listing=(sys.executable, "-c", f"print({rows!r})")), where)
    assert [(model.name, model.kind) for model in models.all()] == [("a", "chat"), ("c", "text")]
    assert Models(Commands(listing=(sys.executable, "-c", "print('no JSON')")), where).all() == ()
