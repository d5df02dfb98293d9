"""What both sides know of a learner's surroundings. Imports nothing of the system: it loads everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

MiB = 1 << 20
BOX_SIZE, BOX_FILES = 48 * MiB, 2000  # all that a learner writes, /tmp and /dev/shm included


@dataclass(frozen=True, slots=True)
class Guards:
    """What confines a learner. All on, except where the machine has no such thing, or a test switches one off.

    nested    user, pid and mount namespaces for each job, with a tmpfs box
    landlock  no file but those named
    seccomp   no sockets, no processes, no kernel doors
    limits    memory, time, file size, descriptors
    """

    nested: bool = True
    landlock: bool = True
    seccomp: bool = True
    limits: bool = True


@dataclass(frozen=True, slots=True)
class Places:
    """Where a learner lives.

    box     its home, with the folders work, tmp and shm
    read    trees and files that it may read
    listed  folders of which it may know the names inside
    write   trees that it may write, too
    """

    box: str
    read: Sequence[str]
    listed: Sequence[str]
    write: Sequence[str]

    @property
    def scratch(self) -> list[str]:
        """The folders that must be empty when a job begins."""
        inside = [f"{self.box}/{name}" for name in ("work", "tmp", "shm")]
        return [*inside, *(path for path in self.write if path in ("/tmp", "/dev/shm"))]
