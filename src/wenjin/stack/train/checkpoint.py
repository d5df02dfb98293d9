"""Checkpoints that survive a kill at any moment, and that are never used when anything about them is not as written.

    <folder>/step-00000040/
        weights.safetensors   the model's tensors by their published names
        rest.safetensors      all other tensors: optimizers, random numbers
        state.json            everything that is no tensor: step, data position, settings of the optimizers
        manifest.json         configuration, hashes of the code, bytes and SHA-256 of the files above, and of itself

    keeper = Keeper(folder, config={"depth": 6}, code=sources("wenjin.stack.models"))
    keeper.save(40, {"weights": {...}, "optimizers": [...], "step": 40})
    keeper.newest().tree["step"]        40

A checkpoint is made under another name, the manifest last, every file and folder is flushed to the disk, and only then
it gets its name: whoever sees the name sees all of it. Two are kept. No file is ever a pickle, for reading one can run
whatever its writer liked.

Omits    writing in the background, and parts of a tensor in several files: the whole is gathered first
Source   rename as the moment of truth: rename(2), fsync(2)
Proof    tests/stack/train/test_checkpoint.py: broken files, a full disk; test_kills.py: kills while saving
"""

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from wenjin.stack.files import safetensors
from wenjin.stack.train import tree
from wenjin.stack.train.errors import CheckpointError, NotFiniteError
from wenjin.stack.train.manifest import FILES, FORMAT, MANIFEST, check, differences, seal

METADATA = {"format": "pt"}  # what transformers asks of a file of weights


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that was checked and read. `forced`: differences that were overruled on the way here."""

    path: Path
    tree: dict[str, Any]
    forced: list[dict[str, Any]]

    @property
    def weights(self) -> dict[str, Tensor]:
        held: dict[str, Tensor] = self.tree["weights"]
        return held


class Keeper:
    """The checkpoints of one run. `config` and `code` are what a run must have in common with the one that it resumes;
    `code` is what manifest.sources() gives."""

    def __init__(
        self, folder: Path, *, config: Mapping[str, Any], code: Mapping[str, str] | None = None, keep: int = 2
    ) -> None:
        self.folder, self.keep = Path(folder), keep
        self.config: dict[str, Any] = json.loads(json.dumps(config))  # as it will be read
        self.code = dict(code or {})
        self.forced: list[dict[str, Any]] = []
        self.refused: list[tuple[Path, CheckpointError]] = []

    def save(self, step: int, snapshot: Mapping[str, Any]) -> Path:
        """Write a checkpoint. `snapshot`: numbers, words, lists, dicts and tensors; its "weights": name -> tensor.

        Raises CheckpointError, and leaves what was there, where the disk takes no more or a number is not finite.
        """
        final, new = self.folder / f"step-{step:08d}", self.folder / f".new-{os.getpid()}"
        parts, rest = tree.split({name: value for name, value in snapshot.items() if name != "weights"})
        refuse_not_finite({**snapshot["weights"], **rest})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            described = json.dumps(parts, ensure_ascii=False, allow_nan=False).encode()
            files = {
                FILES[0]: _write(new / FILES[0], lambda file: safetensors.write(file, snapshot["weights"], METADATA)),
                FILES[1]: _write(new / FILES[1], lambda file: safetensors.write(file, rest)),
                FILES[2]: _write(new / FILES[2], lambda file: file.write(described)),
            }
            about = {"format": FORMAT, "step": step, "config": self.config, "code": self.code, "forced": self.forced}
            _write(new / MANIFEST, lambda file: file.write(seal({**about, "files": files})))
            _flush(new)
            with contextlib.suppress(FileNotFoundError):
                final.rename(self.folder / f".old-{os.getpid()}")
            new.rename(final)
            _flush(self.folder)
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)
            raise _unwritten(self.folder, error) from None
        self._prune(step)
        return final

    def newest(self, *, force: bool = False) -> Checkpoint | None:
        """The newest checkpoint that is whole; those that are not are told in `refused`. None where there is none.

        Raises CheckpointError where the run that saved it had another configuration or other code, unless `force`: then
        the differences are noted in every checkpoint from here on.
        """
        self.refused = []
        for path in reversed(steps(self.folder)):
            try:
                manifest = check(path)
                held = read(path)
            except CheckpointError as error:
                self.refused.append((path, error))
                continue
            except FileNotFoundError:  # its run has just thrown it away for a newer one
                continue
            other = differences({"config": manifest["config"], "code": manifest["code"]}, self._mine())
            if other and not force:
                listed = "\n".join(f"    {line}" for line in other)
                raise CheckpointError(
                    f"{path} 属于另一种设置或另一版代码，没有接着用：\n{listed}\n"
                    "换回原来的，或用 --force 照样接着训练（会记下来）。",
                    f"{path} belongs to another configuration or other code, and was not resumed:\n{listed}\n"
                    "Go back to those, or resume all the same with --force (it will be noted).",
                )
            self.forced = manifest["forced"] + ([{"step": manifest["step"], "differences": other}] if other else [])
            return Checkpoint(path, held, self.forced)
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts no other process trains in this folder. Raises CheckpointError where one does."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unwritten(self.folder, error) from None
        try:
            if not _locked(lock):
                raise CheckpointError(
                    f"另一个进程正在 {self.folder} 里训练。等它结束，或先停下它。",
                    f"Another process is training in {self.folder}. Wait until it ends, or stop it first.",
                )
            for leftover in (*self.folder.glob(".new-*"), *self.folder.glob(".old-*")):
                shutil.rmtree(leftover, ignore_errors=True)
            yield
        finally:
            os.close(lock)

    def _mine(self) -> dict[str, Any]:
        return {"config": self.config, "code": self.code}

    def _prune(self, step: int) -> None:
        """Of what was saved before, as many as are kept; and nothing that stands later than this step."""
        before = [path for path in steps(self.folder) if _step(path) < step and path not in dict(self.refused)]
        stay = {self.folder / f"step-{step:08d}", *(before[-(self.keep - 1) :] if self.keep > 1 else [])}
        for path in (*steps(self.folder), *self.folder.glob(".old-*")):
            if path not in stay:
                _discard(path)

    def thin(self) -> None:
        """The run is over: the newest checkpoint alone stays."""
        for path in steps(self.folder)[:-1]:
            _discard(path)


def newest(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint of a run, whatever its configuration: for whoever only uses the weights."""
    return Keeper(folder, config={}).newest(force=True)


