"""How much memory processes hold, from /proc."""

import contextlib
import os

PAGE = os.sysconf("SC_PAGE_SIZE")


def sizes(process: str) -> tuple[int, int]:
    """Address space and resident memory of a process, in bytes."""
    with open(f"/proc/{process}/statm", "rb") as file:
        size, resident = file.read().split()[:2]
    return int(size) * PAGE, int(resident) * PAGE


def held_below(roots: set[int], baseline: int) -> dict[int, int]:
    """Resident bytes above `baseline`, summed over all processes at or below each root."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    held: dict[int, int] = {}
    for pid in parents:
        root = pid
        while root and root not in roots:
            root = parents.get(root, 0)
        if root:
            with contextlib.suppress(OSError):
                held[root] = held.get(root, 0) + max(0, sizes(str(pid))[1] - baseline)
    return held
