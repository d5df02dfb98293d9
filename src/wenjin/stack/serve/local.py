"""A model of this machine, opened: weights ready to write with, tokenizer, chat template, the tokens that end a turn.

    local = opened(resolved("smollm2", data))           a model of the shelf (shelf.py)
    local = opened(Path("some/folder"), format="int8")  config.json, model.safetensors, tokenizer.json
    local = opened(Path("some.gguf"))
    glance(Path("some.gguf"))                           what it is, without its weights

Omits    models of several files but those that an index of safetensors names; GPUs
Proof    tests/stack/serve/test_local.py: a model writes the same from a GGUF and from a folder; what is broken, or does
         not belong together, is a sentence
"""

import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor, nn

from wenjin.stack.compress import gguf_model
from wenjin.stack.compress.blocks import dequantize
from wenjin.stack.data.verse import SPECIALS
from wenjin.stack.files.gguf import Packed
from wenjin.stack.infer import tune
from wenjin.stack.infer.fast import fast
from wenjin.stack.infer.generate import Causal
from wenjin.stack.infer.groups import Block
from wenjin.stack.infer.pack import Format
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import from_pretrained, read_json
from wenjin.stack.serve.errors import ServeError
from wenjin.stack.serve.parts import WHOLE
from wenjin.stack.serve.shelf import POET, found, poet_name, poets
from wenjin.stack.text import chat_template, tokenizer_gguf, tokenizer_json
from wenjin.stack.text.chat_template import ChatTemplate
from wenjin.stack.text.tokenizer import Tokenizer, bytes_of

FORMATS: tuple[Format, ...] = get_args(Format)
SPELLED = re.compile(r"<0x([0-9A-F]{2})>")  # a byte, as a vocabulary of characters writes it
ENDS = {  # tokens that end a turn or a text, as published models call them
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "</s>",
}


@dataclass(frozen=True, slots=True)
class Local:
    """context: tokens that it reads and writes at most. stops: ids after which it has nothing more to say. pieces: the
    bytes that each id stands for. about: what it is, as JSON; `license`, `format`, `kind` and more."""

    name: str
    model: Causal
    tokenizer: Tokenizer
    template: ChatTemplate | None
    context: int
    stops: frozenset[int]
    pieces: list[bytes]
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Text:
    """All of a model but its weights."""

    tokenizer: Tokenizer
    template: ChatTemplate | None
    stops: frozenset[int]


def resolved(model: str | Path, data: Path | None = None) -> Path:
    """Where a model lies: by its name on the shelf, by the name of a poet, or the path of a .gguf or a folder.

    Raises ServeError where there is none."""
    word = str(model)
    if isinstance(model, Path) or word.endswith(".gguf") or word.startswith((".", "~")) or {*word} & {"/", os.sep}:
        path = Path(model).expanduser()
        if not path.exists():
            raise ServeError(f"没有 {path} 这个文件或文件夹。", f"There is no file or folder {path}.")
        return path
    if word.partition(":")[0] != POET:
        return found(data, word).path
    known = poets(data)
    if word not in known:
        there = ", ".join(known) or "-"
        raise ServeError(
            f"没有叫 {word} 的诗人。有：{there}。练一个：wenjin poet pretrain。",
            f"There is no poet {word}. There are: {there}. Train one: wenjin poet pretrain.",
        )
    return known[word]


def called(path: Path) -> str:
    """The name that a model goes by: a poet's, that of its folder on the shelf, of its own file or folder."""
    if path.name == "model" and path.parent.parent.name == "poets":
        return poet_name(path.parent)
    if path.name == WHOLE:
        return path.parent.name
    return path.stem if path.suffix == ".gguf" else path.name


def opened(path: Path, *, format: str = "auto", threads: int | None = None) -> Local:
    """Ready to write with. `threads`: None has the fastest count measured.

    Raises ServeError, TextError, ModelError or FormatError, each with .zh and .en, for whatever is wrong."""
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise ServeError(
            f"没有 {format!a} 这种格式。有：{known}。", f"There is no format {format!a}. There are: {known}."
        )
    path = path.expanduser().resolve()
    model: Causal
    if path.is_dir():
        whole = causal(from_pretrained(path), path)
        text, about = of_folder(path, whole)
        model = fast(whole, format=format) if isinstance(whole, Llama) else plain(whole, format)
    else:
        parts = gguf_model.parts(path)
        text, about = of_file(path, parts)
        model = fast(parts.weights, parts.settings, format=format, dequantize=dense)
    if threads is None:
        threads = tune.threads(model)
    torch.set_num_threads(threads)
    about |= {"threads": threads, "format": about["weights"] if format == "auto" else format}
    pieces = bytes_by_id(text.tokenizer, about["vocab"])
    return Local(called(path), model, text.tokenizer, text.template, about["context"], text.stops, pieces, about)


