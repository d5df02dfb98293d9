"""llama.cpp as a peer: run as a program by the Python that has llama-cpp-python, it answers lines of JSON.

    {"prompt": [ids], "tokens": 64}   ->   {"read": seconds, "written": seconds, "ids": [what it wrote]}

Where that Python is, WENJIN_LLAMA_PYTHON says, or `python` of the environment that MISSING tells how to make. It runs
the file itself, its weights as they are, with as many threads as we have, greedy. `use_extra_bufts` is off: with it the
library crashes on processors that have AMX.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

MISSING = (
    "llama.cpp is not there: python -m venv DIR && DIR/bin/pip install --no-binary llama-cpp-python "
    "llama-cpp-python==0.3.36 (a C++ compiler, some ten minutes), then set WENJIN_LLAMA_PYTHON=DIR/bin/python"
)


class Peer:
    """The library in a process of its own, asleep between questions. `program`: the file that answers them."""

    def __init__(self, model: Path, threads: int, program: str = __file__) -> None:
        order = [os.environ["WENJIN_LLAMA_PYTHON"], program, str(model), str(threads)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet, text=True)

    def ask(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def there() -> bool:
    return bool(os.environ.get("WENJIN_LLAMA_PYTHON"))


def answer(library: Any, model: Any, threads: int, prompt: list[int], tokens: int) -> dict[str, Any]:
    settings = library.llama_context_default_params()
    settings.n_ctx, settings.n_batch, settings.n_ubatch = len(prompt) + tokens + 8, 512, 512
    settings.n_threads = settings.n_threads_batch = threads
    context = library.llama_init_from_model(model, settings)
    vocab = library.llama_vocab_n_tokens(library.llama_model_get_vocab(model))
    batch = library.llama_batch_init(max(len(prompt), 1), 0, 1)

    def decode(ids: list[int], first: int) -> int:
        batch.n_tokens = len(ids)
        for i, id in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = id, first + i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, i == len(ids) - 1
        if library.llama_decode(context, batch):
            raise RuntimeError("llama_decode failed")
        scores = library.llama_get_logits_ith(context, len(ids) - 1)
        return int(numpy.ctypeslib.as_array(scores, (vocab,)).argmax())

    begun = time.perf_counter()
    written = [decode(prompt, 0)]
    read = time.perf_counter()
    for number in range(tokens):
        written.append(decode([written[-1]], len(prompt) + number))
    over = time.perf_counter()
    library.llama_batch_free(batch)
    library.llama_free(context)
    return {"read": read - begun, "written": over - read, "ids": written}


def listen(answer: Callable[..., dict[str, Any]]) -> None:
    """Be the program: open the file that the words of the command name, and answer line by line."""
    import llama_cpp as library

    silent = library.llama_log_callback(lambda *_: None)
    library.llama_log_set(silent, ctypes.c_void_p(0))
    library.llama_backend_init()
    options = library.llama_model_default_params()
    options.use_extra_bufts = False
    opened = library.llama_model_load_from_file(sys.argv[1].encode(), options)
    for line in sys.stdin:
        print(json.dumps(answer(library, opened, int(sys.argv[2]), **json.loads(line))), flush=True)


if __name__ == "__main__":
    listen(answer)
