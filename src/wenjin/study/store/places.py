"""Where things lie on this machine: what belongs to the learner, and nothing else.

data       events, cookie secret, log file, backups; `--data`, WENJIN_DATA, else the system's usual folder
workspace  the learner's answers as files; WENJIN_WORKSPACE, else ~/wenjin

Nothing is made here: who writes makes the folder. To remove the course is to remove these two and the checkout.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Places:
    """
    log           what the server writes about itself, as text (not the learner's events)
    database_url  the learner's events: SQLite in the data folder, or WENJIN_DATABASE_URL
    socket        where other commands hand their events to the owner of the data folder
    lock          held (flock) by the owner; its text names the owner
    secret        what cookies are signed with; it outlives restarts
    """

    data: Path
    workspace: Path
    log: Path
    database_url: str
    socket: Path
    lock: Path
    secret: Path

    @property
    def database(self) -> Path:
        return self.data / "wenjin.db"

    @property
    def backups(self) -> Path:
        return self.data / "backups"


def places(
    data: Path | None = None,
    workspace: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
) -> Places:
    """Arguments win over the environment, the environment over the system's habit."""
    data = _absolute(data or environ.get("WENJIN_DATA") or usual(environ, platform))
    workspace = _absolute(workspace or environ.get("WENJIN_WORKSPACE") or Path.home() / "wenjin")
    return Places(
        data=data,
        workspace=workspace,
        log=data / "wenjin.log",
        database_url=environ.get("WENJIN_DATABASE_URL") or f"sqlite:///{quote(str(data / 'wenjin.db'), safe='/:')}",
        socket=data / "owner.sock",
        lock=data / "owner.lock",
        secret=data / "secret",
    )


def usual(environ: Mapping[str, str], platform: str) -> Path:
    """The folder where programs keep their data on this system."""
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Wenjin"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "Wenjin"
    # The standard says that a relative XDG_DATA_HOME is to be ignored.
    xdg = environ.get("XDG_DATA_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else Path.home() / ".local" / "share") / "wenjin"


def _absolute(path: Path | str) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))
