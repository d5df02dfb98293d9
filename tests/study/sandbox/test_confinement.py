"""What a learner's code can reach, by class of act. Each is refused, in words that the judge can tell apart."""

import contextlib
import os
import socket
import time
from pathlib import Path

import pytest

from tests.study.sandbox.support import asked, eventually, processes
from wenjin.study.sandbox import launch
from wenjin.study.sandbox.inside import kernel, seccomp
from wenjin.study.sandbox.pool import Ended, Limits, Sandbox

NETWORK = "PermissionError: [Errno 13] Permission denied"
PROCESS = "PermissionError: [Errno 1] Operation not permitted"
CLONE = seccomp.CLONE[kernel.MACHINE or 0]
CALL = "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\nr = c.{}\nresult = r, os.strerror(ctypes.get_errno())"


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.socket()",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import socket; socket.create_connection(('127.0.0.1', 80))",
        "import socket; socket.socketpair()[0].bind('/box/work/name')",
        "import socket; socket.socketpair()[0].connect(b'\\0wenjin')",
        "import socket; socket.socketpair(type=socket.SOCK_DGRAM)[0].sendto(b'x', b'\\0wenjin')",
        "import socket; socket.socketpair()[0].sendmsg([b'x'])",
    ],
)
def test_no_network_of_any_kind(sandbox: Sandbox, program: str) -> None:
    assert asked(sandbox, program) == NETWORK


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import multiprocessing as m; m.Process(target=print).start()",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.kill(1, 0)",
        "import os; os.kill(-1, 9)",
        "import os; os.pidfd_open(os.getpid())",
        "import os; os.setpriority(os.PRIO_PROCESS, 0, 1)",
    ],
)
def test_no_other_process_is_made_or_touched(sandbox: Sandbox, program: str) -> None:
    assert asked(sandbox, program).startswith(PROCESS)


def test_system_does_not_run_a_shell(sandbox: Sandbox) -> None:
    assert asked(sandbox, "import os; result = os.system('echo hello')") != "0"


@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",
        "setns(0, 0)",
        "mount(b'none', b'/', None, 0x44000, None)",
        "umount2(b'/proc', 2)",
        "chroot(b'/box')",
        "ptrace(0, 0, 0, 0)",
        f"syscall({CLONE}, 0x10000011, 0, 0, 0, 0)",  # clone into a user namespace
        f"syscall({CLONE}, 0x10010f00, 0, 0, 0, 0)",  # a thread that asks for one
        "prctl(1, 0, 0, 0, 0)",  # not to die with its parent
    ],
)
def test_the_doors_of_the_kernel_are_shut(sandbox: Sandbox, call: str) -> None:
    assert asked(sandbox, CALL.format(call)) == "(-1, 'Operation not permitted')"


@pytest.mark.parametrize("number", [435, seccomp.NEWEST, 600, 0x40000000 + 39])
def test_calls_that_nobody_thought_of_are_not_there(sandbox: Sandbox, number: int) -> None:
    assert asked(sandbox, CALL.format(f"syscall({number}, 0, 0)")) == "(-1, 'Function not implemented')"


@pytest.mark.parametrize(
    ("table", "answer"),
    [
        (seccomp.SOCKETS, "Permission denied"),
        (seccomp.PROCESSES, "Operation not permitted"),
        (seccomp.KERNEL, "Operation not permitted"),
        (seccomp.UNCOUNTED, "Operation not permitted"),
        (seccomp.ON_ONESELF, "Operation not permitted"),
    ],
    ids=["sockets", "processes", "kernel", "uncounted", "on-oneself"],
)
def test_every_call_of_the_table_is_refused(sandbox: Sandbox, table: dict[str, tuple[int, int]], answer: str) -> None:
    """By its number, as a program would that avoids the C library; the first argument is another process's id."""
    numbers = {name: pair[kernel.MACHINE or 0] for name, pair in table.items() if pair[kernel.MACHINE or 0] is not None}
    program = f"""
import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
def tried(number):
    ctypes.set_errno(0)
    return c.syscall(number, 1, 0, 0, 0, 0, 0), os.strerror(ctypes.get_errno())
result = {{name: tried(number) for name, number in {numbers!r}.items()}}
"""
    assert eval(asked(sandbox, program)) == dict.fromkeys(numbers, (-1, answer))


