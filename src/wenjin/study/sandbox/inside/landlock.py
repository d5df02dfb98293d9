"""Landlock: the only files a process may still open, by path; where the kernel knows how, no TCP and no signals out.

See landlock(7).
"""

import os
import struct
from collections.abc import Iterable

from . import kernel

CREATE, ADD, RESTRICT = 444, 445, 446
READ_FILE, READ_FOLDER, WRITE_FILE, TRUNCATE = 1 << 2, 1 << 3, 1 << 1, 1 << 14
ON_FILES = 1 << 0 | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15
# In the box: files, folders, symbolic links and pipes may come and go; no devices, no sockets, nothing to execute.
IN_BOX = (
    READ_FILE | READ_FOLDER | WRITE_FILE | TRUNCATE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 12 | 1 << 13
)


def version() -> int:
    """The kernel's Landlock ABI; 0 where it has none."""
    try:
        return kernel.call(CREATE, None, 0, 1)
    except OSError:
        return 0


def restrict(read: Iterable[str], write: Iterable[str], listed: Iterable[str] = ()) -> None:
    """Bind this process: `read` trees read-only, `write` trees read and write, `listed` folders by name only.

    A path that is not there grants nothing. no_new_privs must be set. OSError where the kernel refuses.
    """
    abi = version()
    files = (1 << {0: 13, 1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)) - 1
    network, scopes = (3 if abi >= 4 else 0), (3 if abi >= 6 else 0)
    attributes = struct.pack("=QQQ", files, network, scopes)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = kernel.call(CREATE, attributes, size, 0)
    try:
        for paths, access in ((read, READ_FILE | READ_FOLDER), (write, IN_BOX), (listed, READ_FOLDER)):
            for path in paths:
                _allow(rules, path, access & files)
        kernel.call(RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            access &= ON_FILES
        kernel.call(ADD, rules, 1, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)
