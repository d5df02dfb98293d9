"""What the engine owes whoever asks: tokens of any company, an end to everything, mistakes that stay where they are."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.generate import generate
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.infer.request import QueueFull, Refused, Request, Token, TooLong
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.infer.ticket import Ticket
from wenjin.stack.models.llama import Llama

V = 97
PIECES = [bytes([byte]) for byte in range(V)]


def tiny(**changes: Any) -> Llama:
    torch.manual_seed(0)
    sizes = {"vocab": V, "dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "hidden": 48, "context": 256, "std": 0.3}
    return Llama(**{**sizes, **changes})


MODEL = tiny()


def prompt(seed: int, length: int | None = None) -> tuple[int, ...]:
    dice = torch.Generator().manual_seed(seed)
    length = int(torch.randint(1, 100, (1,), generator=dice)) if length is None else length
    return tuple(torch.randint(V, (length,), generator=dice).tolist())


def plain(request: Request) -> list[int]:
    """The same by infer/generate.py."""
    choose = Sampler(
        temperature=request.temperature, top_k=request.top_k, top_p=request.top_p, min_p=request.min_p,
        penalty=request.penalty, seed=request.seed or 0,
    )  # fmt: skip
    ids = torch.tensor([request.prompt])
    return [int(id) for id in generate(MODEL, ids, most=request.most, choose=choose, stop=request.stop_ids)]


def ids(ticket: Ticket) -> list[int]:
    return [token.id for token in ticket.tokens()]


@contextmanager
def looping(engine: Engine) -> Iterator[Engine]:
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        yield engine
    finally:
        engine.close()
        thread.join(10)
        assert not thread.is_alive()


ASKED = [
    Request(prompt(seed), 24, temperature=0 if seed % 3 == 0 else 0.8, top_k=20 * (seed % 2), top_p=0.95, seed=seed,
            penalty=1.2 if seed % 4 == 1 else 1.0, priority=seed % 2)
    for seed in range(10)
]  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch": 3, "chunk": 7, "prefix": False},
        {"room": 6 * PAGE, "chunk": 50},
        {"deterministic": True, "chunk": PAGE},
    ],
)
def test_in_company_each_gets_what_the_plain_way_writes(settings: dict[str, Any]) -> None:
    engine = Engine(MODEL, PIECES, **settings)
    tickets = [engine.submit(request) for request in ASKED]
    for request, ticket in zip(ASKED, tickets, strict=True):
        assert ids(ticket) == plain(request)
    assert engine.stats().pages_used == 0
    assert engine.stats().finished == len(ASKED)


def test_many_threads_ask_while_one_thread_steps() -> None:
    got: dict[int, list[int]] = {}
    with looping(Engine(MODEL, PIECES, batch=4)) as engine:

        def ask(n: int) -> None:
            got[n] = ids(engine.submit(ASKED[n]))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(ASKED))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert [got[n] for n in range(len(ASKED))] == [plain(request) for request in ASKED]


def test_a_listener_hears_every_token_once_in_order() -> None:
    engine = Engine(MODEL, PIECES)
    ticket, early, late = engine.submit(ASKED[3]), list[Token](), list[Token]()
    ticket.listen(early.append)
    for _ in range(5):
        engine.step()
    ticket.listen(late.append)
    assert list(ticket.tokens()) == early == late
    assert [token.id for token in early] == plain(ASKED[3])


def test_text_is_shown_up_to_the_stop_string_across_tokens() -> None:
    request = replace(ASKED[0], temperature=0.0, seed=0)
    free = bytes(plain(request))
    stop = free[9:12]
    end = free.find(stop)
    tokens = list(Engine(MODEL, PIECES).submit(replace(request, stop_strings=(stop, b"never"))).tokens())
    assert b"".join(token.text for token in tokens) == free[:end]
    assert [token.finish for token in tokens] == [None] * (end + 2) + ["stop"]


def test_a_stop_id_ends_a_text_and_is_not_shown() -> None:
    request = replace(ASKED[0], temperature=0.0)
    free = plain(request)
    last = list(Engine(MODEL, PIECES).submit(replace(request, stop_ids=frozenset({free[7]}))).tokens())
    end = free.index(free[7])
    assert [token.id for token in last] == free[: end + 1]
    assert (last[-1].text, last[-1].finish) == (b"", "stop")


def test_characters_of_several_tokens_are_shown_whole() -> None:
    pieces = [bytes([0xE6, 0xB0, 0xB4][n % 3 : n % 3 + 1]) for n in range(V)]
    tokens = list(Engine(MODEL, pieces).submit(Request((1, 2, 3), 40, seed=1)).tokens())
    whole = b"".join(pieces[token.id] for token in tokens)
    assert b"".join(token.text for token in tokens) == whole
    assert "水" in whole.decode(errors="replace")
    assert "".join(token.text.decode(errors="replace") for token in tokens) == whole.decode(errors="replace")


@pytest.mark.parametrize("settings", [{"chunk": 7}, {}, {"deterministic": True, "chunk": PAGE}])
def test_log_probabilities_and_the_echo_are_the_models_own(settings: dict[str, Any]) -> None:
    request = Request(prompt(5, 70), 6, temperature=0.9, seed=2, logprobs=3, echo=True)
    engine = Engine(MODEL, PIECES, **settings)
    assert ids(engine.submit(replace(request, echo=False)))  # what it leaves must not shorten the echo
    tokens = list(engine.submit(request).tokens())
    text = torch.tensor([[token.id for token in tokens]])
    with torch.no_grad():
        logs = MODEL(text).log_softmax(-1)[0]
    assert [token.of_prompt for token in tokens] == [True] * 70 + [False] * 6
    assert tuple(text[0, :70].tolist()) == request.prompt
    assert tokens[0].logprob is None
    for place, token in enumerate(tokens[1:], 1):
        assert token.logprob == pytest.approx(float(logs[place - 1, token.id]), abs=1e-4)
        assert [p for _, p in token.top] == pytest.approx(logs[place - 1].topk(3).values.tolist(), abs=1e-4)
    silent = list(engine.submit(replace(request, logprobs=None)).tokens())
    assert [token.id for token in silent] == text[0].tolist()
    assert {token.logprob for token in silent} == {None}
    alone = list(engine.submit(replace(request, most=0)).tokens())
    assert [token.id for token in alone] == [*request.prompt, -1]
    assert alone[-1].finish == "length"
    assert [token.logprob for token in alone[1:-1]] == pytest.approx(
        [token.logprob for token in tokens[1:70]], abs=1e-4
    )


def test_embeddings_are_the_mean_of_the_states() -> None:
    engine = Engine(MODEL, PIECES, chunk=7)
    for seed in range(4):
        with torch.no_grad():
            want = MODEL.states(torch.tensor([prompt(seed, 40)]))[0].mean(0)
        torch.testing.assert_close(engine.embed(prompt(seed, 40)), want, atol=1e-5, rtol=1e-4)
    assert engine.stats().pages_used == 0


def test_a_hundred_cancellations_leave_no_page_behind(count: Callable[[int], int]) -> None:
    engine = Engine(MODEL, PIECES, batch=4, prefix=False)
    dice = torch.Generator().manual_seed(0)
    other = engine.submit(Request(prompt(99, 20), 236))
    engine.step()
    for n in range(count(100)):
        before = engine.stats()
        ticket = engine.submit(Request(prompt(n, 60), 100, seed=n))
        for _ in range(int(torch.randint(0, 4, (1,), generator=dice))):
            engine.step()
        ticket.cancel()
        ticket.cancel()
        now = engine.stats()
        assert (now.running, now.waiting, now.cancelled) == (1, 0, before.cancelled + 1)
        assert now.pages_used == len(range(0, len(other.tokens_so_far) + 19, PAGE)), "of the other alone"
        assert ticket.tokens_so_far[-1].finish == "cancelled"
    other.cancel()
    assert engine.stats().pages_used == 0
    assert engine.pages.available == engine.pages.count


def test_given_up_from_another_thread_in_the_middle_of_a_pass_it_is_free_within_that_pass() -> None:
    with looping(Engine(MODEL, PIECES)) as engine:
        for n in range(20):
            ticket = engine.submit(Request(prompt(n, 50), 200, seed=n))
            iterator = ticket.tokens()
            for _ in range(n % 5 + 1):
                next(iterator)
            iterator.close()  # whoever stops asking gives up
            end = time.monotonic() + 10
            while engine.stats().pages_used:
                assert time.monotonic() < end
                time.sleep(0.001)
        assert engine.stats().cancelled == 20


def test_a_full_queue_and_what_does_not_fit_are_refused() -> None:
    engine = Engine(MODEL, PIECES, batch=2, queue=3, room=4 * PAGE)
    tickets = [engine.submit(Request((1,), 4)) for _ in range(5)]
    with pytest.raises(QueueFull, match="5 requests"):
        engine.submit(Request((1,), 4))
    assert engine.longest == 4 * PAGE
    with pytest.raises(TooLong):
        engine.submit(Request((1,), 4 * PAGE))
    with pytest.raises(Refused, match="outside the vocabulary"):
        engine.submit(Request((V,), 1))
    assert len(ids(tickets[-1])) == 4
    engine.close()
    with pytest.raises(QueueFull, match="closing"):
        engine.submit(Request((1,), 4))


class Spoiled(Llama):
    """Reading token 13 gives what is no number; reading 14 raises."""

    def states(self, ids: Tensor, cache: Any = None) -> Tensor:
        if (ids == 14).any():
            raise RuntimeError("token 14")
        return super().states(ids, cache)


@pytest.mark.parametrize("settings", [{}, {"deterministic": True, "chunk": PAGE}, {"chunk": 5, "room": 40 * PAGE}])
def test_what_goes_wrong_with_one_text_ends_that_text_alone(settings: dict[str, Any]) -> None:
    model = Spoiled(**MODEL.settings())
    model.load_state_dict(MODEL.state_dict())
    with torch.no_grad():
        model.model.embed_tokens.weight[13] = torch.nan
    model.lm_head.weight = MODEL.lm_head.weight
    good = [Request(tuple(id for id in prompt(n) if id not in (13, 14)), 20, bias=dict.fromkeys((13, 14), -1e9))
            for n in range(3)]  # fmt: skip
    alone = [ids(Engine(MODEL, PIECES).submit(replace(request, temperature=0.0))) for request in good]
    engine = Engine(model, PIECES, **settings)
    for round in range(2):  # what was spoiled must not be found again, nor spoil who takes its pages
        tickets = [engine.submit(replace(request, temperature=0.0)) for request in good]
        spoiled = [engine.submit(Request((*prompt(n, 40), bad), 5)) for n, bad in enumerate((13, 14, 13))]
        if round:
            spoiled += [engine.submit(Request((1, 13, *prompt(n, 100)), 5)) for n in range(3)]
        assert [ids(ticket) for ticket in tickets] == alone
        for ticket, words in zip(spoiled[:3], ("not finite", "RuntimeError: token 14", "not finite"), strict=True):
            last = list(ticket.tokens())[-1]
            assert (last.id, last.finish) == (-1, "error")
            assert last.error is not None
            assert words in last.error.en
            assert last.error.zh != last.error.en
        assert engine.stats().pages_used == 0
    assert engine.stats().failed == 9


class Broken:
    """A constraint that raises when it is asked."""

    done = False

    def allowed(self) -> Tensor:
        raise ZeroDivisionError("no grammar")

    def push(self, id: int) -> None: ...

    def copy(self) -> "Broken":
        return self


def test_a_constraint_or_a_listener_that_raises_ends_its_own_text() -> None:
    def tired(token: Token) -> None:
        raise OSError("no one listens")

    with looping(Engine(MODEL, PIECES)) as engine:
        other, ticket = engine.submit(ASKED[3]), engine.submit(Request((1, 2), 9, constraint=Broken()))
        deaf = engine.submit(Request((1, 2), 100))
        heard: list[list[Token]] = [[], []]
        ticket.listen(heard[0].append)
        deaf.listen(tired)
        deaf.listen(heard[1].append)
        assert list(ticket.tokens())[-1].finish == "error"
        assert list(deaf.tokens())[-1].finish == "error"
        assert [tokens[-1].finish for tokens in heard] == ["error", "error"], "whoever waits for the end is told of it"
        assert ids(other) == plain(ASKED[3])


def test_a_seed_that_nobody_named_can_be_asked_for_again() -> None:
    engine = Engine(MODEL, PIECES)
    first, second = (engine.submit(Request((1, 2, 3), 30)) for _ in range(2))
    assert ids(first) != ids(second)
    assert ids(engine.submit(Request((1, 2, 3), 30, seed=first.seed))) == [token.id for token in first.tokens_so_far]


def test_a_prompt_that_begins_alike_is_not_read_again() -> None:
    engine = Engine(MODEL, PIECES)
    request = Request(prompt(1, 70), 40, temperature=0.0)
    first, again = engine.submit(request), engine.submit(request)
    want = ids(first)
    assert again.shared == 0  # both began at once
    assert ids(again) == want
    third = engine.submit(replace(request, prompt=(*request.prompt, *want), most=5))
    assert len(ids(third)) == 5
    assert third.shared == 109 // PAGE * PAGE  # what was written was kept, too
    assert engine.stats().prefix_hits == third.shared


def test_close_ends_whoever_waits() -> None:
    engine, ends = Engine(MODEL, PIECES), list[str | None]()
    with looping(engine):
        ticket = engine.submit(Request((1,), 250))
        thread = threading.Thread(target=lambda: ends.append(list(ticket.tokens())[-1].finish))
        thread.start()
        time.sleep(0.05)
    thread.join(10)
    assert ends in (["cancelled"], ["length"])
