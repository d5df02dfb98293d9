"""Read and write tokenizer.json, the file in which tokenizers are published.

    tokenizer = read(Path("tokenizer.json"))        GPT-2, Llama 2 and 3, Qwen 2 and 3, SmolLM2, … and our own
    write(tokenizer, Path("tokenizer.json"))        opened by `tokenizers` and `transformers` alike

Such a file is data from others. It is read as JSON only, and all that the ids depend on is checked before it is used;
what is missing, contradicts itself or is not supported is refused by a sentence that names the field. Truncation and
padding are about batches and are left out.

Omits    WordPiece, Unigram, word-level models; dropout of merges
Sources  the file format of `tokenizers` 0.23
Proof    tests/stack/text/test_tokenizer_json.py: ids equal those of `tokenizers` from the same file, both ways;
         hostile files are refused
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wenjin.stack.text.errors import TextError
from wenjin.stack.text.parts import has, refuse, unsupported
from wenjin.stack.text.tokenizer import Added, Settings, Tokenizer

LARGEST = 256 * 1024 * 1024  # bytes; the largest published file has some 35 MB
HIGHEST = 1 << 24  # ids: no table of a model has more rows
PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")


def read(path: Path) -> Tokenizer:
    """Raises TextError for a file that is not there, is no tokenizer, or is one of a kind not supported."""
    try:
        if path.stat().st_size > LARGEST:
            raise _unread(path, f"超过 {LARGEST >> 20} MB", f"is larger than {LARGEST >> 20} MB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unread(path, f"读不了（{error.strerror}）", f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise _unread(path, f"第 {error.start} 字节不是 UTF-8", f"is not UTF-8 at byte {error.start}") from None
    try:
        data = json.loads(text)
    except RecursionError:
        raise _unread(path, "嵌套太深", "is nested too deeply") from None
    except ValueError as error:
        raise _unread(path, f"不是 JSON（{error}）", f"is no JSON ({error})") from None
    return from_json(data)


def _unread(path: Path, zh: str, en: str) -> TextError:
    return TextError(f"{path} {zh}。请重新取得这个文件。", f"{path} {en}. Get the file again.")


def from_json(data: Any) -> Tokenizer:
    """A tokenizer from what stands in the file. Raises TextError."""
    model = has(data, "model", dict, "tokenizer.json")
    if (kind := model.get("type", "BPE")) != "BPE":
        raise unsupported("model.type", kind)
    vocabulary = _vocabulary(model)
    merges = _merges(model, vocabulary)
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(name):
            raise unsupported(f"model.{name}", model[name])
    settings = Settings(
        **{part: data.get(part) for part in PARTS},
        unknown=_optional(model, "unk_token", str, None),
        fuse_unknown=_optional(model, "fuse_unk", bool, False),
        byte_fallback=_optional(model, "byte_fallback", bool, False),
        whole=_optional(model, "ignore_merges", bool, False),
    )
    if settings.unknown is not None and settings.unknown not in vocabulary:
        raise refuse("model.unk_token", "不在词表里", "is not in the vocabulary")
    if settings.byte_fallback and (lost := [b for b in range(256) if f"<0x{b:02X}>" not in vocabulary]):
        raise refuse("model.vocab", f"缺少 <0x{lost[0]:02X}>", f"lacks <0x{lost[0]:02X}>, which byte_fallback needs")
    try:
        return Tokenizer(vocabulary, merges, _added(data, vocabulary), settings)
    except RecursionError:
        raise refuse("pre_tokenizer", "嵌套太深", "is nested too deeply") from None


def _optional(model: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    return default if model.get(name) is None else has(model, name, kind, "model")


def _vocabulary(model: Mapping[str, Any]) -> dict[str, int]:
    """Tokens and their ids: each a number of its own."""
    vocabulary = has(model, "vocab", dict, "model")
    seen: dict[int, str] = {}
    for token, id in vocabulary.items():
        field = f"model.vocab[{ascii(token)[:40]}]"
        if type(id) is not int or not 0 <= id < HIGHEST:
            raise refuse(field, "不是合适的编号", f"is no id: a whole number from 0 to {HIGHEST - 1}")
        if id in seen:
            raise refuse(field, f"与 {ascii(seen[id])[:40]} 同号", f"has the id of {ascii(seen[id])[:40]}")
        seen[id] = token
        _sound(token, field)
    return dict(vocabulary)


def _sound(token: str, field: str) -> None:
    """Half of a surrogate pair can stand in JSON, but not in a text."""
    if any("\ud800" <= character <= "\udfff" for character in token):
        raise refuse(field, "里有半个代理对", "has half of a surrogate pair")


def _merges(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> list[tuple[str, str]]:
    """Pairs of tokens, written as "a b" in older files and as ["a", "b"] in newer ones."""
    merges: list[tuple[str, str]] = []
    for at, one in enumerate(has(model, "merges", list, "model")):
        pair = one.split(" ") if isinstance(one, str) else one
        field = f"model.merges[{at}]"
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise refuse(field, "不是两个词元", "is no pair of tokens")
        for token in (*pair, "".join(pair)):
            if token not in vocabulary:
                raise refuse(field, f"里的 {ascii(token)[:40]} 不在词表里", f"needs {ascii(token)[:40]}: not in vocab")
        merges.append((pair[0], pair[1]))
    return merges


def _added(data: Mapping[str, Any], vocabulary: Mapping[str, int]) -> list[Added]:
    """The added tokens. An id that a token of the vocabulary has must be that token's."""
    added: dict[str, Added] = {}
    tokens = {id: token for token, id in vocabulary.items()}
    rows = has(data, "added_tokens", list, "tokenizer.json") if data.get("added_tokens") is not None else []
    for at, one in enumerate(rows):
        field = f"added_tokens[{at}]"
        content, id = has(one, "content", str, field), has(one, "id", int, field)
        flags = [has(one, name, bool, field) for name in ("special", "lstrip", "rstrip", "normalized")]
        if one.get("single_word"):
            raise unsupported(f"{field}.single_word", True)
        if not content or content in added:
            raise refuse(f"{field}.content", "是空的，或出现两次", "is empty, or stands there twice")
        if not 0 <= id < HIGHEST or tokens.get(id, content) != content or vocabulary.get(content, id) != id:
            raise refuse(f"{field}.id", f"是 {id}，与词表矛盾", f"is {id}, which contradicts the vocabulary")
        _sound(content, f"{field}.content")
        tokens[id] = content
        added[content] = Added(id, content, *flags)
    return list(added.values())


def to_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """What stands in the file."""
    settings = tokenizer.settings
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": settings.unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": settings.fuse_unknown,
        "byte_fallback": settings.byte_fallback,
        "ignore_merges": settings.whole,
        "vocab": dict(sorted(tokenizer.vocabulary.items(), key=lambda row: row[1])),
        "merges": [list(pair) for pair in tokenizer.merges],
    }
    added = [
        {
            "id": one.id,
            "content": one.content,
            "single_word": False,
            "lstrip": one.left,
            "rstrip": one.right,
            "normalized": one.normalized,
            "special": one.special,
        }
        for one in sorted(tokenizer.added, key=lambda one: one.id)
    ]
    parts = {part: getattr(settings, part) for part in PARTS}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, **parts, "model": model}


def write(tokenizer: Tokenizer, path: Path) -> None:
    """The whole file or none of it. Raises OSError."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(to_json(tokenizer), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
