"""The parts of a tokenizer.json as functions: what normalizes, what cuts, what stands around, what gives back.

    cutter({"type": "ByteLevel", "add_prefix_space": False, "use_regex": True})     a function: text -> pieces

Each part is named by its type. What is not known is refused by a sentence that names the field, never skipped: a
tokenizer that is nearly right gives ids that are nearly right, and nobody notices.

Omits    WordPiece, Unigram and what only they use; offsets
Sources  the file format of `tokenizers` 0.23; Llama 2 arXiv:2307.09288 (2.1) for ▁ and bytes as a last resort
Proof    tests/stack/text/test_tokenizer_json.py: equals `tokenizers` part by part
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from wenjin.stack.text.errors import TextError
from wenjin.stack.text.normalize import compose
from wenjin.stack.text.pretokenize import GPT2, Cutter, translate

Spec = Mapping[str, Any] | None
Change = Callable[[str], str]
Cut = Callable[[str, bool], list[str]]  # a text, and whether it is the beginning of all -> its pieces
FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def refuse(field: str, zh: str, en: str) -> TextError:
    return TextError(
        f"tokenizer.json 的 {field} {zh}。换一个文件，或用 tokenizers 库改写它。",
        f"In tokenizer.json, {field} {en}. Take another file, or rewrite it with the tokenizers library.",
    )


def unsupported(field: str, value: object) -> TextError:
    shown = ascii(value)[:80]
    return refuse(field, f"是 {shown}，这里不支持", f"is {shown}, which is not supported here")


def has(spec: Any, key: str, kind: type, field: str) -> Any:
    """The value of a key, checked. Raises TextError."""
    if not isinstance(spec, Mapping):
        raise refuse(field, "应是一个对象", "should be an object")
    if type(value := spec.get(key)) is not kind:
        name = {str: "text", bool: "true or false", list: "a list", dict: "an object", int: "a number"}[kind]
        raise refuse(f"{field}.{key}", f"应是 {kind.__name__}", f"should be {name}")
    return value


def inner(spec: Any, key: str, field: str) -> list[tuple[Any, str]]:
    """The members of a Sequence, each with its field's name."""
    return [(one, f"{field}.{key}[{at}]") for at, one in enumerate(has(spec, key, list, field))]


def normalizer(spec: Spec, field: str = "normalizer") -> Change:
    """text -> text. Raises TextError."""
    if spec is None:
        return str
    kind = has(spec, "type", str, field)
    if kind == "Sequence":
        steps = [normalizer(one, name) for one, name in inner(spec, "normalizers", field)]
        return lambda text: _all(steps, text)
    if kind in FORMS:
        return lambda text: compose(text, kind)
    if kind == "Prepend":
        start = has(spec, "prepend", str, field)
        return lambda text: start + text if text else text
    if kind == "Replace":
        new, pattern = has(spec, "content", str, field), has(spec, "pattern", dict, field)
        if set(pattern) == {"String"} and isinstance(pattern["String"], str) and pattern["String"]:
            return lambda text: text.replace(pattern["String"], new)
        found = re.compile(translate(has(pattern, "Regex", str, f"{field}.pattern")))
        return lambda text: found.sub(lambda _: new, text)
    raise unsupported(f"{field}.type", kind)


def _all(steps: list[Change], text: str) -> str:
    for step in steps:
        text = step(text)
    return text


def cutter(spec: Spec, field: str = "pre_tokenizer") -> tuple[Cut, bool]:
    """text -> pieces, and whether the symbols are bytes. Raises TextError."""
    if spec is None:
        return lambda text, first: [text], False
    kind = has(spec, "type", str, field)
    if kind == "Sequence":
        steps = [cutter(one, name) for one, name in inner(spec, "pretokenizers", field)]
        if any(bytes_ for _, bytes_ in steps[:-1]):
            raise refuse(field, "里 ByteLevel 不在最后", "has a ByteLevel that is not the last")
        return lambda text, first: _chain([cut for cut, _ in steps], text, first), bool(steps) and steps[-1][1]
    if kind == "ByteLevel":
        return _byte_level(spec, field), True
    if kind == "Split":
        return _split(spec, field), False
    if kind == "Digits":
        numbers = Cutter(r"\p{N}" if has(spec, "individual_digits", bool, field) else r"\p{N}+")
        return lambda text, first: numbers.with_gaps(text), False
    if kind == "Metaspace":
        return _metaspace(spec, field), False
    raise unsupported(f"{field}.type", kind)


def _chain(steps: list[Cut], text: str, first: bool) -> list[str]:
    pieces = [text]
    for cut in steps:
        pieces = [part for at, piece in enumerate(pieces) for part in cut(piece, first and at == 0)]
    return pieces


