"""The probe at start: eight canaries try to get out through a real job. The tier is what they could not do."""

import json
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from wenjin.study.sandbox.job import Ended, Job, Limits, SandboxError
from wenjin.study.sandbox.tier import Tier, judged


def probe(open_job: Callable[[Limits], Job], best: str) -> Tier:
    """Run the canaries twice, the second time to find what the first left; `best` is what the means would allow."""
    folder = Path(tempfile.mkdtemp(prefix="wenjin-canary-"))
    name = f"wenjin-canary-{secrets.token_hex(8)}"
    secret = secrets.token_hex(16)
    try:
        folder.chmod(0o777)  # only the sandbox may be what stops it
        (folder / "secret").write_text(secret)
        (folder / "secret").chmod(0o666)
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            tcp.setblocking(False)
            udp.setblocking(False)
            order = {
                "secret": str(folder / "secret"),
                "write": str(folder / "written"),
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "name": name,
            }
            first, second = (_fly(open_job, order) for _ in range(2))
            if first is None or second is None:
                return judged(best, {})
            held = {
                "read": secret not in (first["read"] or ""),
                "write": not (folder / "written").exists(),
                "tcp": not _arrived(lambda: tcp.accept()[0].close()),
                "udp": not _arrived(lambda: udp.recv(1)),
                "process": first["process"] is None,
                "shm": second["shm"] != "found" and not Path("/dev/shm", name).exists(),
                "signal": first["signal"] is None,
                "namespace": first["namespace"] is None,
            }
            return judged(best, held)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path("/dev/shm", name).unlink(missing_ok=True)


def _fly(open_job: Callable[[Limits], Job], order: dict[str, object]) -> dict[str, str | None] | None:
    """What the canaries say; None when they did not come back, three times over: a busy machine may lose one."""
    for _ in range(3):
        try:
            with open_job(Limits(seconds=15.0)) as job:
                job.send(json.dumps(order).encode())
                said: dict[str, str | None] = json.loads(job.receive())
                return said
        except (Ended, SandboxError, ValueError):
            continue
    return None


def _arrived(look: Callable[[], object]) -> bool:
    """Whether something came to a socket that nobody should reach."""
    try:
        look()
    except OSError:
        return False
    return True
