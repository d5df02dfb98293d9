"""Training loops that a learner would pick otherwise: a plain GPT-2 and the models of Transformers, each with AdamW.

Every run here and ours is an iterator that makes one step at a time and says which share of its time is over, so that
several can be trained in turn on a machine whose speed changes: each is charged with its own seconds alone.

The plain loop has nanoGPT's published settings for a processor (config/train_shakespeare_char.py and the README):
float32, AdamW 0.9/0.99, rate 1e-3, 100 steps of warm-up, cosine to a tenth, decay 0.1, gradients clipped at 1.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

LAYERS, HEADS, WIDTH, BLOCK, ROWS = 6, 4, 256, 128, 32
WARMUP, FLOOR, CLIP, BETAS, DECAY = 100, 0.1, 1.0, (0.9, 0.99), 0.1
CHECKED = 80 * 1024  # characters of the validation text, in windows of BLOCK
Logits = Callable[[Tensor], Tensor]
SLICE = 1.0  # seconds that a run goes on before it is another's turn


@dataclass
class Text:
    """The character-level set as ids."""

    train: np.ndarray
    valid: np.ndarray
    vocab: int

    def batch(self, luck: np.random.Generator) -> tuple[Tensor, Tensor]:
        """ROWS windows from anywhere: inputs and targets, (B, T) each."""
        at = luck.integers(0, len(self.train) - BLOCK - 1, ROWS)
        rows = torch.from_numpy(np.stack([self.train[i : i + BLOCK + 1] for i in at]).astype(np.int64))
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()

    @torch.no_grad()
    def loss(self, logits: Logits) -> float:
        """Nats a character, the mean over the first CHECKED characters of the validation text."""
        n = min(CHECKED, len(self.valid) - 1) // BLOCK
        ids = torch.from_numpy(self.valid[: n * BLOCK + 1].astype(np.int64))
        inputs, targets = ids[:-1].view(n, BLOCK), ids[1:].view(n, BLOCK)
        total = 0.0
        for x, y in zip(inputs.split(32), targets.split(32), strict=True):
            total += F.cross_entropy(logits(x).float().flatten(0, 1), y.flatten(), reduction="sum").item()
        return total / targets.numel()


@dataclass
class Run:
    """One contestant. `steps` yields (share of its time that is over, seconds of training so far, tokens so far)."""

    name: str
    steps: Iterator[tuple[float, float, int]]
    check: Callable[[], float]
    checks: int = 1  # how often it is checked
    share: float = 0.0
    seconds: float = 0.0
    tokens: int = 0
    curve: list[tuple[float, int, float]] = field(default_factory=list)

    @property
    def loss(self) -> float:
        return self.curve[-1][2]

    def go(self) -> bool:
        """On for SLICE seconds of its own. False when it is over."""
        start = self.seconds
        for share, seconds, tokens in self.steps:
            due = int(share * self.checks) > int(self.share * self.checks)
            self.share, self.seconds, self.tokens = share, seconds, tokens
            if due or share >= 1:
                self.curve.append((seconds, tokens, self.check()))
            if seconds - start >= SLICE:
                return share < 1
        return False


def race(runs: list[Run], say: Callable[[str], None]) -> None:
    """Train all side by side: on goes the run of which the least share is done."""
    waiting = list(runs)
    while waiting:
        run = min(waiting, key=lambda one: one.share)
        before = len(run.curve)
        alive = run.go()
        for seconds, tokens, loss in run.curve[before:]:
            say(f"{run.name}: {seconds:.1f} s, {tokens / 1e6:.3f} M tokens, {loss:.4f} nats a character")
        if not alive:
            waiting.remove(run)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        B, T, D = x.shape
        q, k, v = self.qkv(self.one(x)).view(B, T, 3, HEADS, D // HEADS).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(B, T, D))
        out: Tensor = x + self.down(F.gelu(self.up(self.two(x))))
        return out


class GPT(nn.Module):
    """A plain GPT-2 without biases and dropout, its head tied to the embedding."""

    def __init__(self, vocab: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab, WIDTH), nn.Embedding(BLOCK, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, p in self.named_parameters():
            if p.ndim > 1:
                ends = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * LAYERS) if ends else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)


def transformers_model(kind: str, vocab: int, dtype: torch.dtype = torch.float32) -> tuple[nn.Module, Logits]:
    """GPT-2 or Llama of Transformers at the same size, without dropout; bfloat16 by autocast."""
    import transformers

    transformers.logging.set_verbosity_error()
    same = {"vocab_size": vocab, "use_cache": False, "bos_token_id": None, "eos_token_id": None}
    if kind == "gpt2":
        off = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        sizes = {"n_positions": BLOCK, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS}
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**same, **sizes, **off))
    else:
        sizes = {"hidden_size": WIDTH, "intermediate_size": 672, "num_hidden_layers": LAYERS}
        more = {"num_attention_heads": HEADS, "max_position_embeddings": BLOCK, "tie_word_embeddings": True}
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**same, **sizes, **more))

    def logits(ids: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            out: Tensor = model(ids).logits
        return out

    return model, logits


def plain_steps(
    model: nn.Module, logits: Logits, text: Text, *, seconds: float, rate: float, seed: int
) -> Iterator[tuple[float, float, int]]:
    """The plain loop, for so many seconds of training."""
    luck = np.random.default_rng(seed)
    wide = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": wide, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}]
    moved = torch.optim.AdamW(groups, lr=rate, betas=BETAS)
    spent, step = 0.0, 0
    while spent < seconds:
        start = time.perf_counter()
        share = spent / seconds
        factor = min(1.0, (step + 1) / WARMUP) * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * share)) / 2)
        for group in moved.param_groups:
            group["lr"] = rate * factor
        inputs, targets = text.batch(luck)
        F.cross_entropy(logits(inputs).float().flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        moved.step()
        moved.zero_grad(set_to_none=True)
        step += 1
        spent += time.perf_counter() - start
        yield min(1.0, spent / seconds), spent, step * ROWS * BLOCK
