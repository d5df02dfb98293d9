"""The same request gives the same answer: alone or in company, whole or streamed, its beginning found or not."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.stack.serve.conftest import KEY, Running
from tests.stack.serve.test_streams import check, events

LONG = "床前明月光🌕疑是地上霜❄️举头望明月👀" * 6


@pytest.mark.parametrize("settings", [{"temperature": 0}, {"temperature": 1.3, "top_p": 0.95}])
def test_alone_in_company_streamed_and_with_its_beginning_found(server: Running, settings: dict[str, Any]) -> None:
    texts = {f"{LONG}{number}": settings | {"max_tokens": 48, "seed": number} for number in range(8)}
    before = server.quiet(2)["prefix_hits"]
    alone = [said(server.chat(text, **asked)) for text, asked in texts.items()]
    assert server.stats()["prefix_hits"] > before, "all begin alike, and the second already finds what the first read"
    streams = [events(server.chat(text, **asked, stream=True).content) for text, asked in texts.items()]
    assert [check(told, {"max_tokens": 48})[0] for told in streams] == alone

    async def together() -> list[str]:
        head = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=server.url, headers=head, timeout=60, trust_env=False) as client:
            jobs = [
                client.post(
                    "/v1/chat/completions",
                    json={"model": server.model, "messages": [{"role": "user", "content": text}]} | asked,
                )
                for text, asked in texts.items()
            ]
            return [said(answer) for answer in await asyncio.gather(*jobs)]

    assert asyncio.run(together()) == alone
    if settings["temperature"]:
        assert len(set(alone)) > 1


def test_another_process_says_the_same(server: Running, start_server: Any) -> None:
    """Without a beginning that it could find, bit for bit the same in any company."""
    asked: dict[str, Any] = {"temperature": 1.3, "seed": 3, "max_tokens": 32, "logprobs": True}
    fresh = start_server("--deterministic", "--slots", "2")
    one = fresh.chat(LONG, **asked).json()["choices"][0]
    again = fresh.chat(LONG, **asked).json()["choices"][0]
    assert one["logprobs"] == again["logprobs"]
    assert one["message"]["content"] == said(server.chat(LONG, **asked))


def said(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    content: str = answer.json()["choices"][0]["message"]["content"]
    return content
