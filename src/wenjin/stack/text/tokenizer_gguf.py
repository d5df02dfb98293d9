"""The tokenizer that a GGUF file carries among its metadata: the same ids as the tokenizer.json it was made from.

    tokenizer.ggml.model        gpt2: byte-level BPE
    tokenizer.ggml.pre          smollm: by which pattern texts are cut; the file has the pattern's name alone
    tokenizer.ggml.tokens       ["<|endoftext|>", …, "Ġthe", …] in the order of their ids
    tokenizer.ggml.token_type   [3, …, 1, …]: 1 usual, 3 steers the model, 4 added by hand, 5 never used
    tokenizer.ggml.merges       ["Ġ t", …]

A name of a pattern that is not known here is refused: cut by a wrong one, ids are nearly right, and nobody notices.

Omits    SentencePiece and WordPiece vocabularies (llama, bert, t5), which such files carry without their rules
Sources  "GGUF" in the documents of ggml-org/ggml (docs/gguf.md, "Tokenizer"); the published tokenizer.json of each
         family named in CUTS
Proof    tests/stack/text/test_tokenizer_gguf.py: ids equal those of `tokenizers` on any text, from files that the gguf
         package wrote, and for SmolLM2 as it is published; hostile metadata are refused
"""

from collections.abc import Mapping, Sequence
from typing import Any

from wenjin.stack.text.errors import TextError
from wenjin.stack.text.pretokenize import LLAMA3, QWEN2
from wenjin.stack.text.tokenizer import Added, Settings, Tokenizer
from wenjin.stack.text.tokenizer_json import HIGHEST

PLACE = "tokenizer.ggml."
CONTROL, BY_HAND, BYTE = 3, 4, 6  # what a token is
KINDS = range(1, 7)
WORDS = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
BYTES = WORDS | {"use_regex": False}


def _steps(*steps: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "pretokenizers": list(steps)}


def _split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


SINGLE_DIGITS = Settings(pre_tokenizer=_steps({"type": "Digits", "individual_digits": True}, WORDS), decoder=BYTES)
PLAIN = Settings(pre_tokenizer=WORDS, decoder=BYTES)
BY_THREES = Settings(pre_tokenizer=_steps(_split(LLAMA3), BYTES), decoder=BYTES, whole=True)
COMPOSED = Settings(normalizer={"type": "NFC"}, pre_tokenizer=_steps(_split(QWEN2), BYTES), decoder=BYTES)
CUTS = {  # the name in the file -> how the published tokenizer.json of that family cuts
    "gpt-2": PLAIN,
    "smollm": SINGLE_DIGITS,
    "starcoder": SINGLE_DIGITS,
    "refact": SINGLE_DIGITS,
    "codeshell": SINGLE_DIGITS,
    "llama-bpe": BY_THREES,
    "llama3": BY_THREES,
    "llama-v3": BY_THREES,
    "qwen2": COMPOSED,
    "deepseek-r1-qwen": COMPOSED,
}


def from_metadata(metadata: Mapping[str, Any]) -> Tokenizer:
    """Raises TextError for metadata without a tokenizer, with one of a kind not supported, or that contradict."""
    kind, cut = _text(metadata, "model"), _text(metadata, "pre")
    if kind != "gpt2":
        raise _unsupported("model", kind, ("gpt2",))
    if cut not in CUTS:
        raise _unsupported("pre", cut, CUTS)
    tokens = _list(metadata, "tokens", str)
    kinds = _list(metadata, "token_type", int) if PLACE + "token_type" in metadata else [1] * len(tokens)
    vocabulary = _vocabulary(tokens, kinds)
    merges = _merges(_list(metadata, "merges", str), vocabulary)
    added = [
        Added(id, token, special=of == CONTROL)
        for id, (token, of) in enumerate(zip(tokens, kinds, strict=True))
        if of in (CONTROL, BY_HAND)
    ]
    settings = CUTS[cut]
    before = _framing(metadata, "bos", tokens, usual=settings.whole)
    after = _framing(metadata, "eos", tokens, usual=False)
    return Tokenizer(
        vocabulary,
        merges,
        added,
        Settings(
            settings.normalizer, settings.pre_tokenizer, _frame(before, after), settings.decoder, whole=settings.whole
        ),
    )


def token_id(metadata: Mapping[str, Any], name: str) -> int | None:
    """The id that the file gives for bos, eos, eot, padding, …; None where it gives none. Raises TextError."""
    id = metadata.get(f"{PLACE}{name}_token_id")
    if id is None:
        return None
    tokens = metadata.get(PLACE + "tokens")
    if type(id) is not int or not isinstance(tokens, list) or not 0 <= id < len(tokens):
        raise _refuse(
            f"{name}_token_id", f"是 {ascii(id)[:40]}，词表里没有", f"is {ascii(id)[:40]}, which no token has"
        )
    return id


