"""The server itself: the port, the start URL, an orderly end, and a log that nobody can forge lines in."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from wenjin.study.web import serve

SERVER = """
import sys, time
began = time.monotonic()
from pathlib import Path
from wenjin.study.course.load import load
from wenjin.study.judge.client import local_judge
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web import serve
from wenjin.study.web.app import create_app
from wenjin.study.web.security import make_secret
where = places(Path(sys.argv[1]), Path(sys.argv[1]) / "workspace")
listener = serve.listen(port=0)
log = open_log(where, role="server", url=serve.address(listener))
secret = make_secret(where.secret)
with local_judge() as judge:
    app = create_app(load(), log, judge, where, secret=secret)
    print(serve.start_url(listener, secret), time.monotonic() - began, flush=True)
    serve.serve(app, listener)
log.close()
print("ended", flush=True)
"""


def test_a_server_from_start_to_end(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "data")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        url, seconds = process.stdout.readline().split()
        with httpx.Client(follow_redirects=True) as client:
            began = time.monotonic()
            home = client.get(url)
            assert home.status_code == 200
            assert "我只改了副本" in home.text
            assert time.monotonic() - began < 3
            root = url.split("/login")[0]
            spent = [client.get(f"{root}/settings").elapsed.total_seconds() for _ in range(12)]
            assert min(spent) < 0.035, "no page waits forty milliseconds until its head is acknowledged"
            assert httpx.get(url).status_code == 401, "the URL opens once"
            port = int(url.split(":")[2].split("/")[0])
            outside = [address for address in addresses() if not address.startswith("127.")]
            for address in outside:
                with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
                    socket.create_connection((address, port), timeout=2)
        assert float(seconds) < 10
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ended\n"
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def addresses() -> list[str]:
    """This machine's own addresses."""
    try:
        return [str(row[4][0]) for row in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        return []


def test_a_taken_port_is_told_or_passed_over() -> None:
    with serve.listen() as first:
        taken = first.getsockname()[1]
        with pytest.raises(serve.ServeError, match=str(taken)):
            serve.listen(port=taken)
        with serve.listen() as second:
            assert second.getsockname()[1] > taken


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(serve.ServeError, match="ssh -L"):
        serve.listen(host)


def test_a_log_line_is_one_line(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        serve.log_to(tmp_path / "log")
        logging.getLogger("wenjin.web").error("%s failed", "a\nFAKE line\x1b[2J\u202e")
    finally:
        for handler in set(root.handlers) - set(before):
            handler.close()
            root.removeHandler(handler)
        root.setLevel(level)
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert r"a\x0aFAKE line\x1b[2J\x202e failed" in lines[0]
    assert os.stat(tmp_path / "log").st_mode & 0o077 == 0
