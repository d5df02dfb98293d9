"""A whole application over the real course, store and judge, spoken to as a browser or a script would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from wenjin.study.course.graph import Course
from wenjin.study.course.load import load
from wenjin.study.judge.client import Judge, local_judge
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import Places, places
from wenjin.study.web.app import create_app
from wenjin.study.web.security import api_token, make_secret, mint_token

BASE = "http://127.0.0.1:8423"


@pytest.fixture(scope="session")
def course() -> Course:
    return load()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    with local_judge() as judge:
        yield judge


class Visit:
    """A browser that came in by the start URL. `csrf` is what its pages carry."""

    def __init__(self, client: TestClient, places: Places, secret: bytes) -> None:
        self.client, self.places, self.secret = client, places, secret
        assert client.get("/login", params={"token": mint_token(secret)}, follow_redirects=False).status_code == 303
        self.csrf = client.get("/settings").text.partition('name="csrf" content="')[2].partition('"')[0]

    @property
    def headers(self) -> dict[str, str]:
        return {"x-csrf-token": self.csrf}

    @property
    def script(self) -> dict[str, str]:
        return {"authorization": f"Bearer {api_token(self.secret)}"}

    def stranger(self) -> TestClient:
        """Someone on this machine without a session."""
        return TestClient(self.client.app, base_url=BASE)


@pytest.fixture
def visit(tmp_path: Path, course: Course, judge: Judge) -> Iterator[Visit]:
    where = places(tmp_path / "data", tmp_path / "workspace", environ={})
    log = open_log(where, role="server")
    secret = make_secret(where.secret)
    client = TestClient(create_app(course, log, judge, where, secret=secret, version="0"), base_url=BASE)
    try:
        yield Visit(client, where, secret)
    finally:
        client.close()
        log.close()
