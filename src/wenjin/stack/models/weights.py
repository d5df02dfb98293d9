"""Weights of published models, in and out: the folder that the Transformers library writes and reads.

    folder/config.json                      what the model is
    folder/model.safetensors                its weights; or, where they are many:
    folder/model-00001-of-00002.safetensors   a shard
    folder/model.safetensors.index.json       which shard holds which weight

    model = from_pretrained(Path("SmolLM2-135M"))        the weights stay where they are, mapped, until touched
    save_pretrained(model, Path("mine"), dtype=torch.bfloat16)

Every weight must find its place: one that is missing, left over or of another shape is named and nothing is loaded.

Omits    pickled files, quantized weights, tokenizers, fetching
Sources  what save_pretrained of transformers 5.23 writes; its documentation, "Models"
Proof    tests/stack/models/test_weights.py: both directions, whole and sharded, in float32, bfloat16 and float16
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from wenjin.stack.files import safetensors
from wenjin.stack.files.errors import FormatError
from wenjin.stack.models import bert
from wenjin.stack.models.bert import Bert, PretrainingBert
from wenjin.stack.models.config import Config, ModelError
from wenjin.stack.models.gpt2 import GPT2
from wenjin.stack.models.llama import Llama

Model = GPT2 | Llama | Bert | PretrainingBert
FAMILIES: Mapping[str, Callable[[Mapping[str, Any]], Model]] = {
    "gpt2": GPT2.from_config,
    "llama": Llama.from_config,
    "qwen2": Llama.from_config,
    "qwen3": Llama.from_config,
    "bert": bert.from_config,
}
DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)  # in which a weight may be kept
WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"


def from_config(config: Mapping[str, Any]) -> Model:
    """The model that a published config.json describes, its weights as before training. Raises ModelError."""
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise Config(config).refuse("model_type", f" {known}", f"one of {known}")
    Config(config).must("quantization_config", None)
    return FAMILIES[kind](config)


def from_pretrained(folder: Path, *, dtype: torch.dtype | None = None, ignore: tuple[str, ...] = ()) -> Model:
    """The model of a folder, ready to run on the CPU, in the dtypes of its file or in `dtype`.

    ignore: beginnings of names that may be left over, such as ("cls.",) to read the body of a larger model.
    Raises ModelError or FormatError (both with .zh and .en) for whatever is wrong with the folder.
    """
    config = read_json(folder / "config.json")
    weights = read_weights(folder)
    with planned():
        model = from_config(config)
    fill(model, weights, ignore=ignore)
    return model if dtype is None else model.to(dtype)


class Undrawn(TorchFunctionMode):
    """Weights without bytes are not drawn: torch would take a second to load what it does that with."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        if func in (nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_):
            return kwargs["tensor"]
        return func(*args, **kwargs or {})


