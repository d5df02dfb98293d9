"""Everything that must hold: `./wenjin test [--full] [pytest's arguments]`.

Style, types and floors first, each told apart; then pytest: the rooms that only compute, and those that wait for pages
and commands, side by side; then tests and rooms that hold promises about time, one test after another.
The last line adds up. With arguments for pytest only pytest runs, once. `--full` keeps every count that is promised;
without it a twentieth.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "--quiet", "."],
    "ruff format": ["-m", "ruff", "format", "--quiet", "--check", "."],
    "mypy": ["-m", "mypy"],
    "mypy, what makes the environment": ["-m", "mypy", "bootstrap.py", "requirements", "src/wenjin/cli.py"],
    # import-linter has a console script only
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"],
}

# What only computes: side by side these tests measure nobody else.
PURE = (
    "tests/kit",
    "tests/poet",
    "tests/curriculum",
    *(f"tests/stack/{room}" for room in ("cli", "compress", "data", "files", "infer", "learn", "maths")),
    *(f"tests/stack/{room}" for room in ("models", "nn", "python", "text", "train")),
    *(f"tests/study/{room}" for room in ("course", "memory", "progress")),
)

# What waits for servers, browsers and commands, with time to spare for each.
WAITING = (
    "tests/browser",
    *(f"tests/study/{room}" for room in ("author", "chat", "cli", "craft", "web")),
    *(f"tests/study/store/test_{name}.py" for name in ("anki", "archive", "chats", "released")),
    "tests/test_docs.py",
    "tests/test_wheel.py",
)


def run_checks() -> list[str]:
    """Runs each check; prints what a failing one says. Returns the names of those that failed."""
    failed = []
    for name, check in CHECKS.items():
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, *check], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - begun:.1f} s)", flush=True)
        if done.returncode != 0:
            print(done.stdout, flush=True)
            failed.append(name)
    return failed


def provide_programs() -> None:
    """Installs Chromium, strace and a compiler where that is ours to do; elsewhere the tests that need them say so."""
    missing = [] if os.environ.get("WENJIN_CHROMIUM") or any(map(shutil.which, BROWSERS)) else ["chromium"]
    if sys.platform == "linux":
        missing += [] if shutil.which("strace") else ["strace"]
        missing += [] if shutil.which("cc") else ["gcc", "libc6-dev"]
    if missing and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"{', '.join(missing)}: not there, installing with apt-get", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)


def main(words: list[str]) -> int:
    # A learner's own language, data and database are not the tests' business.
    own = ("WENJIN_DATA", "WENJIN_WORKSPACE", "WENJIN_DATABASE_URL", "WENJIN_LANG", "LC_ALL", "LC_MESSAGES")
    environment = {name: value for name, value in os.environ.items() if name not in own} | {"LANG": "C.UTF-8"}
    if "--full" in words:
        words = [word for word in words if word != "--full"]
        environment["WENJIN_TEST_DEPTH"] = "full"
    failed = [] if words else run_checks()
    provide_programs()
    pytest = [sys.executable, "-P", "-m", "pytest"]
    if words:
        return subprocess.run([*pytest, *words], cwd=ROOT, env=environment).returncode
    cores = os.cpu_count() or 1
    side_by_side = [*pytest, "--dist", "loadfile", "--no-loadscope-reorder", "-n"]
    single = environment | {"OMP_NUM_THREADS": "1"}
    parts = {
        "the rooms that only compute": ([*side_by_side, str(cores), *PURE], single),
        # One more than cores: there is always one that waits.
        "the rooms that wait": ([*side_by_side, str(cores + 1), "-m", "not alone", *WAITING], single),
        "alone": ([*pytest, "-m", "alone", *WAITING], environment),
        "the rest": ([*pytest, *(f"--ignore={room}" for room in PURE + WAITING)], environment),
    }
    failed += [name for name, (command, own) in parts.items() if subprocess.run(command, cwd=ROOT, env=own).returncode]
    print(f"failed: {', '.join(failed)}" if failed else "everything holds", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