def _byte_level(spec: Any, field: str) -> Cut:
    spaced = has(spec, "add_prefix_space", bool, field)
    words = Cutter(GPT2) if has({"use_regex": True, **spec}, "use_regex", bool, field) else None

    def cut(text: str, first: bool) -> list[str]:
        text = f" {text}" if spaced and not text.startswith(" ") else text
        return words(text) if words else [text]

    return cut


def _split(spec: Any, field: str) -> Cut:
    pattern, invert = has(spec, "pattern", dict, field), has(spec, "invert", bool, field)
    if set(pattern) == {"String"}:
        written = re.sub(r"([^\w\s])", r"\\\1", has(pattern, "String", str, f"{field}.pattern"), flags=re.ASCII)
    else:
        written = has(pattern, "Regex", str, f"{field}.pattern")
    try:
        words = Cutter(written)
    except TextError as error:
        raise TextError(f"tokenizer.json 的 {field}：{error.zh}", f"In tokenizer.json, {field}: {error.en}") from None
    behavior = has(spec, "behavior", str, field)
    if behavior == "Isolated":
        return lambda text, first: words(text)
    if behavior == "Removed" and invert:
        return lambda text, first: [piece for piece in words.fitting(text).findall(text) if piece]
    if behavior == "Removed":
        return lambda text, first: [piece for piece in words.fitting(text).split(text) if piece]
    raise unsupported(f"{field}.behavior", behavior)


def _metaspace(spec: Any, field: str) -> Cut:
    mark, scheme = has(spec, "replacement", str, field), has(spec, "prepend_scheme", str, field)
    if scheme not in ("always", "first", "never"):
        raise unsupported(f"{field}.prepend_scheme", scheme)
    split = has({"split": True, **spec}, "split", bool, field)

    def cut(text: str, first: bool) -> list[str]:
        text = text.replace(" ", mark)
        if (scheme == "always" or (scheme == "first" and first)) and not text.startswith(mark):
            text = mark + text
        return [piece for piece in re.split(f"(?={re.escape(mark)})", text) if piece] if split else [text]

    return cut


def framed(spec: Spec, tokens: Mapping[int, str], field: str = "post_processor") -> tuple[list[int], list[int]]:
    """The ids that stand before and after one text. Raises TextError."""
    if spec is None:
        return [], []
    kind = has(spec, "type", str, field)
    if kind == "ByteLevel":
        return [], []
    if kind == "Sequence":
        around = [framed(one, tokens, name) for one, name in inner(spec, "processors", field)]
        return [id for before, _ in reversed(around) for id in before], [id for _, after in around for id in after]
    if kind != "TemplateProcessing":
        raise unsupported(f"{field}.type", kind)
    sides: tuple[list[int], list[int]] = ([], [])
    named, side = has(spec, "special_tokens", dict, field), 0
    for one, name in inner(spec, "single", field):
        if isinstance(one, Mapping) and set(one) == {"Sequence"}:
            side += 1
            continue
        token = has(has(one, "SpecialToken", dict, name), "id", str, f"{name}.SpecialToken")
        ids = has(has(named, token, dict, f"{field}.special_tokens"), "ids", list, f"{field}.special_tokens.{token}")
        if side > 1 or any(type(id) is not int or id not in tokens for id in ids):
            raise refuse(name, "指向词表里没有的词元", "names a token that the vocabulary lacks")
        sides[side].extend(ids)
    if side != 1:
        raise refuse(f"{field}.single", "应恰有一处 Sequence", "should have one Sequence")
    return sides


def spare_spaces(spec: Spec, field: str = "decoder") -> int:
    """How many spaces a decoder of characters takes off the beginning. Raises TextError for one of another kind."""
    if spec is None or has(spec, "type", str, field) != "Sequence":
        raise unsupported(field, spec and spec.get("type"))
    steps = {has(one, "type", str, name): (one, name) for one, name in inner(spec, "decoders", field)}
    if list(steps)[:3] != ["Replace", "ByteFallback", "Fuse"] or set(steps) > {
        "Replace",
        "ByteFallback",
        "Fuse",
        "Strip",
    }:
        raise unsupported(field, list(steps))
    replace, strip = steps["Replace"][0], steps.get("Strip", ({}, ""))[0]
    if (replace.get("pattern"), replace.get("content")) != ({"String": "▁"}, " "):
        raise unsupported(steps["Replace"][1], replace)
    if not strip:
        return 0
    if strip.get("content") != " " or strip.get("stop") != 0:
        raise unsupported(steps["Strip"][1], strip)
    return int(has(strip, "start", int, steps["Strip"][1]))