def _refuse(field: str, zh: str, en: str) -> TextError:
    return TextError(
        f"GGUF 元数据的 {PLACE}{field} {zh}。换一个文件，或用新的转换程序重新转换。",
        f"In the GGUF's metadata, {PLACE}{field} {en}. Take another file, or convert it anew.",
    )


def _unsupported(field: str, value: str, known: Mapping[str, object] | Sequence[str]) -> TextError:
    shown, names = ascii(value)[:80], ", ".join(known)
    return _refuse(
        field, f"是 {shown}，这里不支持；支持 {names}", f"is {shown}, which is not supported here; {names} are"
    )


def _text(metadata: Mapping[str, Any], field: str) -> str:
    value = metadata.get(PLACE + field)
    if not isinstance(value, str):
        raise _refuse(field, "不是文本，或者没有", "is no text, or is not there")
    return value


def _list(metadata: Mapping[str, Any], field: str, kind: type) -> list[Any]:
    value = metadata.get(PLACE + field)
    if not isinstance(value, list) or not all(type(one) is kind for one in value):
        what = {str: ("文本", "texts"), int: ("整数", "whole numbers")}[kind]
        raise _refuse(field, f"应是一列{what[0]}", f"should be a list of {what[1]}")
    return value


def _vocabulary(tokens: list[str], kinds: list[int]) -> dict[str, int]:
    """Tokens and their ids, each once."""
    if len(kinds) != len(tokens) or not 0 < len(tokens) < HIGHEST:
        raise _refuse(
            "token_type",
            f"有 {len(kinds)} 个，词元有 {len(tokens)} 个",
            f"has {len(kinds)} entries for {len(tokens)} tokens",
        )
    vocabulary: dict[str, int] = {}
    for id, (token, kind) in enumerate(zip(tokens, kinds, strict=True)):
        if kind not in KINDS or kind == BYTE:
            raise _refuse(f"token_type[{id}]", f"是 {kind}，这里不支持", f"is {kind}, which is not supported here")
        if not token or token in vocabulary:
            raise _refuse(
                f"tokens[{id}]",
                f"{ascii(token)[:40]} 是空的，或出现两次",
                f"{ascii(token)[:40]} is empty or stands twice",
            )
        if any("\ud800" <= character <= "\udfff" for character in token):
            raise _refuse(f"tokens[{id}]", "里有半个代理对", "has half of a surrogate pair")
        vocabulary[token] = id
    return vocabulary


def _merges(lines: list[str], vocabulary: Mapping[str, int]) -> list[tuple[str, str]]:
    merges: list[tuple[str, str]] = []
    for at, line in enumerate(lines):
        left, _, right = line.partition(" ")
        if not left or not right or " " in right:
            raise _refuse(
                f"merges[{at}]", f"{ascii(line)[:40]} 不是两个词元", f"{ascii(line)[:40]} is no pair of tokens"
            )
        for token in (left, right, left + right):
            if token not in vocabulary:
                shown = ascii(token)[:40]
                raise _refuse(f"merges[{at}]", f"里的 {shown} 不在词表里", f"needs {shown}, which is no token")
        merges.append((left, right))
    return merges


def _framing(metadata: Mapping[str, Any], name: str, tokens: list[str], *, usual: bool) -> tuple[str, int] | None:
    """The token that stands before (bos) or after (eos) a text, where the file asks for it."""
    asked = metadata.get(f"{PLACE}add_{name}_token", usual)
    if type(asked) is not bool:
        raise _refuse(f"add_{name}_token", "应是真或假", "should be true or false")
    id = token_id(metadata, name) if asked else None
    return None if id is None else (tokens[id], id)


def _frame(before: tuple[str, int] | None, after: tuple[str, int] | None) -> dict[str, Any] | None:
    """As a tokenizer.json says it; None where nothing stands around a text."""
    if before is None and after is None:
        return None
    single: list[dict[str, Any]] = [{"Sequence": {"id": "A", "type_id": 0}}]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}]
    special = {token: {"id": token, "ids": [id], "tokens": [token]} for token, id in filter(None, (before, after))}
    single = [
        *([{"SpecialToken": {"id": before[0], "type_id": 0}}] if before else []),
        *single,
        *([{"SpecialToken": {"id": after[0], "type_id": 0}}] if after else []),
    ]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}
