"""From a fresh fork of the zygote to a learner's process that can do nothing but compute.

Order matters: namespaces and the box need capabilities, Landlock needs the files that it names, and seccomp comes last
because it forbids what the others are made of.
"""

import fcntl
import os
import resource
from collections.abc import Sequence

from . import kernel, landlock, seccomp
from .places import BOX_FILES, BOX_SIZE, Guards, MiB, Places

NESTED = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID


def own_namespaces(uid: int, gid: int, places: Places) -> None:
    """As pid 1 of new namespaces: keep the ids, then give the learner a box and a /proc of its own.

    The box is one tmpfs. /tmp and /dev/shm are folders of it, so that one cap holds for all that a learner writes.
    """
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        place = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        os.write(place, text.encode())
        os.close(place)
    below = [path for path in places.read if path.startswith(("/tmp/", "/dev/shm/"))]  # an environment in /tmp
    kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in below}
    harmless = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("tmpfs", places.box, "tmpfs", harmless, f"size={BOX_SIZE},nr_inodes={BOX_FILES},mode=0700")
    furnish(places.box)
    kernel.mount(f"{places.box}/tmp", "/tmp", "", kernel.MS_BIND)
    kernel.mount(f"{places.box}/shm", "/dev/shm", "", kernel.MS_BIND)
    for path, place in kept.items():
        os.makedirs(path)
        kernel.mount(f"/proc/self/fd/{place}", path, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("proc", "/proc", "proc", harmless)


def furnish(box: str) -> None:
    """The folders of an empty box."""
    for name in ("work", "tmp", "shm"):
        os.mkdir(f"{box}/{name}", 0o700)


def hold(descriptors: Sequence[int]) -> None:
    """Hold exactly these descriptors, as 0, 1, 2, …"""
    copies = [fcntl.fcntl(place, fcntl.F_DUPFD_CLOEXEC, len(descriptors)) for place in descriptors]
    for number, place in enumerate(copies):
        os.dup2(place, number)
    try:
        kernel.call(436, len(copies), 0xFFFFFFFF, 0)  # close_range
    except OSError:
        os.closerange(len(copies), 1 << 16)


def limit(seconds: float, memory: int, address_space: int, threads: bool) -> None:
    """Limits of one process: `memory` bytes beyond the `address_space` that the warmed libraries already take.

    `threads`: count them, which is right only where all others of the same user are not counted along.
    """
    most = address_space + memory
    processor = 2 * int(seconds + 1)  # a backstop: the deadline is kept outside
    for kind, value in (
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, BOX_SIZE),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 64 if threads else resource.RLIM_INFINITY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_STACK, 8 * MiB),
    ):
        _soft, hard = resource.getrlimit(kind)
        value = (
            value if hard == resource.RLIM_INFINITY else hard if value == resource.RLIM_INFINITY else min(value, hard)
        )
        resource.setrlimit(kind, (value, value))


def confine(guards: Guards, places: Places) -> None:
    """The last steps, in the learner's process, which has one thread: after this it can only compute."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if guards.landlock:
        landlock.restrict(places.read, places.write, places.listed)
    kernel.drop_capabilities()
    if guards.seccomp:
        seccomp.install()
