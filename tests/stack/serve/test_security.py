"""Who is let in: holders of the key, by a name of this machine, and nobody whom a page of another site sends."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.stack.serve.conftest import KEY, Running
from tests.stack.serve.test_malformed import wrong


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x"])
def test_nothing_without_the_key(server: Running, sent: str | None) -> None:
    head = {} if sent is None else {"Authorization": sent}
    for address in ("/v1/models", "/v1/stats", "/metrics", "/openapi.json", "/v1/chat/completions", "/nowhere"):
        answer = httpx.get(server.url + address, headers=head, trust_env=False)
        assert answer.status_code == 401, address
        assert answer.headers["www-authenticate"] == "Bearer"
        wrong(answer.json())
    assert httpx.get(server.url + "/healthz", headers=head, trust_env=False).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:80", "127.0.0.1:x"]
)
def test_foreign_names_are_not_answered(server: Running, host: str) -> None:
    for address in ("/v1/models", "/healthz"):
        answer = server.http.get(address, headers={"host": host})
        assert answer.status_code == 403
        wrong(answer.json())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8424", "LOCALHOST", "[::1]:99"])
def test_own_names_are(server: Running, host: str) -> None:
    assert server.http.get("/v1/models", headers={"host": host}).status_code == 200


def test_no_other_origin_is_allowed(server: Running) -> None:
    origin = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for method, address in (("OPTIONS", "/v1/chat/completions"), ("GET", "/v1/models"), ("POST", "/v1/completions")):
        answer = server.http.request(method, address, headers=origin)
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert server.http.options("/v1/chat/completions", headers=origin).status_code == 405


def test_nobody_writes_lines_into_the_log(server: Running) -> None:
    server.http.get("/x%0d%0a2026-01-01 00:00:00,000 INFO wenjin.serve all is well%1b[2J")
    server.chat(model="\n\x1b[31mforged")
    server.http.get("/v1/models")
    log = server.log.read_text(encoding="utf-8")
    assert "\x1b" not in log
    assert all(line.startswith("20") for line in log.splitlines()), "each begins with its time"
    assert not [line for line in log.splitlines() if line.endswith("all is well")]
    assert KEY not in log


def test_a_large_body_is_refused_before_it_is_sent(server: Running) -> None:
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        "Content-Type: application/json\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.settimeout(10)
        line.sendall(head.encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 413")


def test_other_machines_need_a_key_of_ones_own(model: Path) -> None:
    words = [sys.executable, "-m", "wenjin.stack.serve.main", str(model), "--host", "0.0.0.0"]
    told = subprocess.run(words, capture_output=True, text=True, env={"PATH": "/usr/bin"}, timeout=60, check=False)
    assert told.returncode == 1
    assert "takes a key" in told.stderr
    assert "Traceback" not in told.stderr
