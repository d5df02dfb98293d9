"""Takes the steps of bootstrap.py: the only file that runs pip and the build of the assets. Standard library only.

Torch     is not locked, because its wheel differs from machine to machine. pip is asked for its plan first; a plan
          without CUDA packages is taken. With them, and no NVIDIA driver here, PyTorch's own CPU index is used.
Sizes     are those of sizes.json, measured when the locks were made.
Omits     pip's and npm's settings: mirrors, proxies and certificates are theirs and are left to them.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bootstrap import BIN, DIST, LOCKS, PYTHON, ROOT, VENV, Stop, digest, pending, say, stamp, stamps, tell, wanted
from pip_bar import environment, installed, names_in, pip, site_packages, size, weight

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OLDEST_TORCH = (2, 6)
OLDEST_NODE = 18
MEMORY = 4e9  # bytes: the judge with torch, one answer of 1.2 GB, and a browser beside them
ROOM = 0.3e9  # bytes to leave free on the disk

LABELS = {
    "venv": ("虚拟环境", "virtual environment"),
    "pip": ("安装器", "installer"),
    "torch": ("torch", "torch"),
    "core": ("课程的程序包", "the course's packages"),
    "link": ("命令", "command"),
    "dev": ("测试用的程序包", "packages for the tests"),
    "assets": ("页面的脚本和样式", "scripts and styles of the pages"),
}


def prepare(development: bool, torch_index: str | None, offline: Path | None) -> None:
    """Takes the steps that are not done yet, one after another."""
    held = one_at_a_time()
    check_machine(development, torch_index)
    if offline:
        check_bundle(offline)
    number = 0
    while steps := pending(development, torch_index):  # asked anew: a new venv undoes what was in the old one
        step, number, begun = steps[0], number + 1, time.monotonic()
        tell(f"[{number}/{number + len(steps) - 1}] {describe(step)}")
        key = wanted(development)[step]
        if step == "venv":
            make_venv()
        elif step == "torch":
            key = install_torch(torch_index, offline)
        elif step == "link":
            link()
        elif step == "assets":
            build_assets(offline)
        else:
            locked(step, offline)
        stamp(**{step: key}, **({"torch_index": torch_index} if step == "torch" and torch_index else {}))
        tell(say(f"    好了，{time.monotonic() - begun:.1f} 秒", f"    done in {time.monotonic() - begun:.1f} s"))
    del held


def packages_of(step: str) -> list[str]:
    return names_in(LOCKS / f"{step}.txt") if step in {"pip", "torch", "core", "dev"} else []


def describe(step: str) -> str:
    fetch, disk = weight(packages_of(step))
    about = f" · 下载约 {size(fetch)}，占用 {size(disk)}", f" · about {size(fetch)} to fetch, {size(disk)} on disk"
    return say(*LABELS[step]) + (say(*about) if fetch else "")


def locked(name: str, offline: Path | None) -> None:
    arguments = ["--require-hashes", "--no-deps", *from_folder(offline), "-r", str(LOCKS / f"{name}.txt")]
    pip(["install", *arguments], names_in(LOCKS / f"{name}.txt"))


def from_folder(offline: Path | None) -> list[str]:
    return ["--no-index", "--find-links", str(offline / "wheels")] if offline else []


def one_at_a_time() -> object:
    """Holds a lock until the process ends; a second setup of the same checkout waits for the first."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    held = (ROOT / "bootstrap.py").open("rb")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        tell(say("另一个进程正在建立环境，等它做完……", "Another process is making the environment; waiting for it …"))
        fcntl.flock(held, fcntl.LOCK_EX)
    return held


