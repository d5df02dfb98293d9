"""What a model server is asked and what it streams, as OpenAI shaped it. Pure, but for the lines that it reads.

    request(asked, turns) -> (path, body)
    pieces(lines)         -> Piece(text, tokens, finish, usage), one for each event of the stream

What comes is read as if a stranger had written it: a line that is no event is passed over, a value of another type
counts as missing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenjin.study.store.chats import Turn, whole

TOP = 5  # alternatives of each token
LINE = 1 << 20  # bytes of a line
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed", "max_tokens")
Token = tuple[str, float | None, list[tuple[str, float]]]  # text, its log-probability, and the likeliest in its place


@dataclass(frozen=True, slots=True)
class Piece:
    text: str = ""
    tokens: tuple[Token, ...] = ()
    finish: str = ""
    usage: Mapping[str, int] | None = None
    error: str = ""


def request(asked: Mapping[str, Any], turns: Sequence[Turn], poem: str) -> tuple[str, dict[str, Any]]:
    """Path and body of the request that answers the last of the turns. `poem`: what a poet reads before a poem."""
    body: dict[str, Any] = {"model": asked["model"], "stream": True, "stream_options": {"include_usage": True}}
    body |= {name: value for name, value in asked["sampling"].items() if name in SAMPLING and value is not None}
    last = turns[-1]
    if asked["kind"] == "chat":
        system = [{"role": "system", "content": asked["system"]}] if asked.get("system") else []
        said = [{"role": turn.role, "content": turn.text} for turn in turns]
        return "/v1/chat/completions", body | {"messages": system + said, "logprobs": True, "top_logprobs": TOP}
    if asked["kind"] == "poet" and last.poem:
        prompt = poem.format(form=last.poem["form"], title=last.poem["title"])
    else:
        prompt = "".join(turn.text for turn in turns)
    return "/v1/completions", body | {"prompt": prompt, "logprobs": TOP}


def pieces(lines: Iterable[bytes]) -> Iterator[Piece]:
    """The events of a stream until its end."""
    for line in lines:
        head, _, data = line.strip().partition(b":")
        if head != b"data":
            continue
        if data.strip() == b"[DONE]":
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield piece(event)


def piece(event: Mapping[str, Any]) -> Piece:
    if error := event.get("error"):
        return Piece(error=refusal({"error": error}))
    usage = event.get("usage")
    usage = {k: v for k, v in usage.items() if isinstance(v, int)} if isinstance(usage, dict) else None
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta")
    text = (delta.get("content") if isinstance(delta, dict) else None) or choice.get("text") or ""
    finish = choice.get("finish_reason")
    return Piece(
        whole(text) if isinstance(text, str) else "",
        tuple(tokens(choice.get("logprobs"))),
        finish if isinstance(finish, str) else "",
        usage,
    )


def tokens(told: Any) -> Iterator[Token]:
    """The tokens of one event, from either shape: a chat's list of objects, or a completion's columns."""
    if not isinstance(told, dict):
        return
    if isinstance(rows := told.get("content"), list):
        for row in rows:
            if isinstance(row, dict):
                likely = row.get("top_logprobs")
                others = [pair(one) for one in likely if isinstance(one, dict)] if isinstance(likely, list) else []
                text, logprob = pair(row)
                yield text, logprob, others[:TOP]
        return
    texts, logprobs, tops = (told.get(name) or [] for name in ("tokens", "token_logprobs", "top_logprobs"))
    for n, text in enumerate(texts):
        top = tops[n] if n < len(tops) and isinstance(tops[n], dict) else {}
        likeliest = sorted(((whole(str(k)), number(v)) for k, v in top.items()), key=lambda one: -one[1])
        yield whole(str(text)), number(logprobs[n]) if n < len(logprobs) else None, likeliest[:TOP]


def pair(row: Mapping[str, Any]) -> tuple[str, float]:
    return whole(str(row.get("token", ""))), number(row.get("logprob"))


def number(value: Any) -> float:
    return (
        round(float(value), 4) if isinstance(value, int | float) and -1e6 < value <= 0 else 0.0 if value == 0 else -99.0
    )


def refusal(body: Any) -> str:
    """The message of an error in OpenAI's shape; a short word for anything else."""
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(message or "?").split())[:600]