def steps(folder: Path) -> list[Path]:
    """The checkpoints that have a name, oldest first."""
    return sorted(path for path in folder.glob("step-" + "[0-9]" * 8) if path.is_dir())


def _discard(path: Path) -> None:
    """Under its name nobody meets half of it."""
    gone = path if path.name.startswith(".") else path.rename(path.with_name(f".old-{path.name}"))
    shutil.rmtree(gone, ignore_errors=True)


def refuse_not_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raises NotFiniteError, which names the first tensor that holds NaN or infinity."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel():
            low, high = tensor.aminmax()  # both NaN where any is
            if not (torch.isfinite(low) and torch.isfinite(high)):
                raise NotFiniteError(
                    f"{name} 里有 NaN 或无穷大，没有保存检查点。",
                    f"{name} holds NaN or infinity: no checkpoint was saved.",
                )


def read(path: Path) -> dict[str, Any]:
    """The tree of a checkpoint that was checked."""
    weights, rest = safetensors.load(path / FILES[0]), safetensors.load(path / FILES[1])
    joined: dict[str, Any] = tree.join(json.loads((path / FILES[2]).read_text(encoding="utf-8")), rest)
    return joined | {"weights": weights}


def _unwritten(folder: Path, error: OSError) -> CheckpointError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return CheckpointError(
            f"磁盘已满，{folder} 里存不下新的检查点；原有的还在。腾出空间再接着训练。",
            f"The disk is full: no new checkpoint fits into {folder}; those before it are still there. Free some "
            "space, then go on.",
        )
    return CheckpointError(
        f"{folder} 写不进检查点（{error.strerror}）；原有的还在。",
        f"No checkpoint can be written into {folder} ({error.strerror}); those before it are still there.",
    )


class _Summed(io.RawIOBase):
    """A file that knows the hash of what it was given."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sum, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self.sum.update(data)
        self.bytes += memoryview(data).nbytes
        return self.file.write(data)


def _write(path: Path, fill: Callable[[Any], object]) -> dict[str, Any]:
    """A file that is on the disk when this returns, and what the manifest says of it."""
    with path.open("wb") as file:
        summed = _Summed(file)
        fill(summed)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": summed.bytes, "sha256": summed.sum.hexdigest()}


def _flush(folder: Path) -> None:
    """The names in a folder, onto the disk. Windows does that by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Is the file ours now? The system forgets the lock when this process ends, however it ends."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))
