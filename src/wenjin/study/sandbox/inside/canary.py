"""Eight hostile acts, tried from where a learner's code runs. What they achieved is reported, and checked outside."""

import ctypes
import json
import os
import signal
import socket
import struct
from collections.abc import Callable
from typing import Any


def main(request: int, reply: int) -> None:
    """One frame in, what to try; one frame out, what came of it: {act: text, or null where it was refused}."""
    size = struct.unpack(">I", os.read(request, 4))[0]
    order = json.loads(os.read(request, size))
    acts: dict[str, Callable[[], Any]] = {
        "read": lambda: read(order["secret"]),
        "write": lambda: write(order["write"]),
        "tcp": lambda: send(socket.SOCK_STREAM, order["tcp"]),
        "udp": lambda: send(socket.SOCK_DGRAM, order["udp"]),
        "process": leave_a_process,
        "shm": lambda: shared_memory(order["name"]),
        "signal": lambda: os.kill(os.getppid(), 0),
        "namespace": new_namespace,
    }
    body = json.dumps({name: attempt(act) for name, act in acts.items()}).encode()
    os.write(reply, struct.pack(">I", len(body)) + body)


def attempt(act: Callable[[], Any]) -> str | None:
    try:
        return str(act())
    except OSError:
        return None


def read(path: str) -> str:
    with open(path) as file:
        return file.read()


def write(path: str) -> None:
    with open(path, "w") as file:
        file.write("written by a canary")


def send(kind: int, port: int) -> None:
    with socket.socket(socket.AF_INET, kind) as one:
        one.settimeout(0.2)
        one.connect(("127.0.0.1", port))
        one.send(b"canary")


def leave_a_process() -> int:
    """A daemon that would outlive its job."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(2)  # where nothing holds it, it must end by itself
        os.setsid()
        signal.pause()
    return pid


def shared_memory(name: str) -> str:
    """What an earlier job left in shared memory, and leave something there."""
    path = f"/dev/shm/{name}"
    found = "found" if os.path.exists(path) else "left"
    write(path)
    return found


def new_namespace() -> None:
    """A user namespace of one's own opens most doors of the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")
