"""The submissions beside this file: what each expects, and its bytes as a learner would submit them."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "submissions"
HEADER = re.compile(rb"^# (expect|id|hint|check): ")


@dataclass(frozen=True)
class Submission:
    """expect: accepted verdict classes, the best first; kind: correct, misconception, broken, …; hint: a pattern."""

    name: str
    expect: tuple[str, ...]
    kind: str
    severity: str
    hint: str | None
    body: bytes

    def accepts(self, verdict: str) -> bool:
        return verdict in {e.partition(":")[0] for e in self.expect}


def read(path: Path) -> Submission:
    raw = path.read_bytes()
    encoding = "utf-8"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
        raw = raw.decode(encoding).encode()
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    lines = re.split(rb"(?<=\r\n)|(?<=\n)|(?<=\r)(?!\n)", raw.removeprefix(mark))
    cookie = [line for line in lines[:2] if re.match(rb"^#.*coding[:=]", line)]
    top = [line for line in lines if line not in cookie]
    said = {}
    while top and (match := HEADER.match(top[0])):
        said[match[1].decode()] = top.pop(0)[match.end() :].decode("utf-8", "replace").strip()
    if not said:  # the empty file says it beside itself
        beside = path.with_suffix(".py.expect").read_bytes()
        said["expect"] = HEADER.sub(b"", beside).decode().strip()
    facts = dict(part.split(": ") for part in said.get("id", "").split("; ")[1:])
    body = mark + b"".join(cookie) + b"".join(top)
    return Submission(
        path.stem,
        tuple(said["expect"].split("|")),
        facts.get("class", "broken"),
        facts.get("severity", "S3"),
        said.get("hint"),
        body if encoding == "utf-8" else body.decode().encode(encoding),
    )


ALL = {path.stem: read(path) for path in sorted(FOLDER.glob("*.py"))}
CORRECT = [s for s in ALL.values() if s.expect == ("pass",)]
FORGING = [s for s in ALL.values() if s.severity == "S2"]
WRONG = [s for s in ALL.values() if s.kind == "misconception"]
