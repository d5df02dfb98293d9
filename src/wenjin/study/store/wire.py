"""How processes of one learner speak with the owner of the data folder: a Unix socket, each message a length (4 bytes,
big-endian) and JSON. A message may carry one open file, which is how the lock itself is handed over."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.store.log import StoreError

LARGEST = 64 << 20
LONGEST = 100  # bytes of a path that every system takes as the name of a socket

TOO_LARGE = Text(
    "这一条记录有 {size} MiB，超过上限 {most} MiB，没有保存；请把答案改短。",
    "This record has {size} MiB, more than the {most} MiB that are kept, and was not saved; make the answer shorter.",
)
TOO_LONG = Text(
    "数据目录 {data} 的路径太长，这个系统无法在其中建立套接字；请用 --data 换一个较短的路径。",
    "The path of the data folder {data} is too long for a socket on this system; choose a shorter one with --data.",
)


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name for the socket `path` that is short enough: names of sockets end at 108 bytes, folders do not."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    if not Path("/proc/self/fd").is_dir():
        raise StoreError(TOO_LONG.format(data=path.parent))
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path) -> socket.socket:
    """Listen at `path`, for this user alone, in place of a socket that a killed process may have left there."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        with reachable(new) as name:
            listener.bind(name)
        os.chmod(new, 0o600)  # nobody can connect yet: it does not listen
        listener.listen(64)
        os.replace(new, path)
    except BaseException:
        listener.close()
        raise
    return listener


def connect(path: Path, timeout: float) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(timeout)
    try:
        with reachable(path) as name:
            peer.connect(name)
    except BaseException:
        peer.close()
        raise
    return peer


def send(peer: socket.socket, message: Mapping[str, Any], file: int | None = None) -> None:
    body = json.dumps(message).encode()
    if len(body) > LARGEST:
        raise StoreError(TOO_LARGE.format(size=len(body) >> 20, most=LARGEST >> 20))
    frame = len(body).to_bytes(4, "big") + body
    if file is not None:
        sent = socket.send_fds(peer, [frame], [file])
        frame = frame[sent:]
    peer.sendall(frame)


def receive(peer: socket.socket) -> tuple[dict[str, Any], int | None]:
    """A message and the file that came with it. ConnectionError when the peer is gone or does not speak this."""
    files: list[int] = []
    try:
        size = int.from_bytes(_exactly(peer, 4, files), "big")
        if size > LARGEST:
            raise ConnectionError("not a message of ours")
        body = _exactly(peer, size, files)
        message = json.loads(body)
        if not isinstance(message, dict):
            raise ConnectionError("not a message of ours")
    except BaseException as error:
        for file in files:
            os.close(file)
        if isinstance(error, ValueError | RecursionError):
            raise ConnectionError("not a message of ours") from error
        raise
    for file in files[1:]:
        os.close(file)
    return message, files[0] if files else None


def _exactly(peer: socket.socket, size: int, files: list[int]) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part, came, _, _ = socket.recv_fds(peer, min(size - len(parts), 1 << 20), 1)
        for file in came:
            os.set_inheritable(file, False)
        files += came
        if not part:
            raise ConnectionError("the other side is gone")
        parts += part
    return bytes(parts)