@contextmanager
def planned() -> Iterator[None]:
    """Models made within have shapes and no bytes, until `fill` gives them their weights."""
    with torch.device("meta"), Undrawn():
        yield


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of a folder by name, mapped. Raises ModelError, FormatError."""
    if (folder / WHOLE).exists():
        return load(folder / WHOLE)
    if not (folder / INDEX).exists():
        raise ModelError(
            f"{folder} 里没有 {WHOLE}：这里只读 safetensors 权重，请先转换。",
            f"{folder} has no {WHOLE}: only safetensors weights are read here, convert them first.",
        )
    table = read_json(folder / INDEX).get("weight_map")
    if not isinstance(table, dict) or not all(isinstance(file, str) for file in table.values()):
        raise ModelError(f"{folder / INDEX} 里没有 weight_map。", f"{folder / INDEX} has no weight_map.")
    weights: dict[str, Tensor] = {}
    for file in sorted(set(table.values())):
        if Path(file).name != file or not file.endswith(".safetensors"):
            raise ModelError(
                f"{folder / INDEX} 指向 {file!a}，不是本文件夹里的分片。",
                f"{folder / INDEX} points to {file!a}, which is no shard of this folder.",
            )
        shard = load(folder / file)
        differ = {name for name, where in table.items() if where == file} ^ set(shard)
        if differ:
            raise ModelError(
                f"{folder / file} 与索引不符：{listed(differ)}。",
                f"{folder / file} and the index differ: {listed(differ)}.",
            )
        weights |= shard
    return weights


def fill(model: nn.Module, weights: Mapping[str, Tensor], *, ignore: tuple[str, ...] = ()) -> None:
    """Put weights into a model by name, in place; on the meta device they become its parameters as they are.

    Raises ModelError, before anything is changed, that names each weight missing, left over or misshaped.
    """
    weights = published(model, weights, ignore)
    groups: dict[nn.Parameter, list[str]] = {}  # names of one parameter: tied weights have two
    for name, parameter in model.named_parameters(remove_duplicate=False):
        groups.setdefault(parameter, []).append(name)
    check(groups, weights)
    for parameter, names in groups.items():
        value = next(weights[name] for name in names if name in weights)
        if parameter.device.type != "meta":
            with torch.no_grad():
                parameter.copy_(value)
            continue
        fresh = nn.Parameter(value, requires_grad=parameter.requires_grad)
        for name in names:
            owner, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(owner), leaf, fresh)


def published(model: nn.Module, weights: Mapping[str, Tensor], ignore: tuple[str, ...]) -> dict[str, Tensor]:
    """Weights under the names of the model: prefix put back, old spellings changed, what is no weight left out."""
    prefix: str = getattr(model, "PREFIX", "")
    bare = not any(name.startswith(prefix) for name in weights)
    ignored: tuple[str, ...] = getattr(model, "IGNORED", ())
    found = {}
    for name, value in weights.items():
        name = prefix + name if bare else name
        for old, new in getattr(model, "RENAMED", {}).items():
            name = name.replace(old, new)
        if not name.endswith(ignored) and not name.startswith(ignore):
            found[name] = value
    return found


def check(groups: Mapping[nn.Parameter, list[str]], weights: Mapping[str, Tensor]) -> None:
    """Raises ModelError unless each parameter has one value of its shape, and each value a parameter."""
    missing, wrong, apart = [], [], []
    for parameter, names in groups.items():
        given = [name for name in names if name in weights]
        if not given:
            missing.append(names[0])
        wrong += [
            f"{name} {list(weights[name].shape)} ≠ {list(parameter.shape)}"
            for name in given
            if weights[name].shape != parameter.shape
        ]
        wrong += [f"{name} {weights[name].dtype}" for name in given if weights[name].dtype not in DTYPES]
        first = weights[given[0]] if given else None
        apart += [name for name in given[1:] if first is not None and not torch.equal(weights[name], first)]
    extra = set(weights) - {name for names in groups.values() for name in names}
    faults = {
        ("缺少", "missing"): missing,
        ("多出", "left over"): sorted(extra),
        ("形状或类型不符", "of another shape or type"): wrong,
        ("本应共用却不同", "tied yet different"): apart,
    }
    if any(faults.values()):
        zh = "；".join(f"{words[0]}：{listed(names)}" for words, names in faults.items() if names)
        en = "; ".join(f"{words[1]}: {listed(names)}" for words, names in faults.items() if names)
        raise ModelError(
            f"权重与模型不符，什么都没有载入。{zh}。", f"The weights do not fit the model, and none was loaded. {en}."
        )


def save_pretrained(model: Model, folder: Path, *, dtype: torch.dtype | None = None, shard: int = 5 * 10**9) -> None:
    """Write config.json and the weights, in `dtype` or as they are, into files of at most `shard` bytes.

    The folder is made. Tied weights are written once. A weight larger than `shard` has a file of its own.
    Raises ModelError where the disk is full or the folder cannot be written to.
    """
    weights = {name: value.detach().to(dtype or value.dtype) for name, value in model.named_parameters()}
    kept = str(next(iter(weights.values())).dtype).removeprefix("torch.")
    parts = shards(weights, shard)
    files = [f"model-{n:05}-of-{len(parts):05}.safetensors" for n in range(1, len(parts) + 1)]
    files = [WHOLE] if len(parts) == 1 else files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, part in zip(files, parts, strict=True):
            safetensors.save(folder / file, part, {"format": "pt"})
        if len(parts) > 1:
            table = {name: file for file, part in zip(files, parts, strict=True) for name in part}
            size = sum(value.numel() * value.dtype.itemsize for value in weights.values())
            write_json(folder / INDEX, {"metadata": {"total_size": size}, "weight_map": table})
        for stale in {WHOLE, INDEX, *(path.name for path in folder.glob("model-*-of-*.safetensors"))} - {*files, INDEX}:
            (folder / stale).unlink(missing_ok=True)
        if len(parts) == 1:
            (folder / INDEX).unlink(missing_ok=True)
        write_json(folder / "config.json", model.config() | {"dtype": kept, "torch_dtype": kept})
    except OSError as error:
        raise ModelError(
            f"没能把模型存到 {folder}：{error}。", f"Cannot save the model to {folder}: {error}."
        ) from error


def shards(weights: Mapping[str, Tensor], most: int) -> list[dict[str, Tensor]]:
    """Weights in their order, dealt into as few consecutive parts as `most` bytes each allow."""
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in weights.items():
        bytes_here = value.numel() * value.dtype.itemsize
        if parts[-1] and size + bytes_here > most:
            parts.append({})
            size = 0
        parts[-1][name] = value
        size += bytes_here
    return parts


def load(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.load(path)
    except OSError as error:
        raise ModelError(f"读不了 {path}：{error}。", f"Cannot read {path}: {error}.") from error


def read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"读不了 {path}：{error}。", f"Cannot read {path}: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(path, f"不是合规的 JSON（{error}）。", f"not proper JSON ({error}).") from None
    if not isinstance(found, dict):
        raise FormatError(path, "最外层应为 { }。", "the outermost must be { }.")
    return found


def write_json(path: Path, found: Mapping[str, Any]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names for a sentence: the first few, and how many there are."""
    names = sorted(names)
    more = f", … ({len(names)})" if len(names) > most else ""
    return ", ".join(name if name.isprintable() else ascii(name) for name in (n[:120] for n in names[:most])) + more
