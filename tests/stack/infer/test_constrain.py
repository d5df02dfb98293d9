"""Masks equal trying every token; whatever is written under a constraint matches, and there is always a way on."""

import json
import random
import re
import time
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stack.infer.test_regex import PATTERNS
from tests.stack.infer.writing import write
from wenjin.stack.infer.constrain import FORMS, MASKS, Forms, Text, Vocabulary, generate_within
from wenjin.stack.infer.engine import Engine
from wenjin.stack.infer.language import ConstraintError
from wenjin.stack.infer.request import Request
from wenjin.stack.infer.sampling import Sampler
from wenjin.stack.models.llama import Llama

BYTES = [bytes([b]) for b in range(256)]
WORDS = [b"", b"ab", b"aab", b"b\n", "月".encode(), "月".encode()[:2], "月".encode()[1:] + b"a", "é月".encode()[1:3]]
PIECES = [*BYTES, *WORDS, b"2a", b"ab", b"aaaaaaaaaa", b" ", b"cc", "🙂".encode()[2:]]  # some tokens twice
END = len(PIECES)
SIZE = END + 3  # a model may have more rows than there are pieces


pytestmark = pytest.mark.usefixtures("one_thread")
VOCABULARY = Vocabulary(PIECES, {END}, SIZE)


def forms() -> Forms:
    made = Forms([], ())
    made.vocabulary = VOCABULARY
    return made


def brute(text: Text) -> list[bool]:
    """Every token by itself, through the automaton's single steps."""
    automaton = text.form.automaton
    fits = []
    for piece in PIECES:
        state = text.state if piece else 0
        for byte in piece:
            state = automaton.step(state, byte)
        fits.append(state != 0)
    return [*fits, automaton.complete[text.state], False, False]


def test_masks_equal_trying_every_token(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(1000), deadline=None)
    @given(pattern=PATTERNS, seed=st.integers(0, 99))
    def check(pattern: str, seed: int) -> None:
        text, dice = forms().regex(pattern), random.Random(seed)
        for _ in range(12):
            allowed = text.allowed()
            if text.done:
                assert not allowed.any()
                return
            assert allowed.tolist() == brute(text)
            assert allowed.any()
            fits = allowed.nonzero()[:, 0].tolist()
            text.push(dice.choice([id for id in fits if id != END] or fits))

    check()


def test_what_is_written_matches_and_ends_only_when_complete(count: Callable[[int], int]) -> None:
    @settings(max_examples=count(1500), deadline=None)
    @given(pattern=PATTERNS, seed=st.integers(0, 99))
    def check(pattern: str, seed: int) -> None:
        text, dice, ids = forms().regex(pattern), random.Random(seed), []
        while not text.done and len(ids) < 60:
            fits = text.allowed().nonzero()[:, 0].tolist()
            assert (END in fits) == text.complete
            ids.append(END if END in fits and dice.random() < 0.4 else dice.choice(fits))
            text.push(ids[-1])
        raw = b"".join(PIECES[id] for id in ids if id != END)
        if text.done:
            assert re.fullmatch(pattern, raw.decode(), re.ASCII)

    check()


def model(size: int = SIZE) -> Llama:
    torch.manual_seed(3)
    return Llama(vocab=size, dim=16, layers=1, heads=2, hidden=24, context=512, std=0.6)


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "tags": {"type": "array", "items": {"enum": ["x", "月"]}, "maxItems": 3},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}


def test_a_random_model_writes_what_the_schema_asks_for() -> None:
    random_model, made = model(), forms()
    for seed in range(5):
        ids = list(
            generate_within(
                random_model,
                torch.tensor([[65, 66]]),
                most=400,
                choose=Sampler(seed=seed, temperature=0.8),
                constraint=made.schema(SCHEMA),
            )
        )
        value = json.loads(b"".join(PIECES[id] for id in ids if id != END))
        assert list(value) == ["name", "age", "tags"]
        assert len(value["name"]) <= 12
        assert 0 <= value["age"] <= 130