def check_machine(development: bool, torch_index: str | None) -> None:
    """Refuses a Python or a disk on which the steps cannot end well; warns of little memory."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        here = f"{platform.python_version()} ({sys.executable})"
        raise Stop(
            say(
                f"需要 Python 3.11 到 3.13，这里是 {here}。装一个，或用 WENJIN_PYTHON 指明它。",
                f"Python 3.11 to 3.13 is needed; this is {here}. Install one, or name it in WENJIN_PYTHON.",
            )
        )
    needed = sum(sum(weight(packages_of(step))) for step in pending(development, torch_index)) + ROOM
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        raise Stop(
            say(
                f"磁盘不够：{ROOT} 处剩 {size(free)}，需要 {size(needed)}。腾出空间，再运行同一条命令。",
                f"Not enough disk: {size(free)} free at {ROOT}, {size(needed)} needed. Make room and run this again.",
            )
        )
    memory = memory_of_machine()
    if memory and memory < MEMORY:
        tell(
            say(
                f"提醒：内存 {size(memory)}，建议 {size(MEMORY)}；判题可能变慢，大的实验可能不够用。",
                f"Note: {size(memory)} of memory; {size(MEMORY)} is advised. Verdicts may be slow.",
            )
        )


def memory_of_machine() -> float:
    """Bytes of memory that this process may come to use; 0 where the system does not say."""
    try:
        memory = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        return min(memory, float(limit)) if limit.isdigit() else memory
    except FileNotFoundError:
        return memory
    except (AttributeError, ValueError, OSError):
        return 0.0


# ---- the steps ----


def make_venv() -> None:
    """Keeps an environment that works and is of this Python; else makes it anew."""
    version = rf"^version\s*=\s*{sys.version_info[0]}\.{sys.version_info[1]}\."
    try:
        same = re.search(version, (VENV / "pyvenv.cfg").read_text(encoding="utf-8"), re.MULTILINE)
        if same and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return
    except OSError:
        pass
    base = getattr(sys, "_base_executable", sys.executable)  # not the Python of the .venv that is cleared
    made = subprocess.run([base, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
    if made.returncode != 0:
        tell((made.stdout + made.stderr).strip())
        raise Stop(
            say(
                f"在 {VENV} 建虚拟环境失败，原因见上。Debian、Ubuntu 上先运行 apt install python3-venv，再试一次。",
                f"Making {VENV} failed; the lines above say why. On Debian, Ubuntu run apt install python3-venv first.",
            )
        )


def has_nvidia_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def plan_of_torch(python: str) -> list[tuple[str, str, str]]:
    """pip's own plan for torch, nothing installed: (package, version, address) in order."""
    quiet = [
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--no-input",
        "--report",
        "-",
        "-r",
        str(LOCKS / "torch.txt"),
    ]
    asked = subprocess.run([python, "-m", "pip", "install", *quiet], capture_output=True, text=True, env=environment())
    try:
        rows = json.loads(asked.stdout)["install"]
    except (ValueError, KeyError):
        tell(asked.stderr.strip()[-1500:])
        raise Stop(
            say(
                "pip 找不到 torch，原因见上面几行。检查网络或 pip 的镜像设置；或用 --torch-index 地址 指明有它的索引。",
                "pip finds no torch; the lines above say why. Check the network or pip's mirror settings, or name an "
                "index that has it with --torch-index URL.",
            )
        ) from None
    return [(row["metadata"]["name"], row["metadata"]["version"], row["download_info"]["url"]) for row in rows]


def choose_torch(python: str, torch_index: str | None, offline: Path | None) -> tuple[list[str], list[str], str]:
    """Where torch comes from: (pip's arguments, the packages to fetch, the choice in words)."""
    alone = ["torch", "sympy", "networkx", "mpmath"]
    if offline:
        return from_folder(offline), alone, say("来自离线文件夹", "from the offline folder")
    if torch_index:
        return ["--index-url", torch_index], alone, say(f"来自 {torch_index}", f"from {torch_index}")
    plan = plan_of_torch(python)
    cuda = [name for name, _, _ in plan if name.lower().startswith(("nvidia", "cuda"))]
    if cuda and not has_nvidia_driver():
        reason = say(
            f"pip 的方案带 {len(cuda)} 个 CUDA 包，这台机器没有 NVIDIA 驱动，所以从 {CPU_INDEX} 取 CPU 版",
            f"pip's plan holds {len(cuda)} CUDA packages, no NVIDIA driver is here: the CPU build, from {CPU_INDEX}",
        )
        return ["--index-url", CPU_INDEX], alone, reason
    version = next(version for name, version, _ in plan if name == "torch")
    told = say(f"{version}，CUDA 包 {len(cuda)} 个", f"{version}, {len(cuda)} CUDA packages")
    return [], [name for name, _, _ in plan], told


def own_torch() -> bool:
    """Whether a torch that serves is there which we did not install."""
    return "torch" not in stamps() and any(version >= OLDEST_TORCH for version in installed("torch"))


def install_torch(torch_index: str | None, offline: Path | None) -> str:
    """Installs torch and returns its stamp."""
    if own_torch() and not torch_index:
        tell(say("    已有可用的 torch，保留它", "    a torch that serves is there: kept"))
        return "own"
    where, packages, reason = choose_torch(str(PYTHON), torch_index, offline)
    tell(f"    {reason}")
    replace = ["--force-reinstall", "--no-deps"] if torch_index and "torch" in stamps() else []
    pip(["install", *where, *replace, "-r", str(LOCKS / "torch.txt")], packages)
    return digest([LOCKS / "torch.txt"])