def test_every_call_of_the_table_has_its_number_on_both_machines() -> None:
    for table in (seccomp.SOCKETS, seccomp.PROCESSES, seccomp.KERNEL, seccomp.UNCOUNTED, seccomp.ON_ONESELF):
        for column in (0, 1):
            numbers = [numbers[column] for numbers in table.values() if numbers[column] is not None]
            assert len(numbers) == len(set(numbers))
    for machine in (0, 1):
        assert len(seccomp.program(machine, 2)) % 8 == 0


def test_threads_locks_and_own_signals_still_work(sandbox: Sandbox) -> None:
    program = """
import threading, queue, signal, os, asyncio, tempfile, time
q = queue.Queue()
threads = [threading.Thread(target=q.put, args=(i,)) for i in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1)); os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(10)
async def main(): await asyncio.sleep(0); return 5
with tempfile.NamedTemporaryFile('w+') as f: f.write('x'); f.flush(); size = os.path.getsize(f.name)
result = q.qsize(), len(got), asyncio.run(main()), size
"""
    assert asked(sandbox, program) == "(8, 2, 5, 1)"


def test_a_learner_holds_nothing_but_its_pipes(sandbox: Sandbox) -> None:
    program = """
import os
seen = {}
for place in range(1024):
    try: seen[place] = os.readlink(f'/proc/self/fd/{place}').split(':')[0]
    except OSError: pass
result = list(seen.values()), dict(os.environ), os.getcwd(), os.getuid() != 0, len(os.listdir('/proc'))
"""
    held, environment, folder, ordinary, _ = eval(asked(sandbox, program))
    assert held == ["/dev/null", "pipe", "pipe", "pipe", "pipe"]
    assert environment == {"HOME": "/box"}
    assert (folder, ordinary) == ("/box/work", True)


def test_it_sees_no_process_but_its_own(sandbox: Sandbox) -> None:
    seen = eval(asked(sandbox, "import os; result = [int(n) for n in os.listdir('/proc') if n.isdigit()]"))
    assert sorted(seen) == [1, 2]


