"""Keys and values of many texts in pages, and the one flat pass that reads new tokens of all of them.

    pool   keys, values of every page of every layer, allocated once
    pass   ids of many texts end to end: (1, N), some with one new token, some with a piece of a long prompt
           every product of the model sees N rows; only attention knows which rows belong together

    part 0   text A, its 40th token                       row 0
    part 1   text B, its 7th token                        row 1
    part 2   text C, tokens 256..511 of its prompt        rows 2..257

Single new tokens attend together: their texts' pages are gathered, end to end, to the length of the longest, and
what lies beyond a text's own end is hidden. Pieces of prompts attend one text after the other. `exact` takes every
text alone, in its own length: what a text gets then depends on nothing but the text.

Omits    who holds a page (infer/pages.py), what is read when (infer/scheduler.py), quantized storage
Shapes   L layers   P pages   G key/value heads   R = H / G query heads a group   D head width   N new tokens
         B texts with one new token   S tokens of the longest of them, up to the end of a page
Source   arXiv:2309.06180 (4.1, 4.3), rows of many texts in one product: Orca, OSDI 2022 (3.2)
Proof    tests/stack/infer/test_paged.py: equals the plain cache, for any cut and any company
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from wenjin.stack.infer.generate import Causal, cache_for
from wenjin.stack.infer.pages import PAGE
from wenjin.stack.nn.heads import Way, attend


class Pool:
    """Room for `pages` pages. The first, number 0, takes what nobody will read: the rows that fill up a pass."""

    def __init__(self, model: Causal, pages: int) -> None:
        like = cache_for(model, batch=1, room=1).keys  # (L, 1, G, 1, D)
        shape = (like.shape[0], pages + 1, like.shape[2], PAGE, like.shape[4])
        self.keys = torch.zeros(shape, dtype=like.dtype, device=like.device)  # (L, P, G, PAGE, D)
        self.values = torch.zeros_like(self.keys)

    @property
    def device(self) -> torch.device:
        return self.keys.device

    @property
    def bytes(self) -> int:
        return 2 * self.keys.numel() * self.keys.element_size()

    def wipe(self, pages: Iterable[int]) -> None:
        """What is not a number would spoil sums even where its weight is 0."""
        for page in pages:
            self.keys[:, page] = 0
            self.values[:, page] = 0


@dataclass(frozen=True)
class Rows:
    """`count` new tokens of a text that has `before` tokens in the pages of `table`."""

    table: Sequence[int]
    before: int
    count: int


class Pass:
    """A cache for one pass, as models ask for (nn/heads.Cache). Single new tokens come first among `parts`.

    fill   rows at the end that belong to no text
    For kernels that read pages in place: keys, values (L, P, G, PAGE, D), `table` (texts, most pages) of page
    numbers, `owner` (N,) the line of `table` of each row, -1 of none, `at` (N,) its position, the last that it sees.
    """

    def __init__(self, pool: Pool, parts: Sequence[Rows], *, fill: int = 0, exact: bool = False) -> None:
        self.keys, self.values, self.parts, self.exact = pool.keys, pool.values, parts, exact
        self.rows = sum(part.count for part in parts)
        at = [part.before + n for part in parts for n in range(part.count)]
        pages = [part.table[(part.before + n) // PAGE] for part in parts for n in range(part.count)]
        device = pool.device
        self.at = torch.tensor(at + [0] * fill, device=device)  # (N,)
        self.page = torch.tensor(pages + [0] * fill, device=device)  # (N,)
        self.place = self.at % PAGE  # (N,) inside the page
        owner = [number for number, part in enumerate(parts) for _ in range(part.count)]
        self.owner = torch.tensor(owner + [-1] * fill, dtype=torch.int32, device=device)  # (N,)
        needs = [-(-(part.before + part.count) // PAGE) for part in parts]
        longest = max(needs, default=0)
        lines = [[*part.table[:need], *[0] * (longest - need)] for part, need in zip(parts, needs, strict=True)]
        self.table = torch.tensor(lines, dtype=torch.int32, device=device).view(len(parts), longest)
        self.lone = 0 if exact else next((n for n, part in enumerate(parts) if part.count > 1), len(parts))
        self.needs = needs
        self.blocks: list[Tensor] = []  # of each text that attends alone, and first of the lone ones together
        self.hidden: Tensor | None = None  # what the lone ones may not see, (B, 1, 1, S)

    def places(self, tokens: int) -> Tensor:
        return self.at

    def advance(self, tokens: int) -> None:
        """Whoever asked for the pass says what is held now."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, way: Way = "auto") -> Tensor:
        """Write k, v (1, G, N, D) into the pages; q (1, H, N, D), each row over its own text. Returns (1, H, N, D)."""
        keys, values = self.keys[layer], self.values[layer]  # (P, G, PAGE, D)
        keys[self.page, :, self.place] = k[0].transpose(0, 1).to(keys.dtype)
        values[self.page, :, self.place] = v[0].transpose(0, 1).to(values.dtype)
        if not self.blocks:
            self._gather()
        out = torch.zeros_like(q) if self.rows < q.shape[2] else torch.empty_like(q)
        blocks, row = iter(self.blocks), 0
        if self.lone:
            out[0, :, : self.lone] = self.together(q[0, :, : self.lone], keys, values, next(blocks))
            row = self.lone
        for part, block in zip(self.parts[self.lone :], blocks, strict=True):
            last, S = row + part.count, part.before + part.count
            own = q[:, :, row:last].contiguous()  # (1, H, T, D)
            past, seen = (gathered(x, block, 1)[:, :, :S] for x in (keys, values))  # (1, G, S, D) each
            out[:, :, row:last] = attend(own, past, seen, way)
            row = last
        return out

    def together(self, q: Tensor, keys: Tensor, values: Tensor, block: Tensor) -> Tensor:
        """q (H, B, D), one row of each text: query heads of a group are the kernel's rows, and share its keys."""
        (H, B, D), G = q.shape, keys.shape[1]
        group = q.transpose(0, 1).reshape(B, G, H // G, D)  # (B, G, R, D)
        past, seen = gathered(keys, block, B), gathered(values, block, B)  # (B, G, S, D) each
        mixed = F.scaled_dot_product_attention(group, past, seen, self.hidden)  # (B, G, R, D)
        return mixed.reshape(B, H, D).transpose(0, 1)  # (H, B, D)

    def _gather(self) -> None:
        """Where the pages lie, found out once a pass; kernels that read them in place never ask."""
        G, device = self.keys.shape[2], self.keys.device
        groups = torch.arange(G, device=device)  # (G,)
        if self.lone:
            table = self.table[: self.lone, : max(self.needs[: self.lone])].long()  # (B, S / PAGE)
            self.blocks.append((table[:, None, :] * G + groups[:, None]).flatten())
            unseen = torch.arange(table.shape[1] * PAGE, device=device) > self.at[: self.lone, None]  # (B, S)
            hidden = torch.zeros(unseen.shape, dtype=self.keys.dtype, device=device).masked_fill_(unseen, -torch.inf)
            self.hidden = hidden[:, None, None]  # (B, 1, 1, S)
        for part, need in zip(self.parts[self.lone :], self.needs[self.lone :], strict=True):
            table = torch.tensor(part.table[:need], device=device)  # (S / PAGE,)
            self.blocks.append((table * G + groups[:, None]).flatten())


def gathered(pool: Tensor, block: Tensor, texts: int) -> Tensor:
    """Pages (P, G, PAGE, D) of `texts` texts end to end, one copy: (texts, G, S, D). block: page * G + group."""
    P, G, _, D = pool.shape
    return pool.view(P * G, PAGE * D).index_select(0, block).view(texts, G, -1, D)
