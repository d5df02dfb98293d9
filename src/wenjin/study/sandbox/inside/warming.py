"""Import the libraries and make them do once what they put off, so that no learner waits for it."""

import importlib
import os
import random
import sys


def warm(names: list[str]) -> None:
    """Import `names`; torch with one thread."""
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    for name in names:
        importlib.import_module(name)
    if "torch" in names:
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
    compute(names)
    reseed()  # it imports what it needs


def compute(names: list[str]) -> None:
    """torch: a product, a softmax and their gradients in each precision."""
    if "torch" in names:
        import torch

        for kind in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
            x = torch.ones(2, 3, 4, 5, dtype=kind, requires_grad=True)
            (x @ x.transpose(-2, -1)).softmax(-1).sum().backward()  # type: ignore[no-untyped-call]


def reseed() -> None:
    """Forks of one process must not draw the same numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()  # torch.seed() asks every kind of device: 18 ms
