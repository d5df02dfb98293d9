"""The course on PostgreSQL: killed, cut off from its database, its database restarted, the network swallowing all."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count as numbers
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from tests.conftest import FULL

RECOVERY = 10.0  # seconds
ALWAYS = ("review", "note", "draft")  # hands that never wait for anything but the database


class Trouble:
    """What happens to the database while the learner works: in turn its connections are cut, it is restarted, neither.

    `slowest` is how long it took at most until a hand that was at work then had something new acknowledged.
    """

    def __init__(self, postgres: Any, address: str) -> None:
        self.postgres, self.address, self.slowest = postgres, address, 0.0
        self.done = {"cut": 0, "restart": 0, "none": 0}
        self.turns = numbers()

    def __call__(self, learner: Any) -> None:
        what = ("cut", "restart", "none")[next(self.turns) % 3]
        self.done[what] += 1
        if what == "cut":
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            with psycopg.connect(self.address.replace("+psycopg", ""), autocommit=True) as connection:
                cut = connection.execute(f"{query} AND pid <> pg_backend_pid()".encode()).fetchall()
            assert cut
        elif what == "restart":
            self.postgres.stop()
            self.postgres.start()
        since = time.monotonic()
        for name in ALWAYS:
            before = learner.hands[name].done
            while learner.hands[name].done == before:
                assert time.monotonic() - since <= 2 * RECOVERY, f"{name} did not go on after: {what}"
                time.sleep(0.005)
        self.slowest = max(self.slowest, time.monotonic() - since)


def test_kills_cuts_and_restarts_lose_and_double_nothing(
    benchmark: Callable[[str], ModuleType], postgres: Any, tmp_path: Path
) -> None:
    """The short depth has one kill after each trouble, with the hands that need neither judge nor lab; beside it ten
    are done on SQLite, with all."""
    address = postgres.fresh()
    trouble = Trouble(postgres, address)
    kill = benchmark("kill")
    often, working = (200, tuple(kill.HANDS)) if FULL else (3, ALWAYS)
    learner = kill.kills(tmp_path, often, database=address, meanwhile=trouble, working=working)
    print(f"{len(learner.starts) - 1} kills, {trouble.done}, {learner.writes} writes, slowest {trouble.slowest:.1f} s")
    assert learner.faults == []
    assert trouble.slowest <= RECOVERY
    for name in working:
        assert learner.hands[name].acknowledged, f"nothing was put at risk by {name}"
    learner.hands["review"].acknowledged.append("never written")
    learner.examine()
    assert learner.faults == ["review lost: never written"], "the examination reads the database in earnest"


SWALLOWED = """
import fcntl, socket, struct, sys, threading, time
from pathlib import Path
from wenjin.study.store import database
from wenjin.study.store.log import StoreError, happened

database.PATIENCE = float(sys.argv[5])

def network(up):
    with socket.socket() as any:
        flags = struct.pack("16sh14x", b"lo", 0x49 if up else 0x48)  # loopback, running, and up or not
        fcntl.ioctl(any, 0x8914, flags)

def pump(one, other):
    while data := one.recv(65536):
        other.sendall(data)

network(True)
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    while True:
        near, _ = listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(sys.argv[1] + "/.s.PGSQL.5432")
        for pair in ((near, far), (far, near)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
port = listener.getsockname()[1]
data = database.Database(f"postgresql://wenjin@127.0.0.1:{port}/{sys.argv[2]}" + sys.argv[3], Path(sys.argv[4]))
kept = [happened("attempt", "a/b", {"n": 0})]
data.append(kept[0])
network(False)
began = time.monotonic()
lost = happened("attempt", "a/b", {"n": 1})
try:
    data.append(lost)
    print("appended")
except StoreError as error:
    print(f"{time.monotonic() - began:.1f} {error.text.en}")
network(True)
began = time.monotonic()
data.append(lost)  # whoever was refused sends the same event again
assert data.events() == [*kept, lost]
print(f"{time.monotonic() - began:.1f}")
"""


def test_a_network_that_swallows_everything_gets_a_sentence_and_is_forgotten_when_it_is_back(
    postgres: Any, tmp_path: Path
) -> None:
    """A pulled cable tells nobody anything. The short depth has a tenth of the patience."""
    address = postgres.fresh()
    name = str(make_url(address).database)
    impatient, patience = ("", RECOVERY) if FULL else ("?tcp_user_timeout=1000&connect_timeout=2", 1.0)
    words = [sys.executable, "-c", SWALLOWED, str(postgres.data), name, impatient, str(tmp_path), str(patience)]
    namespace = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]
    done = subprocess.run([*namespace, *words], capture_output=True, text=True, timeout=120)
    postgres.empty(address)
    assert done.returncode == 0, done.stderr
    refused, back = done.stdout.splitlines()
    waited, _, said = refused.partition(" ")
    assert "cannot be reached" in said
    assert float(waited) <= patience + 15, "the last try may take as long as a connection is waited for"
    print(f"refused after {waited} s, back after {back} s")
    assert float(back) <= RECOVERY
