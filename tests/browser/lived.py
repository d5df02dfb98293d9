"""A course that somebody has learned in: done through its own addresses, as a script of the learner would."""

import json
import re
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from wenjin.study.store.chats import Chats
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


def live(course: "Course") -> dict[str, str]:
    """Tries an exercise, opens a hint, keeps a draft, writes notes, runs labs to an end and not, reviews a card.

    Returns what fills the blanks of addresses.
    """
    hand = Hand(course)
    exercise = "/api/exercises/self-attention/write-attention"
    hand.ask("POST", f"{exercise}/attempts", {"source": WRONG})
    hand.ask("POST", f"{exercise}/hints")
    kept = hand.ask("GET", f"{exercise}/draft")
    hand.ask("PUT", f"{exercise}/draft", {"text": WRONG, "revision": kept["revision"]})
    for anchor, text in NOTES.items():
        hand.ask("PUT", f"/api/notes/self-attention/{anchor}", {"text": text, "revision": 0, "settled": True})
    short = {"arg.lengths": "64, 128", "arg.width": "16", "arg.rounds": "1", "do": "skip"}
    runs = {"run": hand.run("cost-of-length", short), "other": hand.run("cost-of-length", short | {"arg.width": "32"})}
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
    hand.send("/review/cards", {"topic": "self-attention"})
    shown = re.search(r'name="card" value="([^"]+)"', hand.see("/review"))
    assert shown, "no card is asked"
    hand.ask("POST", "/api/review", {"card": shown[1], "rating": 3, "id": uuid4().hex})
    return runs | talk(course)
