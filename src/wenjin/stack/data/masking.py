"""Blanks for a model that sees both sides: some tokens are chosen, and most of them hidden.

    inputs, labels = blanked(ids, dice, mask=0, vocab=2000)

    ids      白 日 依 山 尽      labels   .  .  依  .  尽       (. is IGNORED)
    chosen         依    尽      inputs   白 日 [M] 山 尽       of the chosen 8 in 10 become the mask, 1 in 10 another
                                                          token, 1 in 10 stay as they are

A place that was not chosen has no label. That some chosen places keep a token is what makes the states at tokens that
are not masked of use later, when no mask is there.

Omits    whole words, spans, blanks that differ by frequency, sentence pairs
Shapes   B rows   T tokens of a row
Sources  BERT arXiv:1810.04805 (3.1, A.1); a larger share arXiv:2202.08005
Proof    tests/stack/data/test_masking.py: equal to a plain loop over places; shares as promised; the same dice, the
         same blanks
"""

import numpy as np
from numpy.typing import NDArray

from wenjin.stack.data.pack import IGNORED

Ids = NDArray[np.int64]
HIDDEN, REPLACED = 0.8, 0.1  # of the chosen; the rest stay


def blanked(
    ids: Ids, dice: np.random.Generator, *, mask: int, vocab: int, first: int = 0, share: float = 0.15
) -> tuple[Ids, Ids]:
    """Inputs and labels, (B, T) each: ids with blanks, and what stood there, IGNORED elsewhere.

    mask     the token that stands for a blank       share    of the tokens that are chosen, 0 to 1
    first    tokens below it are special: they are never chosen, and none is put in the place of another
    """
    luck, fate = dice.random(ids.shape), dice.random(ids.shape)  # (B, T) each
    other = dice.integers(first, vocab, ids.shape)
    chosen = (luck < share) & (ids >= first)
    inputs = np.where(chosen & (fate < HIDDEN), mask, ids)
    inputs = np.where(chosen & (fate >= 1 - REPLACED), other, inputs)
    return inputs, np.where(chosen, ids, IGNORED)
