"""Blanks: equal to a loop over places, in the promised shares, and the same for the same dice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wenjin.stack.data.masking import HIDDEN, REPLACED, blanked
from wenjin.stack.data.pack import IGNORED

MASK, VOCAB, FIRST = 0, 50, 2


def drawn(rows: int, tokens: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, VOCAB, (rows, tokens))


@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 99), st.floats(0, 1))
def test_equal_to_a_loop_over_places(rows: int, tokens: int, seed: int, share: float) -> None:
    ids = drawn(rows, tokens, seed)
    inputs, labels = blanked(ids, np.random.default_rng(seed), mask=MASK, vocab=VOCAB, first=FIRST, share=share)
    dice = np.random.default_rng(seed)
    luck, fate = dice.random(ids.shape), dice.random(ids.shape)
    other = dice.integers(FIRST, VOCAB, ids.shape)
    for b in range(rows):
        for t in range(tokens):
            if ids[b, t] < FIRST or luck[b, t] >= share:
                assert (inputs[b, t], labels[b, t]) == (ids[b, t], IGNORED)
                continue
            assert labels[b, t] == ids[b, t]
            if fate[b, t] < HIDDEN:
                assert inputs[b, t] == MASK
            elif fate[b, t] >= 1 - REPLACED:
                assert inputs[b, t] == other[b, t]
            else:
                assert inputs[b, t] == ids[b, t]


def test_the_shares_are_those_that_were_promised() -> None:
    ids = drawn(400, 100)
    inputs, labels = blanked(ids, np.random.default_rng(1), mask=MASK, vocab=VOCAB, first=FIRST, share=0.15)
    plain = ids >= FIRST
    chosen = labels != IGNORED
    assert abs(chosen[plain].mean() - 0.15) < 0.01
    assert not chosen[~plain].any()
    assert abs((inputs[chosen] == MASK).mean() - HIDDEN) < 0.02
    same = (inputs[chosen] == ids[chosen]).mean()
    assert abs(same - (1 - HIDDEN - REPLACED) - REPLACED / (VOCAB - FIRST)) < 0.02
    assert (inputs[chosen & (inputs != MASK)] >= FIRST).all()


def test_what_is_handed_over_stays_and_the_same_dice_give_the_same_blanks() -> None:
    ids = drawn(3, 9)
    before = ids.copy()
    first, again = (blanked(ids, np.random.default_rng(4), mask=MASK, vocab=VOCAB) for _ in range(2))
    assert (ids == before).all()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))


def test_none_and_all() -> None:
    ids = drawn(5, 20)
    inputs, labels = blanked(ids, np.random.default_rng(0), mask=MASK, vocab=VOCAB, first=FIRST, share=0.0)
    assert (inputs == ids).all()
    assert (labels == IGNORED).all()
    _, labels = blanked(ids, np.random.default_rng(0), mask=MASK, vocab=VOCAB, first=FIRST, share=1.0)
    assert (labels[ids >= FIRST] == ids[ids >= FIRST]).all()
