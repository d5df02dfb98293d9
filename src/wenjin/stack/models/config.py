"""Reading a published config.json: each entry is asked for by name, and what we cannot serve is refused in words.

    config = Config({"model_type": "gpt2", "n_embd": 768, "activation_function": "relu"})
    config.whole("n_embd")                                       768
    config.must("activation_function", "gelu_new")               ModelError: … "relu" … "gelu_new" …

A model that ran with an entry overlooked would give plausible, wrong numbers: so nothing is guessed.

Proof    tests/stack/models/test_config.py
"""

import json
from collections.abc import Mapping
from typing import Any, cast

LAYERS = 2048  # as many as any model may have; the deepest published ones have 126


class ModelError(Exception):
    """A model that cannot be built, loaded or saved: what is wrong, where, and what to do, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def divides(small: int, large: int, what: str) -> None:
    """Raises ModelError unless both are positive and `small` divides `large`."""
    if small < 1 or large < 1 or large % small:
        raise ModelError(
            f"{what}：{small} 必须整除 {large}，且都为正。", f"{what}: {small} must divide {large}, both positive."
        )


def room(tokens: int, context: int) -> None:
    """Raises ModelError for a text longer than the model can read."""
    if tokens > context:
        raise ModelError(
            f"文字有 {tokens} 个词元，模型最多读 {context} 个：请截短。",
            f"The text has {tokens} tokens and the model reads {context}: shorten it.",
        )


class Config:
    """A config.json as read. Every question raises ModelError where the entry is absent or of a wrong kind."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self.entries = entries

    def refuse(self, key: str, wanted_zh: str, wanted_en: str) -> ModelError:
        found = json.dumps(self.entries[key], ensure_ascii=False, default=str)[:200] if key in self.entries else None
        if found is None:
            return ModelError(f"配置里缺少 {key}，应为{wanted_zh}。", f"The configuration lacks {key}: {wanted_en}.")
        return ModelError(
            f"配置里 {key} = {found}，这里只支持{wanted_zh}。",
            f"The configuration has {key} = {found}; needed: {wanted_en}.",
        )

    def get(self, key: str, default: Any = None) -> Any:
        """The entry, or `default` where it is absent or null."""
        value = self.entries.get(key)
        return default if value is None else value

    def whole(self, key: str, default: int | None = None, most: int = 2**24) -> int:
        """A whole number from 1 to `most`: a size that lies must not fill the memory."""
        value = self.get(key, default)
        if type(value) is not int or not 1 <= value <= most:
            raise self.refuse(key, f" 1 到 {most} 的整数", f"a whole number from 1 to {most}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A positive number, as it is written: a whole one stays whole."""
        value = self.get(key, default)
        if type(value) not in (int, float) or not 0 < value < float("inf"):
            raise self.refuse(key, "正数", "a positive number")
        return cast(float, value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key, default)
        if type(value) is not bool:
            raise self.refuse(key, "真或假", "true or false")
        return value

    def must(self, key: str, *allowed: Any) -> None:
        """The entry, absent or null included, is one of `allowed`."""
        if self.get(key, allowed[0]) not in allowed:
            words = json.dumps(allowed[0])
            raise self.refuse(key, f" {words}", words)
