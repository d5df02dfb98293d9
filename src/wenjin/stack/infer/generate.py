"""Write token by token: read the prompt once, then each new token alone, against cached keys and values.

    for ids in generate(model, prompt, most=80, choose=Sampler(temperature=0.8, seed=7), stop=end):
        ...                            (B,) one token of each row, as soon as it is drawn

Without the cache every step reads all that is there again: the plain twin, T times the work, the same tokens.

Omits    prompts of different length in one batch, beams, speculative drafts, stop strings
Shapes   B batch   T tokens of the prompt   S tokens so far   D width of a state   V vocabulary
Sources  autoregressive sampling: doi:10.1162/153244303322533223 (Bengio et al. 2003, 1.1); with a cache:
         arXiv:1911.02150 (2.4)
Proof    tests/stack/infer/test_generate.py: cached equals uncached token for token, whatever the cut
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from wenjin.stack.infer.cache import Cache
from wenjin.stack.nn import heads

Choose = Callable[[Tensor, Tensor], Tensor]  # scores (B, V), read (B, S) -> (B,)


class Causal(Protocol):
    """What a model must be able to do to be written with; stack/models has them."""

    @property
    def head(self) -> Tensor: ...  # (V, D)

    def states(self, ids: Tensor, cache: heads.Cache | None = None) -> Tensor: ...  # (B, T) -> (B, T, D)

    def logits(self, states: Tensor) -> Tensor: ...  # (…, D) -> (…, V)

    def settings(self) -> Mapping[str, Any]: ...  # layers, heads, dim; kv_heads and head_dim where they differ


def cache_for(model: Causal, *, batch: int, room: int) -> Cache:
    """An empty cache that fits this model, in the precision that it computes in."""
    sizes, dtype, device = model.settings(), getattr(model, "compute", None), getattr(model, "device", None)
    if dtype is None or device is None:  # packed models say both, and have no head at hand
        dtype, device = dtype or model.head.dtype, device or model.head.device
    return Cache(
        layers=sizes["layers"],
        batch=batch,
        kv_heads=sizes.get("kv_heads") or sizes["heads"],
        room=room,
        width=sizes.get("head_dim") or sizes["dim"] // sizes["heads"],
        dtype=dtype,
        device=device,
    )


@torch.no_grad()
def generate(
    model: Causal, prompt: Tensor, *, most: int, choose: Choose, stop: Collection[int] = (), cached: bool = True
) -> Iterator[Tensor]:
    """New tokens (B,) after `prompt` (B, T), at most `most` of them.

    A row is over with its first token of `stop`, which it gives; from then on it repeats it. Ends when all rows are
    over. `choose` sees all that was read and written.
    """
    if prompt.ndim != 2 or 0 in prompt.shape:
        raise ValueError(f"a prompt is (B, T) and holds a token; this one is {tuple(prompt.shape)}")
    B, T = prompt.shape
    cache = cache_for(model, batch=B, room=T + most) if cached else None
    ends = torch.tensor(sorted(stop), dtype=torch.long, device=prompt.device)
    read, new = prompt, prompt  # (B, S) all tokens, (B, T) those that the cache has not seen
    over = torch.zeros(B, dtype=torch.bool, device=prompt.device)
    for _ in range(most):
        state = model.states(new, cache=cache)[:, -1]  # (B, D)
        ids = choose(model.logits(state), read)  # (B,)
        ids = torch.where(over, read[:, -1], ids)  # (B,)
        yield ids
        over = over | torch.isin(ids, ends)  # (B,)
        if over.all():
            return
        read = torch.cat((read, ids[:, None]), dim=1)  # (B, S + 1)
        new = ids[:, None] if cache else read
