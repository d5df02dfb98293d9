"""The tiny model as one GGUF file: the same weights, tokens and template as its folder."""

from pathlib import Path

import torch

from tests.stack.serve import tiny
from wenjin.stack.compress.gguf_model import save
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import from_pretrained
from wenjin.stack.text import tokenizer_json


def gguf(folder: Path, path: Path, kind: str = "F32", **metadata: object) -> Path:
    """Of a folder that tiny.make has made."""
    tokens = tokenizer_json.read(folder / "tokenizer.json")
    kinds = {one.id: 3 if one.special else 4 for one in tokens.added}
    told = {
        "general.license": "apache-2.0",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": [tokens.token(id) for id in range(tokens.size)],
        "tokenizer.ggml.token_type": [kinds.get(id, 1) for id in range(tokens.size)],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokens.merges],
        "tokenizer.ggml.eos_token_id": tokens.specials["<|im_end|>"],
        "tokenizer.chat_template": tiny.TEMPLATE,
    }
    model = from_pretrained(folder, dtype=torch.float32)
    assert isinstance(model, Llama)
    save(model, path, kind=kind, metadata=told | metadata)
    return path
