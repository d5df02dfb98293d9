"""From the model's scores to the next token: reshape the odds, then draw.

    scores -> repetition penalty -> temperature -> top-k -> top-p -> min-p -> softmax -> draw
    sampler = Sampler(temperature=0.8, top_p=0.95, seed=7)
    ids = sampler(scores, read)                    (B,) the next token of each row

Each cut sends what it removes to minus infinity and never removes the likeliest token. Temperature 0 takes the
likeliest token and draws nothing.

Omits    beams, grammars, bias on single tokens, typical and contrastive sampling
Shapes   B batch   V vocabulary   S tokens read so far
Sources  temperature doi:10.1207/s15516709cog0901_7 (Ackley et al. 1985), top-k arXiv:1805.04833 (5.4),
         top-p arXiv:1904.09751 (3.1), min-p arXiv:2407.01082 (3), repetition penalty arXiv:1909.05858 (4.1)
Proof    tests/stack/infer/test_sampling.py: each step equals transformers' logits processor; draws follow the odds
"""

import math

import torch
from torch import Tensor


class SamplingError(ValueError):
    """A setting that makes no sense, said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def penalize(scores: Tensor, read: Tensor, penalty: float) -> Tensor:
    """Make every token of `read` (B, S) less likely: positive scores are divided, negative ones multiplied."""
    old = scores.gather(1, read)  # (B, S)
    new = torch.where(old < 0, old * penalty, old / penalty)  # (B, S)
    return scores.scatter(1, read, new)  # (B, V)


def heat(scores: Tensor, temperature: float) -> Tensor:
    """Above 1 the odds come closer together, below 1 they part."""
    return scores / temperature  # (B, V)


def top_k(scores: Tensor, k: int) -> Tensor:
    """Keep the k likeliest tokens, and what ties with the last of them."""
    least = scores.topk(min(k, scores.shape[-1])).values[..., -1:]  # (B, 1)
    return scores.masked_fill(scores < least, -math.inf)  # (B, V)


def top_p(scores: Tensor, p: float) -> Tensor:
    """Keep the fewest, likeliest tokens whose probabilities reach p: the one that crosses p stays."""
    ranked, order = scores.sort(descending=True)  # (B, V) each
    odds = ranked.softmax(dim=-1)  # (B, V)
    before = odds.cumsum(dim=-1) - odds  # (B, V) mass of all likelier ones
    before[..., 0] = 0.0  # whatever rounding says: the likeliest stays
    cut = before >= p  # (B, V)
    return scores.masked_fill(cut.scatter(-1, order, cut), -math.inf)  # (B, V)


def min_p(scores: Tensor, p: float) -> Tensor:
    """Keep what is at least p times as likely as the likeliest."""
    odds = scores.softmax(dim=-1)  # (B, V)
    return scores.masked_fill(odds < p * odds.amax(dim=-1, keepdim=True), -math.inf)  # (B, V)


class Sampler:
    """Draws the next tokens; the same settings, seed and scores give the same tokens.

    temperature  0 is greedy
    top_k        0 keeps all; top_p 1 keeps all; min_p 0 keeps all; penalty 1 changes nothing
    seed         of this sampler's own dice: nothing else draws from them
    Raises SamplingError.
    """

    def __init__(
        self,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        penalty: float = 1.0,
        seed: int = 0,
    ) -> None:
        _within("temperature", temperature, temperature >= 0, "≥ 0")
        _within("top_k", top_k, top_k >= 0, "≥ 0")
        _within("top_p", top_p, 0 < top_p <= 1, "(0, 1]")
        _within("min_p", min_p, 0 <= min_p <= 1, "[0, 1]")
        _within("penalty", penalty, penalty > 0, "> 0")
        self.temperature, self.top_k, self.top_p, self.min_p, self.penalty = temperature, top_k, top_p, min_p, penalty
        self.dice = torch.Generator().manual_seed(seed)

    def odds(self, scores: Tensor, read: Tensor) -> Tensor:
        """scores (B, V), read (B, S) -> the probabilities drawn from, (B, V). Not for temperature 0."""
        scores = scores.float()
        if self.penalty != 1:
            scores = penalize(scores, read, self.penalty)
        if self.temperature != 1:
            scores = heat(scores, self.temperature)
        if self.top_k:
            scores = top_k(scores, self.top_k)
        if self.top_p < 1:
            scores = top_p(scores, self.top_p)
        if self.min_p:
            scores = min_p(scores, self.min_p)
        return scores.softmax(dim=-1)  # (B, V)

    def __call__(self, scores: Tensor, read: Tensor) -> Tensor:
        """The next token of each row, (B,). Raises SamplingError where the scores are not numbers."""
        if not torch.isfinite(scores.amax(dim=-1)).all():
            raise SamplingError(
                "模型给出的分数不是有限的数（NaN 或无穷），无法抽取下一个词元：它的权重多半坏了，请换一个检查点。",
                "The model's scores are not finite (NaN or infinite), so no token can be drawn: its weights are most "
                "likely spoiled; take another checkpoint.",
            )
        if self.temperature == 0:
            scores = penalize(scores.float(), read, self.penalty)
            return scores.argmax(dim=-1)  # (B,)
        odds = self.odds(scores, read).cpu()  # (B, V) the dice lie on the processor, whatever holds the model
        return torch.multinomial(odds, 1, generator=self.dice)[:, 0].to(scores.device)  # (B,)


def _within(name: str, value: float, good: bool, range: str) -> None:
    if not (good and math.isfinite(value)):
        raise SamplingError(f"{name} 应在 {range}，给的是 {value}。", f"{name} must be {range}; it is {value}.")
