"""Makes the environment of the course in .venv, step by step, and hands over to it. Standard library only.

    ./wenjin start [--dry-run] [--offline DIR] [--torch-index URL] …     on Windows: py bootstrap.py start …
    ./wenjin test …        the same with what the tests need, then the tests
    ./wenjin bundle DIR    fetches everything into DIR, for `--offline DIR` on a machine without a network

Steps     venv, pip, torch, core, link, assets, and dev for the tests: requirements/install.py takes them. Each is
          stamped in .venv/wenjin.json with the hash of what it was made from, once it is done: a finished step is not
          repeated, an interrupted one starts again. With every stamp in place this file only hands over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMPS = VENV / "wenjin.json"
LOCKS = ROOT / "requirements"
WEB = ROOT / "src" / "wenjin" / "study" / "web"
DIST = WEB / "static" / "dist"

SPEECH = next((v for v in map(os.environ.get, ("WENJIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")) if v), "")

HELP = (
    """问津：能运行的大模型课程。环境还没有建立；下面任何一条命令都会先建立它。

  ./wenjin start                建立环境，启动课程，在浏览器里打开
  ./wenjin start --dry-run      只说会下载什么，不动手
  ./wenjin start --offline DIR  从 ./wenjin bundle DIR 做好的文件夹安装，不用网络
  ./wenjin bundle DIR           把安装所需的一切取到文件夹 DIR
  ./wenjin test [--full]        运行全部测试
  --torch-index 地址            从这个索引取 torch（或 WENJIN_TORCH_INDEX）""",
    """Wenjin: an executable course in large language models. There is no environment yet; each command makes it first.

  ./wenjin start                make the environment, start the course, open it in the browser
  ./wenjin start --dry-run      only say what would be fetched
  ./wenjin start --offline DIR  install from a folder that ./wenjin bundle DIR made, with no network
  ./wenjin bundle DIR           fetch all that an installation needs into DIR
  ./wenjin test [--full]        run all tests
  --torch-index URL             take torch from this index (or WENJIN_TORCH_INDEX)""",
)


class Stop(Exception):
    """One sentence for the reader: what, where, what to do."""


def say(zh: str, en: str) -> str:
    return zh if SPEECH.lower().startswith("zh") else en


def tell(text: str, end: str = "\n") -> None:
    """Progress goes to stderr: stdout belongs to the command that follows."""
    sys.stderr.write(text + end)
    sys.stderr.flush()


def digest(paths: Iterable[Path]) -> str:
    """One hash over the names and contents of files; an absent file counts as absent."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"\1") + b"\0")
    return total.hexdigest()[:16]


def stamps() -> dict[str, str]:
    """Step -> the key under which it was finished; nothing when the environment's Python is gone."""
    try:
        found = json.loads(STAMPS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and PYTHON.exists() else {}


def stamp(**news: str) -> None:
    """Written whole or not at all, so that a kill leaves the old stamps or the new ones."""
    fresh = STAMPS.with_name("wenjin.json.new")
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump({**stamps(), **news}, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, STAMPS)


def wanted(development: bool) -> dict[str, str]:
    """Step -> the key that its stamp must have, in the order in which the steps are taken."""
    islands = WEB / "islands"
    assets = [islands / "package.json", islands / "package-lock.json", *sorted((islands / "src").glob("*"))]
    return {
        "venv": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "pip": digest([LOCKS / "pip.txt"]),
        "torch": digest([LOCKS / "torch.txt"]),
        "core": digest([LOCKS / "core.txt"]),
        "link": str(ROOT),
        **({"dev": digest([LOCKS / "dev.txt"])} if development else {}),
        "assets": digest([*assets, WEB / "build.py"]),
    }


def pending(development: bool, torch_index: str | None = None) -> list[str]:
    """The steps that are to be taken, in order."""
    done, keys = stamps(), wanted(development)
    steps = {step for step, key in keys.items() if done.get(step) != key}
    if done.get("torch") == "own":  # it was there before us: left alone
        steps.discard("torch")
    if torch_index and done.get("torch_index") != torch_index:
        steps.add("torch")
    if not (DIST / "manifest.json").is_file():
        steps.add("assets")
    return [step for step in keys if step in steps]


def take(words: list[str], name: str, needs_value: bool) -> str | None:
    """Takes `--name value` or `--name=value` out of the words; returns the value, "" for a bare flag, else None."""
    for at, word in enumerate(words):
        if word == name and not needs_value:
            del words[at]
            return ""
        if word == name and at + 1 < len(words):
            value = words[at + 1]
            del words[at : at + 2]
            return value
        if word.startswith(f"{name}=") and needs_value:
            del words[at]
            return word.partition("=")[2]
        if word == name:
            raise Stop(say(f"{name} 后面要有一个值。", f"{name} needs a value after it."))
    return None


def hand_over(*command: str) -> int:
    """The environment's Python takes the place of this process. -P: the folder one stands in is not searched."""
    words = [str(PYTHON), "-P", *command]
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(words[0], words)
    import subprocess

    return subprocess.call(words)


def run(words: list[str]) -> int:
    command = words[0] if words else "--help"
    setup = command in {"start", "test", "bundle"}
    dry = setup and take(words, "--dry-run", False) is not None
    offline = take(words, "--offline", True) if setup else None
    torch_index = (
        (take(words, "--torch-index", True) if setup else None) or os.environ.get("WENJIN_TORCH_INDEX") or None
    )
    development = command == "test"

    if dry or command == "bundle" or pending(development, torch_index):
        if command in {"--help", "-h"}:
            print(say(*HELP))
            return 0
        if command == "--version":
            print("wenjin", re.findall(r'VERSION = "(.+?)"', (ROOT / "src/wenjin/version.py").read_text("utf-8"))[0])
            return 0
        sys.path.append(str(LOCKS))
        import install

        folder = Path(offline).expanduser().resolve() if offline else None
        if dry:
            return install.plan(development, torch_index, folder)
        install.prepare(development, torch_index, folder)
        if command == "bundle":
            return install.bundle(words[1:], torch_index)
    if command == "test":
        os.chdir(ROOT)
        return hand_over("tests", *words[1:])
    return hand_over("-m", "wenjin.cli", *(words or ["--help"]))


def main() -> int:
    try:
        return run(sys.argv[1:])
    except Stop as stop:
        tell(str(stop))
        return 1
    except KeyboardInterrupt:
        tell(say("\n停下了；再运行同一条命令，会从这里继续。", "\nStopped; the same command goes on from here."))
        return 130
    except OSError as error:  # a read-only folder, a full disk: the system's own words are the cause
        tell(say(f"建立环境时出错：{error}", f"Making the environment failed: {error}"))
        return 1


if __name__ == "__main__":
    from bootstrap import main as same  # as a module: compiled once, and one `Stop` for all

    sys.exit(same())