def link() -> None:
    """Makes `import wenjin` find this checkout, and gives the environment its `wenjin` command."""
    (site_packages() / "wenjin.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    if os.name != "nt":
        script = BIN / "wenjin"
        script.write_text(f"#!{PYTHON} -P\nfrom wenjin.cli import main\n\nmain()\n", encoding="utf-8")
        script.chmod(0o755)


def has_node() -> bool:
    """Whether a node that is new enough is there, with npm."""
    node = shutil.which("node") if shutil.which("npm") else None
    told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout if node else ""
    version = re.match(r"v(\d+)", told)
    return bool(version and int(version[1]) >= OLDEST_NODE)


def build_assets(offline: Path | None) -> None:
    if offline:
        shutil.copytree(offline / "assets", DIST, dirs_exist_ok=True)
        return
    if not has_node() and "dev" not in stamps():
        locked("node", offline)
    command = [str(PYTHON), "-P", "-m", "wenjin.study.web.build"]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0 or not (DIST / "manifest.json").is_file():
        raise Stop(
            say(
                "页面的脚本没有建成，原因见上面几行。检查网络或 npm 的镜像设置，再运行同一条命令。",
                "The pages' scripts could not be built; the lines above say why. Check the network or npm's mirror "
                "settings and run the same command again.",
            )
        )


# ---- what else bootstrap.py can be asked for ----


def plan(development: bool, torch_index: str | None, offline: Path | None) -> int:
    """Prints what would be fetched; makes and changes nothing."""
    steps = pending(development, torch_index)
    if not steps:
        print(say("环境是齐的，没有要下载的。", "The environment is complete; nothing would be fetched."))
    for number, step in enumerate(steps, start=1):
        print(f"[{number}/{len(steps)}] {describe(step)}")
        if step == "torch":
            where, _, reason = choose_torch(str(PYTHON) if "pip" in stamps() else sys.executable, torch_index, offline)
            print(f"    {' '.join([*where, (LOCKS / 'torch.txt').read_text(encoding='utf-8').strip()])}\n    {reason}")
        elif packages := packages_of(step):
            print(f"    {', '.join(packages)}")
    fetch, disk = weight([name for step in steps for name in packages_of(step)])
    print(
        say(
            f"共下载约 {size(fetch)}，占用 {size(disk)}。",
            f"In all about {size(fetch)} to fetch, {size(disk)} on disk.",
        )
    )
    return 0


def signature() -> dict[str, str]:
    """What a bundle is good for: a system, a processor, a Python, these locks and these pages."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    locks = digest(LOCKS / f"{step}.txt" for step in ("pip", "torch", "core"))
    kind = {"system": platform.system(), "machine": platform.machine(), "python": python}
    return {**kind, "locks": locks, "pages": wanted(False)["assets"]}


def bundle(words: list[str], torch_index: str | None) -> int:
    """Fetches into a folder all that `--offline` needs on a machine of the same kind."""
    if len(words) != 1:
        raise Stop(say("用法：./wenjin bundle 文件夹", "Usage: ./wenjin bundle DIR"))
    folder = Path(words[0]).expanduser().resolve()
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    where, packages, reason = choose_torch(str(PYTHON), torch_index or stamps().get("torch_index"), None)
    tell(f"torch · {reason}")
    pip(["download", "-d", str(wheels), *where, "-r", str(LOCKS / "torch.txt")], packages)
    for step in ("pip", "core"):
        tell(describe(step))
        lock = str(LOCKS / f"{step}.txt")
        pip(["download", "-d", str(wheels), "--require-hashes", "--no-deps", "-r", lock], packages_of(step))
    shutil.copytree(DIST, folder / "assets", dirs_exist_ok=True)
    (folder / "bundle.json").write_text(json.dumps(signature(), indent=1), encoding="utf-8")
    total = size(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
    print(
        say(
            f"{folder}：{total}。连同这个仓库带到另一台同类机器，运行 ./wenjin start --offline {folder.name}",
            f"{folder}: {total}. Carry it with this repository to a machine of the same kind and run "
            f"./wenjin start --offline {folder.name}",
        )
    )
    return 0


def check_bundle(folder: Path) -> None:
    """Refuses a folder that is no bundle, or one for another kind of machine or another course."""
    try:
        made = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = {}
    wrong = [f"{name}: {made.get(name)} / {here}" for name, here in signature().items() if made.get(name) != here]
    if wrong:
        raise Stop(
            say(
                f"{folder} 不是为这台机器和这个版本做的离线文件夹（{'；'.join(wrong)}）。"
                "在同类机器上用同一版本运行 ./wenjin bundle 重做。",
                f"{folder} was not made for this machine and this version ({'; '.join(wrong)}). Make it anew with "
                "./wenjin bundle on a machine of the same kind.",
            )
        )
