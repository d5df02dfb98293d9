"""Both starts, root's and an ordinary user's, with an interpreter that only its owner may reach; and every end."""

import os
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.study.sandbox.support import LEARNERS, eventually, processes
from wenjin.study.sandbox import drop, launch

HERE = Path(__file__).parent
STARTS = ["root", "user"] if os.geteuid() == 0 else ["user"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of learners whose path marks every process that was started for it."""
    shutil.copytree(LEARNERS, tmp_path / "learners")
    return tmp_path / "learners"


@pytest.fixture(params=STARTS)
def running(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Iterator[tuple[str, list[str], Path]]:
    """A server with a worker and two learners at work: the start, what the worker said, the mark.

    Its environment lies in a home that only its owner may enter, below /tmp, of which a learner has its own.
    """
    home = tmp_path / "home"
    venv.create(home / "venv")
    (packages,) = (home / "venv" / "lib").glob("python*/site-packages")
    (packages / "of_this_environment.py").write_text("number = 7")
    home.chmod(0o700)
    argv = [str(home / "venv" / "bin" / "python"), str(HERE / "server.py"), str(folder)]
    if request.param == "user" and os.geteuid() == 0:
        view = launch.view()
        shown = [*view.trees, *view.links, sys.executable, str(launch.PACKAGE), str(folder), str(HERE)]
        argv = [sys.executable, "-I", str(HERE / "as_user.py"), str(home), *shown, "--", *argv]
    bubblewrap = launch.bwrap()  # our own environment may be all that has one
    assert bubblewrap
    path = f"{Path(bubblewrap).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "WENJIN_CANARY_SECRET": "CANARY-ENV"}
    environment["PYTHONPATH"] = str(launch.PACKAGE.parent)
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, start_new_session=True)
    assert server.stdout is not None
    with server.stdout:
        said = server.stdout.readline().decode().split()
        try:
            assert len(said) == 4, processes(str(folder))
            yield request.param, [str(server.pid), *said], folder
        finally:
            server.kill()
            server.wait()


def test_the_worker_is_no_root_knows_no_secret_and_reaches_tier_a(running: tuple[str, list[str], Path]) -> None:
    start, (_server, uid, _worker, tier, secret), _folder = running
    assert int(uid) == (drop.free_id() if start == "root" else int(uid))
    assert int(uid) != 0
    assert (tier, secret) == ("A", "None")


@pytest.mark.parametrize("victim", ["server", "worker", "bubblewrap", "zygote"])
def test_whoever_is_killed_nothing_is_left(running: tuple[str, list[str], Path], victim: str) -> None:
    """kill -9, so that nobody can tidy up."""
    _start, (server, _uid, worker, _tier, _secret), folder = running
    mark = str(folder)
    before = processes(mark)
    learners = [pid for pid, line in before.items() if "inside import zygote" in line and "--unshare-all" not in line]
    assert len(learners) >= 5  # the zygote, and for each job the first of its namespace and the learner
    victims = {
        "server": int(server),
        "worker": int(worker),
        "bubblewrap": min(pid for pid, line in before.items() if "--unshare-all" in line),
        "zygote": min(learners),
    }
    os.kill(victims[victim], signal.SIGKILL)
    if victim in ("server", "worker"):
        gone = before.keys() - {int(server)}
        assert eventually(lambda: not processes().keys() & gone, 2), processes(mark)
    else:
        assert eventually(lambda: not processes().keys() & set(learners), 2), processes(mark)


class TestDrop:
    """What root's command sees: the paths that it named, at their names, and no more of the closed folders."""

    pytestmark = pytest.mark.usefixtures("folder")

    def look(self, show: list[Path], program: str) -> str:
        line = launch.unprivileged([sys.executable, "-I", "-c", program], show)
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()

    def test_what_only_its_owner_could_read_is_shown_and_nothing_beside_it(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        for name in ("shown", "hidden"):
            (home / name / "deep").mkdir(parents=True)
            (home / name / "deep" / "file").write_text(name)
            (home / name / "deep" / "file").chmod(0o600)
            (home / name / "deep").chmod(0o700)
            (home / name).chmod(0o700)
        (home / "link").symlink_to("shown")
        (home / "secret").write_text("CANARY")
        home.chmod(0o700)
        program = f"""
import os
home = {str(home)!r}
def tried(act, *a):
    try: return act(*a)
    except OSError as error: return type(error).__name__
print(tried(lambda: open(home + '/link/deep/file').read()), tried(lambda: open(home + '/hidden/deep/file').read()),
      tried(lambda: open(home + '/shown/new', 'w')), tried(os.listdir, home + '/shown'), os.getgroups(), os.getcwd())
"""
        seen = self.look([home / "link"], program)
        if os.geteuid() == 0:
            assert seen.startswith("shown FileNotFoundError OSError")
            assert seen.endswith("['deep'] [] /")
            assert not (home / "shown" / "new").exists()
        else:  # nothing was dropped, so nothing changed
            assert seen.startswith("shown hidden")

    def test_the_worker_has_no_capability(self) -> None:
        status = self.look([], "print([l for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm'))])")
        assert status.count("0000000000000000") == 2

    def test_links_that_go_round_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        with pytest.raises(OSError, match="too many symbolic links"):
            drop.trail(str(tmp_path / "a"))


def test_trusted_code_runs_and_is_stopped_at_its_time(tmp_path: Path) -> None:
    run = launch.run_trusted
    done = run([sys.executable, "-c", "print('done')"], cwd=tmp_path, environment={}, timeout=30)
    assert (done.code, done.output, done.errors) == (0, b"done\n", b"")
    late = run(
        [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(99)"],
        cwd=tmp_path,
        environment={},
        timeout=2,
    )
    assert (late.code, late.output) == (None, b"begun\n")
