"""One text's choice of its next token: its own bias, penalties, constraint and dice, before and around the sampler.

    scores -> bias -> presence, frequency -> constraint -> infer/sampling.Sampler (repetition, temperature, cuts, draw)

Shapes   V vocabulary
Source   presence and frequency: the definition in OpenAI's API reference, "Frequency and presence penalties"
Proof    tests/stack/infer/test_choose.py: nothing asked for equals the sampler alone; draws follow its odds
"""

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from wenjin.stack.infer.request import Constraint, Failed, Request
from wenjin.stack.infer.sampling import Sampler

SPOILED = Failed(
    "模型给出的分数不是有限的数（NaN 或无穷），这段文字到此为止：模型的权重多半坏了，请换一个检查点。",
    "The model's scores are not finite (NaN or infinite), so this text ends here: its weights are most likely spoiled; "
    "take another checkpoint.",
)
NOTHING = Failed(
    "约束和 bias 合在一起不允许任何词元，这段文字无法继续。",
    "The constraint and the bias together allow no token, so this text cannot go on.",
)

LEAST = 1e-6  # a temperature below it is greedy: scores divided by less overflow; top_p below it keeps one token


class Choice:
    """Chooses the tokens of one text, one after the other."""

    def __init__(self, request: Request, seed: int) -> None:
        self.request = request
        self.sampler = Sampler(
            temperature=request.temperature if request.temperature >= LEAST else 0.0,
            top_k=request.top_k,
            top_p=max(request.top_p, LEAST),
            min_p=request.min_p,
            penalty=request.penalty,
            seed=seed,
        )
        self.constraint: Constraint | None = request.constraint.copy() if request.constraint else None
        self.written: Counter[int] = Counter()
        self.plain = self.sampler.temperature == 0 and request.penalty == 1 and not self.reshapes

    @property
    def reshapes(self) -> bool:
        """The scores change before the sampler sees them."""
        r = self.request
        return bool(r.bias or r.presence or r.frequency or self.constraint)

    def next(self, scores: Tensor, likeliest: int, read: Sequence[int]) -> int:
        """The token after `read`. scores (V,), finite at `likeliest`, the greatest of them. Raises Failed."""
        if self.plain:
            return likeliest
        if self.reshapes:
            scores = self.reshaped(scores)
            if not math.isfinite(scores.amax()):
                raise NOTHING
        before = read if self.request.penalty != 1 else read[:1]
        return int(self.sampler(scores[None], torch.tensor([before], device=scores.device)))

    def reshaped(self, scores: Tensor) -> Tensor:
        """What the sampler sees, (V,)."""
        scores, request = scores.float().clone(), self.request
        if request.bias:
            self._add(scores, list(request.bias), list(request.bias.values()))
        if self.written and (request.presence or request.frequency):
            less = [-request.presence - request.frequency * times for times in self.written.values()]
            self._add(scores, list(self.written), less)
        if self.constraint:
            scores.masked_fill_(~self.constraint.allowed().to(scores.device), -math.inf)
        return scores

    def took(self, id: int) -> None:
        """This token was chosen, and shown."""
        self.written[id] += 1
        if self.constraint:
            self.constraint.push(id)

    @property
    def done(self) -> bool:
        """Nothing may follow."""
        return self.constraint is not None and self.constraint.done

    def _add(self, scores: Tensor, ids: list[int], amounts: list[float]) -> None:
        places = torch.tensor(ids, device=scores.device)
        scores[places] += torch.tensor(amounts, dtype=scores.dtype, device=scores.device)


def likely(scores: Tensor, ids: Sequence[int], top: int) -> list[tuple[float, tuple[tuple[int, float], ...]]]:
    """Log-probabilities of ids in rows of scores (N, V), and the `top` likeliest of each row, likeliest first."""
    logs = scores.float().log_softmax(dim=-1)  # (N, V)
    own = logs.gather(1, torch.tensor(ids, device=logs.device)[:, None])[:, 0].tolist()
    values, places = logs.topk(min(top, logs.shape[1]))  # (N, top) each
    rows = zip(places.tolist(), values.tolist(), strict=True)
    return [(p, tuple(zip(*row, strict=True))) for p, row in zip(own, rows, strict=True)]
