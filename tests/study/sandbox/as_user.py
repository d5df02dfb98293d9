"""Run as root: `python -I as_user.py PRIVATE PATH… -- COMMAND…` runs the command as an ordinary user.

Each closed folder above the paths, and PRIVATE, becomes that user's own and closed to all others (mode 700), as a home
is that holds an interpreter. The machine itself is not changed: it happens in a private mount namespace.
"""

import importlib.util
import os
import sys
from pathlib import Path

USER = 61234
ROOT = Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location("drop", ROOT / "src/wenjin/study/sandbox/drop.py")
assert spec is not None
assert spec.loader is not None
drop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drop)

split = sys.argv.index("--")
private, paths, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1 :]
drop.system("unshare", drop.CLONE_NEWNS)
drop.mount("none", "/", "", drop.MS_REC | drop.MS_SLAVE)
for folder in drop.open_up([*paths, private], USER):
    drop.mount("none", folder, "", drop.MS_REMOUNT | drop.MS_NOSUID)
    os.chown(folder, USER, USER)
    os.chmod(folder, 0o700)
os.environ["HOME"] = private
os.chdir(private)
os.setgroups([])
os.setresgid(USER, USER, USER)
os.setresuid(USER, USER, USER)
os.execv(command[0], command)
