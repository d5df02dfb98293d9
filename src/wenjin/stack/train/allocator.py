"""Keep the memory that large tensors leave behind, instead of giving it back to the system after every step.

A step of training frees and asks for the same hundreds of megabytes. The C library hands large pieces back to the
system at once, which then clears every page of the next one. Told to keep them, a step on a processor gets faster by
about a tenth, and the process holds what it once needed until it ends.

Source   mallopt(3) of the GNU C library; with another C library nothing happens
Proof    tests/stack/train/test_allocator.py: fewer pages are cleared
"""

import ctypes
import sys

TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4  # names of mallopt's settings
AHEAD = 256 * 2**20  # bytes asked for at once


def keep_pages() -> bool:
    """For this process, from now on. False where the C library has no such settings."""
    if sys.platform != "linux":
        return False
    try:
        set_ = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(set_(MMAP_MAX, 0) and set_(TRIM_THRESHOLD, -1) and set_(TOP_PAD, AHEAD))
