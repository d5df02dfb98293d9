"""What a checkpoint says of itself: which files it has, their hashes, and which run it belongs to.

    manifest.json    one line of JSON: format, step, config, code, forced, files -> bytes and SHA-256
                     one line: the SHA-256 of the line above

Every byte of a checkpoint is under one of these hashes, so that a flipped bit is found, not learned from.

Omits   signatures: whoever can write the folder can write a whole checkpoint
Proof   tests/stack/train/test_checkpoint.py: flipped bytes, cut files, a foreign pickle are refused by name
"""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wenjin.stack.train.errors import CheckpointError

FORMAT = 1
FILES = ("weights.safetensors", "rest.safetensors", "state.json")
MANIFEST = "manifest.json"
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # how torch.save and pickle begin


def seal(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of manifest.json."""
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()
    return text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n"


def check(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint whose every byte is as written. Raises CheckpointError, which names the file."""
    for name in sorted(os.listdir(path)):
        if name not in (*FILES, MANIFEST):
            raise _refusal(path / name, "不是检查点的文件，没有打开", "is no file of a checkpoint, and was not opened")
    manifest = unseal(path / MANIFEST)
    for name in FILES:
        written = manifest["files"][name]
        try:
            size, found = (path / name).stat().st_size, _hash(path / name)
        except OSError as error:
            raise _refusal(path / name, f"读不了（{error.strerror}）", f"cannot be read ({error.strerror})") from None
        if _is_pickle(path / name):
            raise _refusal(path / name, "是 pickle，没有打开", "is a pickle, and was not opened")
        if size != written["bytes"]:
            told = f"{size}", f"{written['bytes']}"
            raise _refusal(path / name, "有 {} 字节，应有 {}".format(*told), "has {} bytes, not {}".format(*told))
        if found != written["sha256"]:
            raise _refusal(path / name, "与写下时的 SHA-256 不符", "does not have the SHA-256 that it was written with")
    return manifest


def sources(*modules: str) -> dict[str, str]:
    """The SHA-256 of every source file of these modules and packages, by its place in them."""
    found = {}
    for module in modules:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise ValueError(f"there is no module {module}")
        root = Path(spec.origin)
        files = sorted(root.parent.rglob("*.py")) if root.name == "__init__.py" else [root]
        for file in files:
            found[f"{module}/{file.relative_to(root.parent)}"] = _hash(file)
    return found


def differences(old: Any, new: Any, name: str = "") -> list[str]:
    """What differs between two trees of JSON, a line each: `config.depth: 6 → 8`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return [
            line
            for key in sorted({*old, *new})
            for line in differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
        ]
    return [] if old == new else [f"{name}: {_short(old)} → {_short(new)}"]


def unseal(path: Path) -> dict[str, Any]:
    """The manifest, where it is as it was written. Raises CheckpointError."""
    try:
        data = path.read_bytes()
    except OSError:
        raise _refusal(path, "没有：检查点没有写完", "is missing: the checkpoint was not finished") from None
    if data.startswith(PICKLES):
        raise _refusal(path, "是 pickle，没有打开", "is a pickle, and was not opened")
    text, _, written = data.partition(b"\n")
    if written != hashlib.sha256(text).hexdigest().encode() + b"\n":
        raise _refusal(path, "与自己的 SHA-256 不符", "does not have its own SHA-256")
    manifest: dict[str, Any] = json.loads(text)
    if manifest["format"] != FORMAT:
        found = manifest["format"]
        raise _refusal(
            path, f"的格式是 {found}，这一版只认 {FORMAT}", f"has format {found}; this version knows {FORMAT}"
        )
    return manifest


def _refusal(path: Path, zh: str, en: str) -> CheckpointError:
    return CheckpointError(f"{path} {zh}。这个检查点没有用。", f"{path} {en}. This checkpoint was not used.")


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(PICKLES)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _short(value: Any) -> str:
    text = "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:12]}…"
