"""Memory that is kept is not cleared again: counted by the system, in a process of its own."""

import subprocess
import sys

PROGRAM = """
import resource, sys, torch
from wenjin.stack.train.allocator import keep_pages
torch.set_num_threads(1)
said = keep_pages() if sys.argv[1] == "keep" else None
def work(numbers):
    for _ in range(5):
        torch.ones(numbers)
work(9_000_000)  # 36 MB, so that what comes next fits though small things were put there meanwhile
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work(8_000_000)
print(said, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def cleared(way: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM, way], capture_output=True, text=True, check=True)
    said, faults = done.stdout.split()
    return said, int(faults)


def test_pages_that_are_kept_are_not_cleared_again() -> None:
    said, kept = cleared("keep")
    _, plain = cleared("leave")
    if said == "True":  # with another C library nothing is promised, and nothing breaks
        assert kept < plain / 10
    else:
        assert said == "False"
