"""Fewer, larger pages for the zygote's memory: a fork copies the table of pages, so its cost is their number.

With torch imported, one fork and the death of its child cost 24 ms in pages of 4 KiB and 11 ms in pages of 2 MiB
(two shared cores). Gathering them takes some tenths of a second, so it is done in steps, while nobody waits.
"""

import ctypes
from collections.abc import Iterator

HUGE = 2 << 20
MADV_HUGEPAGE, MADV_COLLAPSE = 14, 25


def gather() -> Iterator[None]:
    """One large page more at each step; steps end when there is nothing left, or the kernel is older than 6.1."""
    libc = ctypes.PyDLL(None, use_errno=True)
    for start, end in list(_own_memory()):
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_HUGEPAGE)
        for page in range(start, end, HUGE):
            if libc.madvise(ctypes.c_void_p(page), ctypes.c_size_t(HUGE), MADV_COLLAPSE) and ctypes.get_errno() != 22:
                return
            yield


def _own_memory() -> Iterator[tuple[int, int]]:
    """The writable memory that belongs to no file, cut to whole large pages, as (start, end)."""
    with open("/proc/self/maps") as file:
        for line in file:
            fields = line.split()
            if "w" in fields[1] and (len(fields) == 5 or fields[5] == "[heap]"):
                start, end = (int(value, 16) for value in fields[0].split("-"))
                start, end = -(-start // HUGE) * HUGE, end // HUGE * HUGE
                if start < end:
                    yield start, end
