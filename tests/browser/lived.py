"""A course that somebody has learned in: done through its own addresses, as a script of the learner would."""

import json
import re
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from wenjin.study.progress import week
from wenjin.study.store import archive, backups
from wenjin.study.store.chats import Chats
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import happened
from wenjin.study.store.owner import open_log
from wenjin.study.store.places import places
from wenjin.study.web.security import api_token

if TYPE_CHECKING:
    from tests.browser.conftest import Course

WRONG = """import torch


def scaled_dot_product_attention(q, k, v, causal=False):
    T, S = q.shape[-2], k.shape[-2]
    scores = q.double() @ k.double().transpose(-1, -2)  # 没有除以根号 d
    if causal:
        future = torch.ones(T, S, dtype=torch.bool, device=q.device).triu(S - T + 1)
        scores = scores.masked_fill(future, float("-inf"))
    return (scores.softmax(-1) @ v.double()).to(q.dtype)
"""


NOTES = {
    "why-sqrt-d": "方差是 $d$ 而不是 1：$\\operatorname{Var}(q\\cdot k)=d$，所以除以 $\\sqrt d$。softmax 不再饱和。",
    "softmax-axis": "Over the **last** axis: `softmax(-1)`. See [the mask](#mask-before-softmax).\n\n- rows sum to 1",
    "lesson": "Read again before the exam: <b>no tags</b> & a very_long_name_" + "x" * 120,
}


OUT = """Of course: **scores** are divided by `sqrt(d)`. See [www.bank.example](https://evil.example/login).

| d | softmax |
|--:|---------|
| 4 | even |

```python
print("a very long line", "x" * 100, "which does not fit into a narrow window at all")
```

- <script>document.title = "taken"</script> ![x](https://evil.example/x.png) ‮gnp.exe مرحبا
"""


def talk(course: "Course") -> dict[str, str]:
    """Conversations as the course keeps them: branches, a long answer with its tokens, verse, one that was removed."""
    here = places(course.folder / "data", course.folder / "workspace", environ={})
    log = open_log(here, role="command")
    chats = Chats(log, here)

    def answer(chat: str, parent: str, text: str, finish: str, kind: str = "chat") -> str:
        asked = {"model": "tiny", "kind": kind, "system": "Be brief.", "sampling": {"temperature": 0.7, "seed": 3}}
        turn, writer = chats.begin(chat, parent, asked)
        for at in range(0, len(text), 4):
            piece = text[at : at + 4]
            others = [[piece, -0.1 * (at % 60)], [" the", -1.5], ["\n", -3.0], ["月‮", -4.0], ["x" * 40, -6.0]]
            writer.write({"text": piece, "tokens": [[piece, -0.1 * (at % 60), others]]})
        writer.close()
        chats.end(chat, turn, text, finish, {"tokens": 40, "prompt": 12, "rate": 31.4, "first": 0.21})
        return turn

    first = chats.say(None, None, "Why is softmax scaled? 为什么要除以根号 d？")
    chat, turn = first.subject, str(first.data["turn"])
    branch = answer(chat, turn, OUT, "stop")
    answer(chat, turn, "x" * 400 + " " + OUT, "stopped")
    second = chats.say(None, None, "《月》 五言绝句", {"title": "月", "form": "五言绝句"})
    answer(second.subject, str(second.data["turn"]), "海上生明月，天涯共此时。", "length", "poet")
    third = chats.say(None, None, "Removed: " + "long" * 60)
    chats.remove(third.subject)
    log.close()
    return {"chat": chat, "branch": branch, "verse": second.subject}


