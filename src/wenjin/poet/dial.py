"""One dial, `--minutes` or `--depth`: every other setting of a poet's training follows from it, and each is told.

    plan = turned(minutes=15, vocab=8192, corpus=4_400_000, machine=Machine(5.4e11, "bfloat16", 2))
    for reason in reasons(plan):
        print(reason.name, reason.value, reason.en)      depth 5 the deepest that reads at least 1 × as …

    minutes   how fast the machine multiplies -> what it computes in that time -> the depth that learns most from that
    depth     width -> heads, width inside -> parameters, operations a token -> tokens, minutes
    both      batch, steps of warm-up, rates, decay

What was tried and how the numbers here were found: docs/trials.md, "A recipe for two cores".

Omits    dials for memory; more machines than one
Shapes   D width   M width inside SwiGLU   V vocabulary   L layers   T context
Units    operations are floating-point ones, two to a multiplication with addition; rates a step
Sources  one dial for all: nanochat (Karpathy 2025); operations a token: arXiv:2001.08361 (2.1); rates and wsd: see
         train/muon.py and train/schedules.py
Proof    tests/poet/test_dial.py: counted operations and parameters equal those of the model; minutes and depth agree
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from wenjin.poet.errors import PoetError

CONTEXT = 128  # tokens: nine of ten poems with their titles are shorter
HEAD = 64  # width of an attention head
DEPTHS = range(2, 13)
LONGEST = 7 * 24 * 60.0  # minutes
USUAL = 15.0  # minutes, where nothing is said
ENOUGH = 1.0  # tokens a parameter: with fewer, a smaller model learns more in the same time
SHARE = 0.35  # of the machine's fastest products is what a step reaches
ROWS = 16  # of a batch, at CONTEXT tokens each: early on, steps count for more than tokens
WARMUP, MUON, ADAM, NORMS = 6, 0.02, 0.03, 0.03
DECAY = 0.4


@dataclass(frozen=True, slots=True)
class Machine:
    """What multiplies. `speed`: operations a second in `precision`, which is a name of torch's types."""

    speed: float
    precision: str
    threads: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One derived setting: its name, its value as a word, and why it is so in Chinese and in English."""

    name: str
    value: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All settings of a run. One of `minutes` and `steps` says how long it is; `tokens` are those that it will read,
    `corpus` those that there are."""

    minutes: float | None
    steps: int | None
    depth: int
    dim: int
    heads: int
    hidden: int
    context: int
    vocab: int
    rows: int
    warmup: int
    muon: float
    adam: float
    norms: float
    decay: float
    precision: str
    threads: int
    speed: float
    tokens: int
    corpus: int

    @property
    def dial(self) -> str:
        return dial(self.minutes, self.depth)

    @property
    def expected(self) -> int:
        """Steps, also where the length is given in minutes."""
        return max(1, self.tokens // (self.rows * self.context))

    @property
    def model(self) -> dict[str, Any]:
        """The keyword arguments of stack.models.llama.Llama: blocks as in Qwen 3."""
        same = {name: getattr(self, name) for name in ("vocab", "dim", "heads", "hidden", "context")}
        return {**same, "layers": self.depth, "qk_norm": True, "tied": True}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Plan":
        """Raises TypeError and KeyError for what is no plan."""
        return cls(**{field.name: kept[field.name] for field in fields(cls)})


def dial(minutes: float | None, depth: int | None) -> str:
    """How a dial is called: "15 minutes", "depth 6". Minutes count where both are known."""
    return f"depth {depth}" if minutes is None and depth is not None else f"{minutes or USUAL:g} minutes"


def turned(
    *, vocab: int, corpus: int, machine: Machine, minutes: float | None = None, depth: int | None = None
) -> Plan:
    """The plan for a dial; with neither, USUAL minutes. `corpus`: tokens that it has. Raises PoetError."""
    _refuse(minutes, depth)
    reached = machine.speed * SHARE  # operations a second
    if depth is None:
        minutes = minutes or USUAL
        budget = 60 * minutes * reached  # operations
        depth = max((d for d in DEPTHS if _fed(d, vocab, budget)), default=DEPTHS[0])
        tokens = budget / operations(depth, vocab)
    else:
        tokens = ENOUGH * parameters(depth, vocab)
    dim, heads, hidden = sizes(depth)
    steps = max(1, round(tokens / (ROWS * CONTEXT)))
    return Plan(
        minutes=minutes,
        steps=None if minutes else steps,
        depth=depth,
        dim=dim,
        heads=heads,
        hidden=hidden,
        context=CONTEXT,
        vocab=vocab,
        rows=ROWS,
        warmup=min(WARMUP, max(1, steps // 5)),
        muon=MUON,
        adam=ADAM,
        norms=NORMS,
        decay=DECAY,
        precision=machine.precision,
        threads=machine.threads,
        speed=machine.speed,
        tokens=steps * ROWS * CONTEXT,
        corpus=corpus,
    )


def reasons(plan: Plan) -> list[Reason]:
    """Every derived setting with its why, in the order of the derivation."""
    p, timed = plan, plan.minutes is not None
    all_, rate = parameters(p.depth, p.vocab), f"{p.speed * SHARE:.3g}"
    deepest_zh = f"{p.minutes} 分钟里读到的词元不少于参数的 {ENOUGH:g} 倍：这样的模型里最深的"
    deepest_en = (
        f"the deepest that reads at least {ENOUGH:g} × as many tokens as it has parameters in {p.minutes} minutes"
    )
    rows = [
        (
            "speed",
            rate,
            f"次运算一秒：{p.threads} 个线程算 {p.precision}，量得 {p.speed:.3g}；训练达到它的 {SHARE:.0%}",
            f"operations a second: {p.threads} threads in {p.precision} reach {p.speed:.3g}; training, {SHARE:.0%}",
        ),
        ("depth", f"{p.depth}", deepest_zh if timed else "你选的", deepest_en if timed else "as you chose"),
        ("width", f"{p.dim}", f"约 42 × 深度，{HEAD} 的倍数", f"about 42 × depth, a multiple of {HEAD}"),
        ("heads", f"{p.heads}", f"每个宽 {HEAD}", f"each {HEAD} wide"),
        ("hidden", f"{p.hidden}", "8/3 × 宽度，32 的倍数", "8/3 × width, a multiple of 32"),
        ("parameters", f"{all_:,}", f"词表占 {p.vocab * p.dim:,}", f"{p.vocab * p.dim:,} of them in the vocabulary"),
        (
            "operations",
            f"{operations(p.depth, p.vocab):.3g}",
            "每个词元：每个矩阵参数 6 次，加上注意力",
            "a token: 6 for each parameter of a matrix, and the attention",
        ),
        (
            "tokens",
            f"{p.tokens:,}",
            f"每个参数 {p.tokens / all_:.2g} 个；语料的 {p.tokens / p.corpus:.2g} 遍",
            f"{p.tokens / all_:.2g} for each parameter; {p.tokens / p.corpus:.2g} times the corpus",
        ),
        ("batch", f"{p.rows}", f"行，每行 {p.context} 个词元", f"rows of {p.context} tokens"),
        (
            "steps",
            f"{'≈ ' * timed}{p.expected:,}",
            "词元 ÷ 每批词元" + "，到时间为止" * timed,
            "tokens ÷ tokens of a batch" + ", until the time is over" * timed,
        ),
        ("warm-up", f"{p.warmup}", "步里学习率从小升到满", "steps in which the rate rises"),
        (
            "decay",
            f"{p.decay:.0%}",
            "在最后，学习率直线落到零",
            "of the run, at its end: the rate falls straight to zero",
        ),
        ("Muon", f"{p.muon:g}", "块里矩阵的学习率", "the rate of the blocks' matrices"),
        ("AdamW", f"{p.adam:g}", "词表的学习率", "the rate of the vocabulary"),
    ]
    return [Reason(*row) for row in rows]


def _refuse(minutes: float | None, depth: int | None) -> None:
    """Raises PoetError for a dial that cannot be."""
    if minutes is not None and depth is not None:
        raise PoetError("--minutes 和 --depth 只能选一个。", "Choose one of --minutes and --depth.")
    if depth is not None and depth not in DEPTHS:
        raise PoetError(
            f"--depth 要在 {DEPTHS[0]} 到 {DEPTHS[-1]} 之间，而不是 {depth}。",
            f"--depth is between {DEPTHS[0]} and {DEPTHS[-1]}, not {depth}.",
        )
    if minutes is not None and not 0 < minutes <= LONGEST:
        raise PoetError(
            f"--minutes 要大于 0，至多 {LONGEST:g}（一周），而不是 {minutes:g}。",
            f"--minutes is above 0 and at most {LONGEST:g}, a week; not {minutes:g}.",
        )


def sizes(depth: int) -> tuple[int, int, int]:
    """Width, heads, width inside SwiGLU."""
    dim = HEAD * max(1, round(depth * 2 / 3))
    return dim, dim // HEAD, 32 * round(dim / 12)


def matrices(depth: int, vocab: int) -> int:
    """Parameters that every token is multiplied with: the head, and the matrices of the blocks."""
    dim, _, hidden = sizes(depth)
    return vocab * dim + depth * (4 * dim * dim + 3 * dim * hidden)


def parameters(depth: int, vocab: int) -> int:
    """All of the model's: those of matrices, and the norms': a block has two of its width and two of a head's."""
    dim = sizes(depth)[0]
    return matrices(depth, vocab) + depth * 2 * (dim + HEAD) + dim


def operations(depth: int, vocab: int) -> float:
    """Of a token, forward and backward: 6 a parameter of a matrix; scores and mixing over the whole context."""
    return 6.0 * matrices(depth, vocab) + 12.0 * depth * sizes(depth)[0] * CONTEXT


def _fed(depth: int, vocab: int, budget: float) -> bool:
    """Does a model of this depth read enough in `budget` operations?"""
    return budget / operations(depth, vocab) >= ENOUGH * parameters(depth, vocab)
