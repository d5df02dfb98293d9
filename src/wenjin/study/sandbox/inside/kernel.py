"""The system calls that Python does not wrap, through ctypes. Every failure is an OSError with its errno."""

import ctypes
import os
import platform
import struct

MACHINES = {"x86_64": 0, "AMD64": 0, "aarch64": 1, "arm64": 1}
MACHINE = MACHINES.get(platform.machine())  # column in tables of call numbers; None: neither, so no seccomp

# PyDLL keeps the interpreter's lock: after a raw clone the child must hold it, as after a fork.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWIPC = 0x20000, 0x10000000, 0x20000000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MS_PRIVATE, MS_SLAVE = 1 << 18, 1 << 19
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38


def call(number: int, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """A raw system call: numbers are passed as machine words, bytes by address."""
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *words))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)


def release() -> tuple[int, ...]:
    """The kernel's version, as (6, 1)."""
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in os.uname().release.split(".")[:2])


def clone(flags: int) -> int:
    """Fork into new namespaces: 0 in the child, its pid in the parent. The child must be a process with one thread."""
    if MACHINE is None:
        raise OSError(38, "no clone number for this machine")
    return call((56, 220)[MACHINE], flags | 17, 0, 0, 0, 0)  # 17 is SIGCHLD


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    _libc.mount.restype = ctypes.c_int
    _checked(
        _libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)
    )


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(ctypes.c_int(flags)))


def prctl(option: int, value: int = 0) -> None:
    """prctl(2) with one argument; the others are zero."""
    words = [ctypes.c_ulong(w) for w in (value, 0, 0, 0)]
    _checked(_libc.prctl(ctypes.c_int(option), *words))


def die_with_parent(parent: int) -> None:
    """Be killed when the parent's thread ends; at once when it already has."""
    prctl(PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(70)


def drop_capabilities() -> None:
    """Give up every capability; with no_new_privs they cannot come back."""
    if MACHINE is None:
        return
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    call((126, 91)[MACHINE], header, bytes(24))