def dense(block: Block) -> Tensor:
    return dequantize(Packed(block.kind, block.shape, block.raw))


def glance(path: Path) -> dict[str, Any]:
    """What a model is: that it can be opened is checked, but its weights are not read. Raises as `opened`."""
    if path.is_dir():
        return of_folder(path, causal(from_pretrained(path), path))[1]
    return of_file(path, gguf_model.parts(path))[1]


# ---- a file, a folder ----


def of_file(path: Path, parts: gguf_model.Parts) -> tuple[Text, dict[str, Any]]:
    told = parts.metadata
    tokenizer = tokenizer_gguf.from_metadata(told)
    ids = {name: tokenizer_gguf.token_id(told, name) for name in ("bos", "eos", "eot", "eom")}
    source = told.get("tokenizer.chat_template")
    bos, eos = (("" if (id := ids[name]) is None else tokenizer.token(id)) for name in ("bos", "eos"))
    template = ChatTemplate(source, bos, eos) if isinstance(source, str) else None
    text = Text(
        tokenizer, template, ends(tokenizer) | {id for name, id in ids.items() if id is not None and name != "bos"}
    )
    kinds: Counter[str] = Counter()
    for packed in parts.weights.values():
        kinds[packed.kind] += packed.raw.numel()
    sizes = [packed.shape for packed in parts.weights.values()]
    about = described(path, parts.settings, text, sum(map(math.prod, sizes)))
    license, name = told.get("general.license"), told.get("general.name")
    about |= {"family": told["general.architecture"], "weights": kinds.most_common(1)[0][0]}
    about |= {"license": license if isinstance(license, str) else "", "title": name if isinstance(name, str) else ""}
    return text, about


def of_folder(path: Path, model: GPT2 | Llama) -> tuple[Text, dict[str, Any]]:
    tokenizer = tokenizer_json.read(path / "tokenizer.json")
    config = read_json(path / "config.json")
    named = [config.get("eos_token_id")]
    if (path / "generation_config.json").is_file():
        named.append(read_json(path / "generation_config.json").get("eos_token_id"))
    stops = {id for one in named for id in (one if isinstance(one, list) else [one]) if type(id) is int}
    text = Text(tokenizer, chat_template.of_folder(path), ends(tokenizer) | stops)
    about = described(path, model.settings(), text, sum(value.numel() for value in model.parameters()))
    dtype = str(model.head.dtype).removeprefix("torch.")
    return text, about | {"family": config["model_type"], "weights": dtype, "license": "", "title": ""}


def causal(model: nn.Module, path: Path) -> GPT2 | Llama:
    if not isinstance(model, GPT2 | Llama):
        raise ServeError(
            f"{path} 里的模型只读不写（{type(model).__name__}），不能用来生成。",
            f"The model in {path} reads but does not write ({type(model).__name__}): it cannot be served.",
        )
    return model.eval()


def plain(model: GPT2 | Llama, format: str) -> GPT2 | Llama:
    """One that infer/fast.py does not pack, as it is."""
    if format not in ("auto", "fp32", "bf16"):
        raise ServeError(
            f"这一族模型不能用 {format}：用 auto、fp32 或 bf16。",
            f"A model of this family cannot be had in {format}: take auto, fp32 or bf16.",
        )
    return model if format == "auto" else model.to(torch.float32 if format == "fp32" else torch.bfloat16)


def described(path: Path, settings: Mapping[str, Any], text: Text, parameters: int) -> dict[str, Any]:
    """What is told of a model, as JSON. Raises ServeError where model and tokenizer are no pair."""
    if text.tokenizer.size > settings["vocab"]:
        raise ServeError(
            f"{path} 的分词器有 {text.tokenizer.size} 个词元，模型只认 {settings['vocab']} 个：它们不是一对。",
            f"The tokenizer of {path} has {text.tokenizer.size} tokens, the model knows {settings['vocab']}: they are "
            "no pair.",
        )
    poet = set(SPECIALS) <= text.tokenizer.specials.keys()
    about = {"kind": "poet" if poet else "chat" if text.template else "text", "parameters": parameters}
    return about | {key: settings[key] for key in ("layers", "context", "vocab")}


def ends(tokenizer: Tokenizer) -> frozenset[int]:
    return frozenset(id for name, id in tokenizer.specials.items() if name in ENDS)


def bytes_by_id(tokenizer: Tokenizer, vocab: int) -> list[bytes]:
    """What each id stands for; nothing for one that no token has."""
    pieces = [b""] * vocab
    for id in range(tokenizer.size):
        try:
            token = tokenizer.token(id)
        except KeyError:
            continue
        if tokenizer.byte_level:
            pieces[id] = bytes_of(token)
        elif spelled := SPELLED.fullmatch(token):
            pieces[id] = bytes.fromhex(spelled[1])
        else:
            pieces[id] = token.replace("▁", " ").encode()
    return pieces
