"""llama.cpp as a peer for many texts at once: each its own sequence, one token of every text in a batch.

    {"prompts": [[ids], …], "tokens": 64}   ->   {"read": seconds, "written": seconds, "ids": [[what it wrote], …]}

Run as llama_peer.py is, greedy, with the same settings.
"""

import time
from typing import Any

import llama_peer
import numpy


def answer(library: Any, model: Any, threads: int, prompts: list[list[int]], tokens: int) -> dict[str, Any]:
    settings = library.llama_context_default_params()
    settings.n_seq_max = len(prompts)
    settings.n_ctx = len(prompts) * (max(map(len, prompts)) + tokens + 8)
    settings.n_batch = settings.n_ubatch = 512
    settings.n_threads = settings.n_threads_batch = threads
    context = library.llama_init_from_model(model, settings)
    vocab = library.llama_vocab_n_tokens(library.llama_model_get_vocab(model))
    batch = library.llama_batch_init(512, 0, 1)

    def decode(rows: list[tuple[int, int, int, bool]]) -> list[int]:
        """Rows of (text, place, id, whether its scores are wanted); the likeliest after each that is wanted."""
        batch.n_tokens = len(rows)
        for i, (text, place, id, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = id, place, 1
            batch.seq_id[i][0], batch.logits[i] = text, wanted
        if library.llama_decode(context, batch):
            raise RuntimeError("llama_decode failed")
        places = [i for i, row in enumerate(rows) if row[3]]
        return [
            int(numpy.ctypeslib.as_array(library.llama_get_logits_ith(context, i), (vocab,)).argmax()) for i in places
        ]

    begun = time.perf_counter()
    written = []
    for text, ids in enumerate(prompts):
        written.append(decode([(text, place, id, place == len(ids) - 1) for place, id in enumerate(ids)]))
    read = time.perf_counter()
    for n in range(tokens):
        new = decode([(text, len(ids) + n, written[text][-1], True) for text, ids in enumerate(prompts)])
        for own, id in zip(written, new, strict=True):
            own.append(id)
    over = time.perf_counter()
    library.llama_batch_free(batch)
    library.llama_free(context)
    return {"read": read - begun, "written": over - read, "ids": written}


if __name__ == "__main__":
    llama_peer.listen(answer)
