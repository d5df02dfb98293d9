"""Who may speak to the course: the owner of the data folder, from a browser or a script on this machine.

Loopback is not enough: other users of the machine reach it, and so does any page that the learner has open.
Everything is refused until it is proven, at the outermost layer, so that a new route is safe before anyone
thinks of it:

host     a name that is not this machine's own is refused on every route, static files too (DNS rebinding)
session  a one-time token in the start URL becomes a cookie: HttpOnly, SameSite=Strict, signed
script   `Authorization: Bearer` with the token of `api_token`; no cookie, so nothing to forge
forgery  each request that may change something needs a token bound to its session, and our own origin
answer   the headers that forbid a page to load, run or be framed by anything that is not ours

The secret lives in the data folder and outlives restarts, so open tabs survive them.
"""

import hmac
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers

READING = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_LIMIT = 1 << 20  # bytes of one request: five times the longest answer of the hostile corpus
UPLOADS = frozenset({"/archive/import"})  # the routes that read a longer body themselves, piece by piece
HEAD_LIMIT = 4096  # bytes at the beginning of an upload, in which its token stands
FIRST_PART = re.compile(
    rb'--[^\r\n]{1,72}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n([0-9a-f]{64})\r\n', re.IGNORECASE
)
SESSION_SECONDS = 180 * 24 * 3600
TOKEN_SECONDS = 24 * 3600
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def make_secret(path: Path) -> bytes:
    """The secret of this data folder, made on the first start; the file is readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    return bytes.fromhex(path.read_text(encoding="ascii"))


def sign(secret: bytes, purpose: str, value: str) -> str:
    """A signature that is good for one purpose only: a session never passes as a token."""
    return hmac.new(secret, f"{purpose}:{value}".encode(), sha256).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def api_token(secret: bytes) -> str:
    """The token of scripts: stable for a data folder."""
    return sign(secret, "api", "1")


def csrf_token(secret: bytes, session: str) -> str:
    return sign(secret, "csrf", session)


def mint_token(secret: bytes, now: float | None = None) -> str:
    """A token for one start URL. Whoever reads the secret can make one, so a second `start` prints a new URL too."""
    value = f"{int(1000 * (time.time() if now is None else now)):x}-{secrets.token_hex(16)}"
    return f"{value}-{sign(secret, 'start', value)}"


@dataclass(slots=True)
class Sessions:
    """What proves a visitor, for one data folder and one run of the server.

    started  when this server began: an older token may have been used in an earlier run, so it is refused
    """

    secret: bytes
    started: float
    used: set[str] = field(default_factory=set)
    steady: Callable[[], float] = time.monotonic  # a clock that nobody sets
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.steady()

    @property
    def cookie(self) -> str:
        """The cookie's name. Cookies know no ports: two data folders served side by side must not share one."""
        return "wenjin-" + sign(self.secret, "name", "")[:8]

    def unspent(self, token: str, now: float) -> str | None:
        """The number of a token that this data folder made since the server began, unless it was used."""
        match = re.fullmatch(r"([0-9a-f]{1,16})-([0-9a-f]{32})-([0-9a-f]{64})", token)
        if match is None or not same(match[3], sign(self.secret, "start", f"{match[1]}-{match[2]}")):
            return None
        minted = int(match[1], 16) / 1000
        # How far the clock was set back since the server began; a token may be from before that or from after it.
        back = max(0.0, self.started + self.steady() - self._began - now)
        if minted < self.started - back - 0.001 or not -60 - back < now - minted < TOKEN_SECONDS:
            return None
        if match[2] in self.used:
            return None
        return match[2]

    def spend(self, token: str, now: float) -> bool:
        """True once for a token that opens."""
        number = self.unspent(token, now)
        if number is not None:
            self.used.add(number)
        return number is not None

    def open(self, now: float) -> str:
        """A new session, as the value of its cookie."""
        value = f"{int(now):x}-{secrets.token_hex(16)}"
        return f"{value}-{sign(self.secret, 'session', value)}"

    def session(self, cookie: str | None, now: float) -> str | None:
        """The session that a cookie proves, or None."""
        match = re.fullmatch(r"(([0-9a-f]{1,16})-[0-9a-f]{32})-([0-9a-f]{64})", cookie or "")
        if match is None or not same(match[3], sign(self.secret, "session", match[1])):
            return None
        # One from the future is good too: we signed it, and the clock was set back since.
        return match[1] if now - int(match[2], 16) < SESSION_SECONDS else None

    def is_script(self, headers: Headers, now: float) -> bool:
        """Does it carry the token of scripts, or that of a start URL which no browser has used?"""
        kind, _, value = headers.get("authorization", "").partition(" ")
        token = value.strip()
        known = same(token, api_token(self.secret)) or self.unspent(token, now) is not None
        return kind.lower() == "bearer" and known


def own_host(host: str, port: int) -> bool:
    """Is this `Host` header a name of this machine, at the server's port?"""
    return host.lower() in {f"{name}:{port}" for name in LOOPBACK} or (port == 80 and host.lower() in LOOPBACK)


def own_origin(headers: Headers) -> bool:
    """Did our own page send this? Browsers say so in three headers; any one that disagrees is enough to refuse."""
    return (
        headers.get("origin") in (None, f"http://{headers.get('host', '')}")
        and headers.get("sec-fetch-site") in (None, "same-origin")
        and headers.get("sec-fetch-mode") != "no-cors"
    )


def sent_csrf(headers: Headers, body: bytes) -> str:
    """The forgery token of a request: a header, or the field `csrf` of a form, the first one where it is an upload."""
    if token := headers.get("x-csrf-token"):
        return token
    kind = headers.get("content-type", "").split(";")[0].strip()
    if kind == "multipart/form-data" and (found := FIRST_PART.match(body)):
        return found[1].decode("ascii")
    if kind != "application/x-www-form-urlencoded":
        return ""
    return parse_qs(body.decode("utf-8", "replace"), max_num_fields=2000).get("csrf", [""])[0]


def policy(nonce: str) -> str:
    """The content security policy of every answer. Only the editor's style element carries the nonce."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def headers_for(nonce: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-security-policy", policy(nonce).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    ]
