"""More than it can do: what fits runs and waits in order, the rest is told at once when to come again."""

import asyncio
import time
from collections import Counter

import httpx

from tests.stack.serve.conftest import KEY, QUEUE, SLOTS, Running


async def ask(client: httpx.AsyncClient, server: Running, number: int, tokens: int = 200) -> tuple[int, float, str]:
    begun = time.monotonic()
    asked = {"model": server.model, "prompt": f"{number}", "max_tokens": tokens, "temperature": 0}
    answer = await client.post("/v1/completions", json=asked)
    return answer.status_code, time.monotonic() - begun, answer.headers.get("retry-after", "")


def test_sixty_four_at_once(server: Running) -> None:
    async def all_of_them() -> list[tuple[int, float, str]]:
        limits = httpx.Limits(max_connections=64)
        head = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(
            base_url=server.url, headers=head, timeout=120, limits=limits, trust_env=False
        ) as client:
            await asyncio.gather(*(client.get("/healthz") for _ in range(64)))  # the lines are open
            return list(await asyncio.gather(*(ask(client, server, number, 800) for number in range(64))))

    before = server.quiet()
    found = asyncio.run(all_of_them())
    assert Counter(status for status, _, _ in found) == {200: SLOTS + QUEUE, 429: 64 - SLOTS - QUEUE}
    refused = [(seconds, retry) for status, seconds, retry in found if status == 429]
    assert all(retry.isdecimal() and 1 <= int(retry) <= 60 for _, retry in refused)
    print(f"429 after at most {1000 * max(seconds for seconds, _ in refused):.0f} ms (of 64 sent at once)")
    after = server.quiet()
    assert after["finished"] - before["finished"] == SLOTS + QUEUE
    assert server.chat().status_code == 200


def test_first_come_first_served(server: Running) -> None:
    """Texts of one length, each asked for when the one before was taken in: they end as they came, four by four."""

    async def one_by_one() -> list[int]:
        ends: list[int] = []

        async def ended(number: int, client: httpx.AsyncClient) -> None:
            assert (await ask(client, server, number))[0] == 200
            ends.append(number)

        head, before = {"Authorization": f"Bearer {KEY}"}, server.stats()["prompt_tokens"]
        async with httpx.AsyncClient(base_url=server.url, headers=head, timeout=120, trust_env=False) as client:
            tasks = []
            for number in range(SLOTS + QUEUE):
                tasks.append(asyncio.create_task(ended(number, client)))
                while (now := (await client.get("/v1/stats")).json()["prompt_tokens"]) == before:
                    await asyncio.sleep(0.001)
                before = now
            await asyncio.gather(*tasks)
        return ends

    ends = asyncio.run(one_by_one())
    for turn in range(0, len(ends), SLOTS):
        assert set(ends[turn : turn + SLOTS]) == set(range(turn, turn + SLOTS))


def test_a_refusal_takes_no_time(server: Running) -> None:
    """One by one, while the queue is full, on a line that is open."""

    async def fill() -> list[float]:
        head = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=server.url, headers=head, timeout=120, trust_env=False) as client:
            asked = {"model": server.model, "prompt": "a", "max_tokens": 800, "temperature": 0}
            full = [asyncio.create_task(client.post("/v1/completions", json=asked)) for _ in range(SLOTS + QUEUE)]
            while server.stats()["running"] + server.stats()["waiting"] < SLOTS + QUEUE:
                await asyncio.sleep(0.01)
            spent = []
            for _ in range(20):
                begun = time.monotonic()
                answer = await client.post("/v1/completions", json=asked)
                spent.append(time.monotonic() - begun)
                assert answer.status_code == 429
                assert answer.json()["error"]["code"] == "queue_full"
            for task in full:
                task.cancel()
            await asyncio.gather(*full, return_exceptions=True)
            return spent

    spent = sorted(asyncio.run(fill()))
    print(f"a refusal takes {1000 * spent[10]:.1f} ms, at most {1000 * spent[-1]:.1f} ms")
    assert spent[10] <= 0.1
    server.quiet(2)
