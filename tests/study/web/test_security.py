"""Nobody else gets in, and nothing of a foreign page gets through: for every route that the application has."""

import logging
import os
import re
import stat
import time
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.routing import Mount, Route

from tests.study.web.conftest import BASE, Visit
from wenjin.study.store.log import happened
from wenjin.study.web.guard import Guard
from wenjin.study.web.security import SESSION_SECONDS, Sessions, api_token, make_secret, mint_token

EXERCISE = "self-attention/write-attention"
FILLED = {
    "{turn}": "00000000000000000000000000000000",
    "{topic}": "self-attention",
    "{project}": "ml-pipeline",
    "{exercise}": "write-attention",
    "{track}": "qmatter",
    "{unit}": "pytorch",
    "{module}": "wenjin.stack.nn.attention",
    "{anchor}": "why-sqrt-d",
    "{lab}": "scale-or-saturate",
    "{backup}": "wenjin-20261122T201500-asked",
    "{id}": "0" * 31 + "1",
}
FOREIGN = [
    "evil.example",
    "evil.example:8423",
    "127.0.0.1:9999",
    "localhost",
    "127.0.0.1.evil.example:8423",
    "[::2]:8423",
    "",
]


@pytest.fixture(autouse=True)
def lived(request: pytest.FixtureRequest) -> None:
    """Something stands behind every address: a run that was stopped before it began, and a note."""
    if "visit" in request.fixturenames:
        log = request.getfixturevalue("visit").client.app.state.site.log
        told = {"run": FILLED["{id}"], "arguments": {"seed": 0}, "prediction": {}, "seconds": 0.0, "memory": 0}
        for what in ("queued", "stopped"):
            log.append(
                happened("run", "self-attention/scale-or-saturate", told | {"what": what, "seconds": 0.0, "memory": 0})
            )
        log.append(happened("note", "self-attention#why-sqrt-d", {"text": "**why**"}))


def routes(visit: Visit) -> list[tuple[str, str]]:
    """Every (method, path) that the router knows, with real names in the blanks; a mount by one of its files."""
    found = []

    def walk(listed: list[object]) -> None:
        for route in listed:
            if isinstance(route, Mount):
                found.append(("GET", f"{route.path}/seal.svg"))
            elif isinstance(route, Route):
                path = route.path
                for blank, name in FILLED.items():
                    path = path.replace(blank, name)
                assert "{" not in path, f"name a value for the blanks of {route.path}"
                found.extend((method, path) for method in sorted(route.methods or ()))
            else:  # a router included into the application
                walk(list(getattr(route, "routes", None) or route.original_router.routes))  # type: ignore[attr-defined]

    walk(list(visit.client.app.routes))  # type: ignore[attr-defined]
    assert len(found) > 15
    return found


def changing(visit: Visit) -> list[tuple[str, str]]:
    found = [(method, path) for method, path in routes(visit) if method not in ("GET", "HEAD", "OPTIONS")]
    assert len(found) >= 7
    return found


def test_a_foreign_host_name_is_refused_everywhere(visit: Visit) -> None:
    for method, path in routes(visit):
        for host in FOREIGN:
            answer = visit.client.request(method, path, headers={"host": host} | visit.headers, follow_redirects=False)
            assert answer.status_code == 403, (method, path, host)
            assert "<" not in answer.text, "a foreign name is shown nothing of ours"


@pytest.mark.parametrize("host", ["127.0.0.1:8423", "localhost:8423", "LOCALHOST:8423", "[::1]:8423"])
def test_each_own_name_is_served(visit: Visit, host: str) -> None:
    assert visit.client.get("/static/seal.svg", headers={"host": host}).status_code == 200


def test_without_a_session_nothing_but_the_door_opens(visit: Visit) -> None:
    stranger = visit.stranger()
    for method, path in routes(visit):
        answer = stranger.request(method, path, follow_redirects=False)
        if path.startswith("/static/") or path == "/favicon.ico":
            assert answer.status_code < 400 or answer.status_code == 405, (method, path)
        else:
            assert answer.status_code == 401, (method, path)