def test_the_engine_keeps_to_a_constraint_in_a_batch() -> None:
    engine = Engine(model(), PIECES, batch=4)
    made = forms()
    asked = [made.schema(SCHEMA), made.regex(r"\d{4}-\d\d"), made.json(), made.regex("(月|é)+!")]
    tickets = [
        engine.submit(Request((65, 66), most=450, seed=n, stop_ids=frozenset({END}), constraint=text, temperature=0.7))
        for n, text in enumerate(asked)
    ]
    while engine.step():
        pass
    for ticket, text in zip(tickets, asked, strict=True):
        told = list(ticket.tokens())
        written = text.copy()
        for token in told:
            written.push(token.id)
        if told[-1].finish == "stop":
            assert written.done
        raw = b"".join(token.text for token in told)
        assert not written.complete or raw == b"".join(PIECES[token.id] for token in told if token.id != END)
    assert [next(iter(text.allowed().nonzero()))[0] for text in asked]  # the engine took copies


def test_a_token_may_split_a_character() -> None:
    text = forms().regex("月[好]")
    half = "月".encode()[:2]
    assert text.allowed()[PIECES.index(half)]
    text.push(PIECES.index(half))
    assert text.allowed().nonzero()[:, 0].tolist() == ["月".encode()[2]]
    assert not text.complete


def test_an_end_comes_where_the_text_is_complete_and_not_before() -> None:
    text = forms().regex("a|aab?")
    assert not text.allowed()[END]
    text.push(ord("a"))
    assert text.allowed()[END]
    assert not text.done
    copied = text.copy()
    text.push(END)
    assert text.done
    assert not text.allowed().any()
    copied.push(ord("a"))
    assert copied.complete
    copied.push(ord("b"))
    assert copied.done  # nothing can follow


def test_a_token_that_is_not_allowed_is_refused() -> None:
    text = forms().regex("ab")
    for id in (ord("b"), END, END + 1, PIECES.index(b"")):
        with pytest.raises(ValueError, match="not allowed"):
            text.push(id)
    text.push(PIECES.index(b"ab"))
    with pytest.raises(ValueError, match="not allowed"):
        text.push(ord("a"))


def test_a_vocabulary_without_some_bytes_writes_what_it_can() -> None:
    few = Forms([b"a", b"b", b"xy", b"x"], ends={4}, size=5)
    text = few.regex("(a|xy|b)+")
    assert text.allowed().tolist() == [True, True, False, False, False]  # y alone cannot be written, so no x
    assert write(text, random.Random(1), free=3)
    with pytest.raises(ConstraintError, match="No text fits"):
        few.regex("[0-9]+")


def test_an_end_is_no_text_though_it_has_bytes() -> None:
    text = Forms([b"a", b"</s>", *(bytes([b]) for b in b"</s>")], ends={1}).regex("a.*")
    assert text.allowed().tolist() == [True, False, False, False, False, False]
    text.push(0)
    text.push(1)
    assert text.done


def test_json_mode_writes_json(count: Callable[[int], int]) -> None:
    made = forms()
    for seed in range(count(200)):
        json.loads(write(made.json(), random.Random(seed), free=seed % 40).decode())


def test_forms_and_masks_are_kept_and_forgotten() -> None:
    made = forms()
    assert made.regex("a+").form is made.regex("a+").form
    assert made.regex("a+").form is not made.schema({"pattern": "a+"}).form
    for n in range(FORMS + 5):
        made.regex("a" * (n + 1))
    assert len(made.kept) == FORMS
    text = made.regex("a" * (MASKS + 20))
    for _ in range(MASKS + 20):
        text.allowed()
        text.push(ord("a"))
    assert len(text.form.masks) == MASKS


def test_a_mask_of_a_large_vocabulary_takes_a_few_milliseconds() -> None:
    dice = random.Random(0)
    letters = [*'abcdefghijklmnopqrstuvwxyz     ,.0123456789"{}[]:', "é", "月"]
    words = {"".join(dice.choices(letters, k=dice.randrange(2, 11))).encode() for _ in range(49_000)}
    text = Forms([*BYTES, *sorted(words)], ends={0}).schema(SCHEMA)
    for id in b'{"name": "a':
        text.push(id)
    text.allowed()
    state = text.state
    times = []
    for _ in range(20):
        begun = time.thread_time()
        text.form.tried(state)
        times.append(time.thread_time() - begun)
    print(f"a mask of {len(words) + 256} tokens: {min(times) * 1e3:.1f} ms")
    assert min(times) < 0.02