def test_no_capability_and_no_new_privileges(sandbox: Sandbox) -> None:
    status = dict(
        line.split(":\t") for line in eval(asked(sandbox, "result = open('/proc/self/status').read()")).splitlines()
    )
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_files_outside_cannot_be_read_or_written(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("CANARY")
    secret.chmod(0o644)
    for path in (secret, Path("/etc/passwd"), Path("/etc/shadow"), Path(__file__), launch.PACKAGE / "kit" / "text.py"):
        assert asked(sandbox, f"result = open({str(path)!r}).read()").startswith(("FileNotFound", "PermissionError"))
    for path in (
        tmp_path / "written",
        Path("/etc/written"),
        Path("/usr/written"),
        Path(launch.view().trees[0], "written"),
    ):
        answer = asked(sandbox, f"open({str(path)!r}, 'w')")
        assert answer.startswith(("FileNotFound", "PermissionError", "OSError: [Errno 30]")), answer
        assert not path.exists()
    for path in ("/", "/proc/1/environ", "/proc/1/mem", "/wenjin/inside/zygote.py", "/wenjin/entry/tiny.py"):
        assert asked(
            sandbox, f"import os; os.listdir({path!r}) if {path!r} == '/' else open({path!r}).read()"
        ).startswith("PermissionError")


def test_our_package_is_not_importable_and_nowhere_on_disk(sandbox: Sandbox) -> None:
    assert asked(sandbox, "import wenjin.kit").startswith("ModuleNotFoundError")
    program = """
import os, sys
found = []
for root in [*sys.path, '/', '/usr', '/box', os.getcwd()]:
    for folder, folders, files in os.walk(root):
        found += [os.path.join(folder, f) for f in files if f in ('solution.py', 'grade.py', 'mistakes.toml')]
result = found
"""
    assert asked(sandbox, program, seconds=60) == "[]"


def test_what_is_written_stays_within_the_box_and_its_caps(sandbox: Sandbox) -> None:
    fill = """
import errno, os
def fill(folder):
    total, n = 0, 0
    try:
        while True:
            with open(f'{folder}/{n}', 'wb') as f:
                n += 1
                for _ in range(16): total += f.write(bytes(1 << 20))
    except OSError as error: return total >> 20, errno.errorcode[error.errno]
result = fill('/tmp'), fill('/dev/shm'), fill('/box/work')
"""
    (first, why), (second, _), (third, _) = eval(asked(sandbox, fill, seconds=30))
    assert why == "ENOSPC"
    assert first + second + third <= 48
    many = """
import os
n = 0
try:
    while True: open(f'/box/work/{n}', 'w').close(); n += 1
except OSError as error: result = n, error.errno
"""
    made, code = eval(asked(sandbox, many, seconds=30))
    assert made < 2000
    assert code == 28
    one = asked(sandbox, "open('big', 'wb').write(bytes(60 << 20))", seconds=30)
    assert one in ("OSError: [Errno 27] File too large", "OSError: [Errno 28] No space left on device")


def test_open_files_and_threads_are_counted(sandbox: Sandbox) -> None:
    assert "Too many open files" in asked(sandbox, "f = []\nwhile True: f.append(open('/dev/null'))")
    bomb = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()"
    assert asked(sandbox, bomb, seconds=20) == "RuntimeError: can't start new thread"


def test_the_next_job_and_the_job_beside_see_nothing_of_it(sandbox: Sandbox) -> None:
    leave = "[open(f'{d}/left', 'w').write('x') for d in ('/tmp', '/dev/shm', '/box/work', '/box')]; result = 1"
    look = "import os; result = [d for d in ('/tmp', '/dev/shm', '/box/work', '/box') if os.path.exists(d + '/left')]"
    with sandbox.open() as first, sandbox.open() as beside:
        first.send(leave.encode())
        assert first.receive() == b"1"
        beside.send(look.encode())
        assert beside.receive() == b"[]"
    assert asked(sandbox, look) == "[]"
    assert not any(Path(folder, "left").exists() for folder in ("/tmp", "/dev/shm"))


def test_nothing_of_a_job_is_left(sandbox: Sandbox) -> None:
    def number() -> int:
        return len(processes("inside import zygote"))

    assert asked(sandbox, "result = 1") == "1"
    time.sleep(0.5)  # the next learner's process is made ahead
    before = number()
    for program in (
        "while True: pass",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()",
    ):
        with sandbox.open(Limits(seconds=0.5)) as job:
            job.send(program.encode())
            with contextlib.suppress(Ended):
                job.receive()
    assert eventually(lambda: number() <= before, 2)


def test_forks_do_not_share_their_dice(warmed: Sandbox) -> None:
    program = "import random, torch, numpy; result = random.random(), torch.rand(1).item(), numpy.random.rand()"
    draws = list(zip(*(eval(asked(warmed, program)) for _ in range(3)), strict=True))
    assert all(len(set(kind)) == 3 for kind in draws)


def test_torch_works_in_there_in_every_precision(warmed: Sandbox) -> None:
    program = """
import torch
for kind in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
    x = torch.randn(2, 3, 64, 64, dtype=kind, requires_grad=True)
    torch.nn.functional.layer_norm((x @ x.mT).softmax(-1), (64,)).sum().backward()
    assert x.grad.isfinite().all()
m = torch.nn.MultiheadAttention(16, 4); o = torch.optim.AdamW(m.parameters())
y = torch.ones(3, 2, 16); m(y, y, y)[0].sum().backward(); o.step()
waves = torch.stft(torch.ones(800), 64, return_complex=True)
result = torch.get_num_threads(), torch.linalg.svd(torch.eye(3))[1].tolist(), len(waves)
"""
    assert asked(warmed, program, seconds=20) == "(1, [1.0, 1.0, 1.0], 33)"


def test_a_listener_on_the_machine_hears_nothing(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        for one in (tcp, udp):
            one.setblocking(False)
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {ports[0]}))"
        assert asked(sandbox, program) == NETWORK
        time.sleep(0.1)
        with pytest.raises(BlockingIOError):
            tcp.accept()
        with pytest.raises(BlockingIOError):
            udp.recv(1)


def test_the_machine_is_as_it_was(sandbox: Sandbox) -> None:
    def picture() -> list[tuple[str, int]]:
        trees = (Path("/dev/shm"), Path.home(), launch.PACKAGE.parent)
        return sorted((str(p), os.lstat(p).st_mtime_ns) for tree in trees if tree.is_dir() for p in tree.glob("*"))

    before = picture()
    program = """
import os, shutil
for d in (os.path.expanduser('~'), '..', '/srv', '/var', '/home', '/tmp', '/usr', '/'):
    shutil.rmtree(d, ignore_errors=True)
for d in ('/root', '/home', '/dev/shm'):
    try: open(d + '/CANARY', 'w')
    except OSError: pass
"""
    asked(sandbox, program, seconds=20)
    assert picture() == before
    assert asked(sandbox, "result = 1") == "1"