def test_every_changing_route_refuses_forged_requests(visit: Visit) -> None:
    own = {"origin": BASE, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    form = "application/x-www-form-urlencoded"
    forged = {
        "no token": own,
        "a wrong token": own | {"x-csrf-token": "0" * 64},
        "a session's own value as token": own
        | {"x-csrf-token": visit.client.cookies.get(next(iter(visit.client.cookies)))},
        "a foreign origin": own | visit.headers | {"origin": "http://evil.example"},
        "another port of this machine": own | visit.headers | {"origin": "http://127.0.0.1:9999"},
        "https": own | visit.headers | {"origin": BASE.replace("http", "https")},
        "origin null": own | visit.headers | {"origin": "null"},
        "cross-site": own | visit.headers | {"sec-fetch-site": "cross-site"},
        "same-site": own | visit.headers | {"sec-fetch-site": "same-site"},
        "no-cors": own | visit.headers | {"sec-fetch-mode": "no-cors"},
        "a form without the field": own | {"content-type": form},
        "JSON as text": own | {"content-type": "text/plain"},
    }
    bodies = {form: "do=judge&source=x", "text/plain": f'{{"csrf": "{visit.csrf}"}}'}
    for method, path in changing(visit):
        for name, headers in forged.items():
            content = bodies.get(headers.get("content-type", ""), '{"source": "x"}')
            answer = visit.client.request(method, path, headers=headers, content=content, follow_redirects=False)
            assert answer.status_code == 403, (method, path, name)
    assert visit.client.get(f"/api/exercises/{EXERCISE}/attempts").json() == {"attempts": []}
    assert len(visit.client.app.state.site.log.events()) == 3, "nothing was kept of all these"  # type: ignore[attr-defined]


def test_a_route_that_nobody_thought_of_is_guarded_too(visit: Visit) -> None:
    """The guard stands before the routes and around every answer, whatever is added inside."""
    app = visit.client.app
    assert app.user_middleware[0].cls is Guard, "nothing is put outside of the guard"  # type: ignore[attr-defined]
    done: list[str] = []

    def new(name: str) -> None:
        done.append(name)

    app.add_api_route("/new/{name}", new, methods=["POST", "GET"])  # type: ignore[attr-defined]
    foreign = visit.headers | {"origin": "http://evil.example"}
    assert visit.client.post("/new/a").status_code == 403
    assert visit.client.post("/new/a", headers=foreign).status_code == 403
    assert visit.client.get("/new/a", headers={"host": "evil.example"}).status_code == 403
    assert visit.stranger().get("/new/a").status_code == 401
    assert done == []
    answer = visit.client.post("/new/b", headers=visit.headers)
    assert (answer.status_code, done) == (200, ["b"])
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_token_of_another_session_is_refused(visit: Visit) -> None:
    other = Visit(visit.stranger(), visit.places, visit.secret)
    answer = visit.client.post("/settings", headers=other.headers, data={"theme": "dark"}, follow_redirects=False)
    assert other.csrf != visit.csrf
    assert answer.status_code == 403


def test_a_form_of_the_page_and_a_script_get_through(visit: Visit) -> None:
    form = {"csrf": visit.csrf, "theme": "dark", "back": "/map"}
    answer = visit.client.post("/settings", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/map")
    script = visit.stranger().post(f"/api/exercises/{EXERCISE}/hints", headers=visit.script)
    assert script.status_code == 200
    wrong = visit.stranger().post(f"/api/exercises/{EXERCISE}/hints", headers={"authorization": "Bearer x"})
    assert wrong.status_code == 401


def test_a_start_token_opens_one_session(visit: Visit) -> None:
    token = mint_token(visit.secret)
    first = visit.stranger().get("/login", params={"token": token}, follow_redirects=False)
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    again = visit.stranger().get("/login", params={"token": token}, follow_redirects=False)
    assert again.status_code == 401
    assert "set-cookie" not in again.headers


def test_tokens_and_cookies_prove_only_what_they_are_for(tmp_path: Path) -> None:
    secret, now = make_secret(tmp_path / "secret"), time.time()
    sessions = Sessions(secret, now)
    early, late, other = mint_token(secret, now - 5), mint_token(secret, now + 1), mint_token(b"x" * 32, now + 1)
    assert not sessions.spend(early, now + 2), "a token from before this start may have been used"
    assert not sessions.spend(other, now + 2)
    assert not sessions.spend(late, now + 3 * 24 * 3600)
    assert not sessions.spend(sessions.open(now), now + 2)
    assert sessions.spend(late, now + 2)
    cookie = sessions.open(now)
    assert Sessions(secret, now + 100).session(cookie, now + 100), "open tabs survive a restart"
    assert sessions.session(cookie, now + SESSION_SECONDS + 1) is None
    assert sessions.session(late, now) is None
    assert sessions.session(api_token(secret), now) is None
    for place in range(0, len(cookie), 7):
        changed = cookie[:place] + ("0" if cookie[place] != "0" else "1") + cookie[place + 1 :]
        assert sessions.session(changed, now) is None, place


def test_a_clock_that_is_set_back_shuts_nobody_out() -> None:
    """An hour after the start the clock is set back by a day: open tabs stay open, and `start` still opens the page."""
    steady = [50.0]
    sessions = Sessions(b"k" * 32, started=1_000_000.0, steady=lambda: steady[0])
    tab, unused = sessions.open(1_000_100.0), mint_token(b"k" * 32, 1_000_200.0)
    steady[0] += 3600
    now = 1_003_600.0 - 86_400
    assert sessions.session(tab, now)
    assert sessions.spend(unused, now)
    assert sessions.spend(mint_token(b"k" * 32, now), now + 1)
    earlier = mint_token(b"k" * 32, 1_000_000.0 - 86_400 - 10)
    assert not sessions.spend(earlier, now), "one that an earlier run may have spent stays refused"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secret = make_secret(tmp_path / "secret")
    finally:
        os.umask(before)
    assert len(secret) == 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert make_secret(tmp_path / "secret") == secret
    assert make_secret(tmp_path / "other") != secret


def test_every_answer_carries_the_policy(visit: Visit) -> None:
    nonces = set()
    for method, path in routes(visit):
        answer = visit.client.request(method, path, headers=visit.headers, follow_redirects=False)
        policy = answer.headers["content-security-policy"]
        nonces.add(re.search(r"'nonce-([\w-]+)'", policy)[1])  # type: ignore[index]
        expected = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert re.sub(r"nonce-[\w-]+", "nonce-N", policy) == expected, (method, path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "server" not in answer.headers
    assert len(nonces) == len(routes(visit))


def test_every_refusal_carries_the_policy_too(visit: Visit) -> None:
    own, long = visit.headers, b"x" * ((1 << 20) + 1)
    refused = {
        401: visit.stranger().get("/"),
        403: visit.client.post("/settings"),
        404: visit.client.get("/nowhere"),
        405: visit.client.delete("/settings", headers=own),
        413: visit.client.post("/settings", headers=own, content=long),
        422: visit.client.put("/api/notes/self-attention/why-sqrt-d", headers=own, json={"text": 1}),
    }
    for status, answer in refused.items():
        assert answer.status_code == status
        assert "script-src 'self';" in answer.headers["content-security-policy"], status
    host = visit.client.get("/", headers={"host": "evil.example"})
    assert "default-src 'none'" in host.headers["content-security-policy"]


def test_a_stream_of_events_is_guarded_as_any_page(visit: Visit) -> None:
    stream = f"/api/runs/{FILLED['{id}']}/frames"
    answer = visit.client.get(stream)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: end" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert visit.client.get(stream, headers={"host": "evil.example:8423"}).status_code == 403
    assert visit.stranger().get(stream).status_code == 401


def test_pages_hold_no_inline_style_script_or_handler(visit: Visit) -> None:
    for method, path in routes(visit):
        if method == "GET":
            page = visit.client.get(path)
            if page.headers["content-type"].startswith("text/html"):
                assert not re.search(r"<[^>]+\sstyle=", page.text), path
                assert not re.search(r"<style", page.text), path
                assert not re.search(r"<[^>]+\s(on[a-z]+|(data-)?hx-(on[\w:-]*|vals|vars|headers))=", page.text), path
                assert not re.search(r"""hx-trigger=["'][^"']*\[""", page.text), path  # a filter is evaluated
                assert "js:" not in page.text, path
                for script in re.findall(r"<script([^>]*)>", page.text):
                    assert ' src="/static/' in script or 'type="application/json"' in script, path


def test_a_fault_shows_a_sentence_and_no_inside(
    visit: Visit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENJIN_CANARY", "CANARY")

    def broken(*_: object) -> None:
        raise RuntimeError("CANARY /inside/path.py")

    site = visit.client.app.state.site  # type: ignore[attr-defined]
    monkeypatch.setattr(site, "progress", broken)
    with caplog.at_level(logging.ERROR):
        answer = visit.client.get("/map")
    assert answer.status_code == 500
    assert "这里出错了" in answer.text
    assert not re.search("CANARY|Traceback|RuntimeError|path.py", answer.text)
    assert "content-security-policy" in answer.headers
    assert "CANARY" in caplog.text


def test_long_bodies_and_odd_values_are_refused(visit: Visit) -> None:
    api = f"/api/exercises/{EXERCISE}"
    json = visit.headers | {"content-type": "application/json"}
    assert visit.client.post(f"{api}/attempts", headers=json, content=b"x" * (1 << 20 | 1)).status_code == 413
    odd = [
        '{"source": 1}',
        "[]",
        "{",
        '{"source": "x", "variant": 1000000000000}',
        '{"source": "x", "variant": -1}',
        "[" * 50_000,
    ]
    for body in odd:
        answer = visit.client.post(f"{api}/attempts", headers=json, content=body)
        assert answer.status_code in (400, 422), body[:40]
        assert set(answer.json()["error"]) == {"zh", "en"}
    assert visit.client.put(f"{api}/draft", headers=json, content='{"text": "x", "revision": 1e99}').status_code == 422
    assert visit.client.get(f"/topics/self-attention/exercises/write-attention?variant={'9' * 400}").status_code == 200


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\r\nx: y"])
def test_settings_lead_back_into_the_course_only(visit: Visit, back: str) -> None:
    answer = visit.client.post("/settings", data={"csrf": visit.csrf, "back": back}, follow_redirects=False)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "name", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "dist/../../words/frame.toml", "%00", "//etc/passwd"]
)
def test_static_files_end_at_their_folder(visit: Visit, name: str) -> None:
    answer = visit.client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert "create_app" not in answer.text


def test_a_script_may_carry_the_token_of_an_unused_start_url() -> None:
    """The printed URL serves scripts until a browser has opened it; then it serves nobody."""
    sessions = Sessions(b"k" * 32, started=1000.0)
    token = mint_token(b"k" * 32, now=1001.0)

    def script(value: str) -> bool:
        return sessions.is_script(Headers({"authorization": f"Bearer {value}"}), 1002.0)

    assert script(token)
    assert script(token)
    assert not script(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert sessions.spend(token, 1002.0)
    assert not script(token)
    assert script(api_token(b"k" * 32))