class Hand:
    """Speaks to a running course with the token of scripts."""

    def __init__(self, course: "Course") -> None:
        self.course = course
        secret = bytes.fromhex(places(course.folder / "data", environ={}).secret.read_text(encoding="ascii"))
        self.token = api_token(secret)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """JSON there and back."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent = json.dumps(body or {}).encode() if method != "GET" else None
        request = urllib.request.Request(self.course.address + path, sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def send(self, path: str, form: dict[str, str]) -> str:
        """A form; where it leads."""
        headers = {"authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.course.address + path, urlencode(form).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(urlsplit(answer.url).path)

    def see(self, path: str) -> str:
        """The source of a page."""
        request = urllib.request.Request(self.course.address + path, headers={"authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())

    def run(self, lab: str, form: dict[str, str]) -> str:
        """Starts a run of a lab; its id."""
        return self.send(f"/topics/self-attention/labs/{lab}", form).removeprefix("/runs/")

    def wait(self, run: str, state: str) -> None:
        """Until the run stands so."""
        until = time.monotonic() + 120
        while f'data-state="{state}"' not in self.see(f"/runs/{run}"):
            assert time.monotonic() < until, f"the run did not become {state}"
            time.sleep(0.3)


def record(hand: Hand) -> dict[str, str]:
    """Questions, one answered and one removed; a note with links and two versions; a summary and a reflection."""
    for text in ("first [[tokenization]] and [[nowhere]]", NOTES["why-sqrt-d"] + "\n\n[[tokenization]] [[nowhere]]"):
        kept = hand.ask("GET", "/api/notes/self-attention/why-sqrt-d")
        body = {"text": text, "revision": kept["revision"], "settled": True}
        hand.ask("PUT", "/api/notes/self-attention/why-sqrt-d", body)
    own = {"text": "private: true\n分数除以 $\\sqrt d$，方差回到 1。", "revision": 0, "settled": True}
    hand.ask("PUT", "/api/notes/self-attention/own-words", own)
    week = re.search(r'data-note="/api/notes/(\d{4}-W\d\d)/reflection"', hand.see("/summary"))
    assert week
    reflection = {"text": "**下周**慢一点，先读题。", "revision": 0, "settled": True}
    hand.ask("PUT", f"/api/notes/{week[1]}/reflection", reflection)
    place = {"topic": "self-attention", "anchor": "why-sqrt-d"}
    for text in ("Why is the variance $d$ and not $\\sqrt d$?", "多头为什么不更贵？" + "很长" * 80, "Removed again"):
        hand.send("/questions", place | {"text": text, "tried": "read it *twice*"})
    removed, answered, asked = re.findall(r'id="q-(\w{32})"', hand.see("/questions"))
    hand.send(f"/questions/{answered}", {"do": "answered", "text": "见 [[self-attention#several-heads]]"})
    hand.send(f"/questions/{removed}", {"do": "removed"})
    revision = re.findall(r"\?at=(\w{32})", hand.see("/notes/self-attention/why-sqrt-d"))[-1]
    return {"question": asked, "removed": removed, "revision": revision}


def keep(course: "Course") -> dict[str, str]:
    """Two backups, one of them by hand."""
    here = places(course.folder / "data", course.folder / "workspace", environ={})
    log = open_log(here, role="command")
    backups.make(log, here, "daily", datetime(2026, 11, 21, 20, 15))
    made = backups.make(log, here, "asked", datetime(2026, 11, 22, 20, 15))
    log.close()
    assert made
    return {"backup": made.name}


def come(hand: Hand, course: "Course") -> None:
    """An archive was uploaded and waits to be taken in; a file of it stands in the workspace otherwise."""
    here = places(course.folder / "data", course.folder / "workspace", environ={})
    log = open_log(here, role="command")
    theirs, file = here.workspace / "theirs.py", course.folder / "my old record.zip"
    theirs.write_text("theirs\n", encoding="utf-8")
    archive.write(file, log, here, schema=SCHEMA)
    theirs.write_text("mine\n", encoding="utf-8")
    log.close()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="my old record.zip"\r\n\r\n'
    kind = {"authorization": f"Bearer {hand.token}", "content-type": "multipart/form-data; boundary=x"}
    body = head + file.read_bytes() + b"\r\n--x--\r\n"
    urllib.request.urlopen(urllib.request.Request(f"{course.address}/archive/import", body, kind), timeout=60).close()
    until = time.monotonic() + 30
    while 'data-state="ready"' not in hand.see("/archive/work"):
        assert time.monotonic() < until, "the archive was not checked"
        time.sleep(0.1)


def live(course: "Course") -> dict[str, str]:
    """Tries an exercise, opens a hint, keeps a draft, writes notes, runs labs to an end and not, reviews a card.

    Returns what fills the blanks of addresses.
    """
    hand = Hand(course)
    blanks = remember(course) | keep(course)
    exercise = "/api/exercises/self-attention/write-attention"
    hand.ask("POST", f"{exercise}/attempts", {"source": WRONG})
    hand.ask("POST", f"{exercise}/hints")
    kept = hand.ask("GET", f"{exercise}/draft")
    hand.ask("PUT", f"{exercise}/draft", {"text": WRONG, "revision": kept["revision"]})
    for anchor, text in NOTES.items():
        address = f"/api/notes/self-attention/{anchor}"
        known = hand.ask("GET", address)["revision"]  # another test may have written there
        hand.ask("PUT", address, {"text": text, "revision": known, "settled": True})
    runs = record(hand)
    short = {"arg.lengths": "64, 128", "arg.width": "16", "arg.rounds": "1", "do": "skip"}
    runs |= {"run": hand.run("cost-of-length", short), "other": hand.run("cost-of-length", short | {"arg.width": "32"})}
    predicted = {"predict.learning": "faster", "predict.growth": "d"}
    small = {"arg.widths": "4, 16", "arg.width": "16", "arg.steps": "40", "arg.senses": "4"}
    runs["told"] = hand.run("scale-or-saturate", small | predicted)
    runs["stopped"] = hand.run("scale-or-saturate", {"arg.steps": "10000"} | predicted)
    hand.send(f"/api/runs/{runs['stopped']}/stop", {})  # while it waits for the others
    for name in ("run", "other", "told"):
        hand.wait(runs[name], "finished")
    hand.wait(runs["stopped"], "stopped")
    hand.send(
        f"/api/runs/{runs['run']}/remark",
        {"text": "平方：长度翻倍，时间变成四倍。Twice the length, four times the work."},
    )
    hand.send(f"/runs/{runs['run']}/pin", {"anchor": "lab-cost-of-length"})
    hand.send("/review/cards", {"topic": "self-attention"})
    shown = re.search(r'name="card" value="([^"]+)"', hand.see("/review"))
    assert shown, "no card is asked"
    hand.ask("POST", "/api/review", {"card": shown[1], "rating": 3, "id": uuid4().hex})
    come(hand, course)
    return blanks | runs | talk(course) | sit(hand) | judge_weeks(course)


def remember(course: "Course") -> dict[str, str]:
    """Reviews of some weeks ago, one of them forgotten; a card that is set aside; a mistake made three days ago. Two
    tracks that are followed, the first of them late."""
    log = open_log(places(course.folder / "data", course.folder / "workspace", environ={}), role="command")
    today = datetime.now(UTC).date()
    follows = {"tracks": ["thirty-weeks", "qmatter"], "track": "thirty-weeks", "path": {"thirty-weeks": "ai-engineer"}}
    follows |= {"hours": {"weekday": 2.5, "weekend": 5}, "begun": {"thirty-weeks": f"{today - timedelta(days=40)}"}}
    for key, value in (follows | {"promised": {"thirty-weeks": f"{today + timedelta(days=70)}"}}).items():
        log.append(happened("setting", key, {"key": key, "value": value}))
    cards = [f"self-attention/{name}" for name in ("three-roles", "wrong-axis", "dividing-by-d")]
    now = datetime.now(UTC)
    for ago in (45, 30, 12):
        for card in cards:
            rating = 1 if (ago, card) == (12, cards[0]) else 4
            log.append(happened("review", card, {"rating": rating, "ms": 4000}, now - timedelta(days=ago)))
    told = {"verdict": "wrong", "name": "no-scaling"}
    log.append(happened("attempt", "self-attention/attention-by-hand", told, now - timedelta(days=3)))
    place = {"topic": "tokenization", "exercise": "tokenization/merge-by-hand", "kind": "numeric", "variant": 7}
    known = {"what": "ended", "known": {"tokenization": 0.95}}
    for data in ({"what": "began"}, {"what": "answered", "right": True, **place}, known):
        log.append(happened("place", "0" * 32, data, now - timedelta(days=20)))
    log.append(happened("suspend", "self-attention/whose-width", {}, now - timedelta(days=3)))
    seen = {"self-attention": "0" * 16, "alchemy": "0" * 16}  # one topic has changed since, one is gone, others are new
    log.append(happened("setting", "met", {"key": "met", "value": seen}, now - timedelta(days=40)))
    log.close()
    return {"mistake": "mistake:self-attention/attention-by-hand/no-scaling", "met": str(today - timedelta(days=30))}


def sit(hand: Hand) -> dict[str, str]:
    """A paper that is open, with one answer; and one that has ended, a wrong answer in it and a card typed."""
    papers = {}
    for name, of in (("paper", "sixteen-topics/python"), ("sat", "sixteen-topics/llm-architecture")):
        papers[name] = hand.send(f"/checkpoint/{of}", {"seed": "1"}).removeprefix("/papers/")
        number = re.search(r'name="(field[^"]+)"', hand.see(f"/papers/{papers[name]}?n=2"))
        answer = {number[1]: "0.25"} if number else {"source": WRONG}
        hand.send(f"/papers/{papers[name]}", {"n": "2", "do": "keep", **answer})
    cards = re.findall(r'name="(card[.][^"]+)"', hand.see(f"/papers/{papers['sat']}?n=99"))
    hand.send(f"/papers/{papers['sat']}", {"n": "99", "do": "keep", cards[0]: "softmax 会饱和。" + "x" * 120})
    hand.send(f"/papers/{papers['sat']}", {"n": "1", "do": "end"})
    hand.send(f"/papers/{papers['sat']}/report", {"card": cards[0].removeprefix("card."), "rating": "2"})
    return papers


def judge_weeks(course: "Course") -> dict[str, str]:
    """Weekly checks of five weeks with one left out, so that there is a chart with a gap."""
    log = open_log(places(course.folder / "data", course.folder / "workspace", environ={}), role="command")
    today = datetime.now().date()
    for ago, scores in ((5, (4, 3, 6, 2)), (4, (5, 5, 6, 4)), (2, (6, 4, 7, 7)), (1, (7, 6, 7, 8))):
        told = dict(zip(week.QUESTIONS, scores, strict=True)) | {"remark": "补了笔记 " + "long " * 12, "evidence": {}}
        log.append(happened("week", week.name(today - timedelta(weeks=ago)), told))
    log.close()
    return {}
