"""SmolLM2-135M for benchmarks: the file, what we make of it, and transformers' model with the same numbers."""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from wenjin.stack.compress import gguf_model
from wenjin.stack.infer.fast import Fast, fast
from wenjin.stack.serve.bring import bring
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.known import KNOWN
from wenjin.stack.serve.shelf import found
from wenjin.study.cli.fetching import fetch

DATA = Path(__file__).parents[1] / ".venv"
THREADS = 2


def file() -> Path:
    """WENJIN_SMOLLM2, or the file that the tests keep; fetched if it is not there."""
    if named := os.environ.get("WENJIN_SMOLLM2"):
        return Path(named)
    try:
        return found(DATA, "smollm2").path
    except ServeError:
        return bring(DATA, KNOWN["smollm2"], fetch, look=lambda _: {}, wait=True).path


def ours(path: Path, format: str, kernels: str = "auto") -> Fast:
    parts = gguf_model.parts(path)
    return fast(parts.weights, parts.settings, format=format, kernels=kernels)  # type: ignore[arg-type]


def theirs(path: Path, dtype: torch.dtype) -> Any:
    """LlamaForCausalLM on the dequantized weights."""
    import transformers

    whole = gguf_model.load(path)
    told = {key: value for key, value in whole.config().items() if key not in ("architectures", "model_type")}
    with torch.device("meta"):
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**told))
    model.to_empty(device="cpu")
    model.load_state_dict(whole.state_dict(), strict=False)
    model.tie_weights()
    turns = type(model.model.rotary_emb)(model.config)  # its tables are no weights
    model.model.rotary_emb = turns
    model.generation_config.pad_token_id = 0
    return model.to(dtype).eval()


def in_turn(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each gives, round after round; the first round is not counted."""
    told: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            begun = time.perf_counter()
            value = way()
            if number:
                told[name].append(value)
            print(f"round {number}, {name}: {value:.1f} ({time.perf_counter() - begun:.1f} s)", file=sys.stderr)
    return {name: statistics.median(values) for name, values in told.items()}
