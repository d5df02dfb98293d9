"""A course that somebody has learned in: done through its own addresses, as a script of the learner would."""

import json
import re
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

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
    return runs
