"""Who runs a lab: a process of this machine by name, or one of another machine by its heartbeat.

A process of this machine is asked for itself, not for its clock: one that was stopped for an hour still holds its run,
and one that was killed holds nothing, whatever the time is.
"""

import os
import socket
from contextlib import suppress

LEASE = 30.0  # seconds without a heartbeat after which a process of another machine counts as dead
BEAT = 5.0  # seconds between heartbeats


def me() -> str:
    """This process, as no other is called: machine, its last start, number, when the process began."""
    return _name(os.getpid())


def alive(holder: str, beat: float, now: float) -> bool:
    """Whether the process still lives; `beat` and `now` are seconds since 1970."""
    host, _, rest = holder.partition(" ")
    if host != socket.gethostname():
        return abs(now - beat) < LEASE
    with suppress(ValueError, IndexError):
        return _name(int(rest.split()[1])) == holder
    return False


def _name(pid: int) -> str:
    boot, began = "-", "-"
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    try:
        with open(f"/proc/{pid}/stat", "rb") as status:
            fields = status.read().rpartition(b")")[2].split()
            began = fields[19].decode() if fields[0] not in (b"Z", b"X") else "ended"
    except FileNotFoundError:
        began = "ended" if os.path.isdir("/proc/self") else _still(pid)
    except OSError:
        pass
    return f"{socket.gethostname()} {boot} {pid} {began}"


def _still(pid: int) -> str:
    """Without /proc only that the number is in use."""
    with suppress(ProcessLookupError):
        with suppress(PermissionError):
            os.kill(pid, 0)
        return "-"
    return "ended"
