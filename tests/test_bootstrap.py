"""The setup, run for real on a copy of the checkout, with a package index of wheels that are a few bytes long."""

import base64
import ensurepip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "dist")


def wheel(folder: Path, name: str, files: Mapping[str, str], needs: tuple[str, ...] = (), version: str = "1.0") -> str:
    """Writes a wheel that pip takes; returns its line for a lock."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    contents = {
        **files,
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in contents.items():
        total = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={total},{len(text.encode())}")
    contents[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    target = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(target.read_bytes()).hexdigest()}\n"


def pip_wheel() -> Path:
    """The pip that this Python brings."""
    return next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))


def environment(**more: str) -> dict[str, str]:
    """Ours without what speaks of indexes, languages or the course."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WENJIN_", "PIP_", "LC_"))}
    return {**kept, "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", **more}


def run(checkout: Path, *words: str, cwd: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [str(checkout / "wenjin"), *words]
    return subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=120)


def stamps(checkout: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((checkout / ".venv/wenjin.json").read_text())
    return found


def fresh(folder: Path) -> Path:
    """A checkout with locks of three tiny packages, in a folder whose name is hard on shell scripts."""
    checkout = folder / "an old 问津"
    shutil.copytree(ROOT / "src", checkout / "src", ignore=IGNORED)
    shutil.copytree(ROOT / "requirements", checkout / "requirements", ignore=IGNORED)
    for name in ("wenjin", "bootstrap.py"):
        shutil.copy(ROOT / name, checkout / name)
    locks, wheels = checkout / "requirements", folder / "bundle/wheels"
    installer = pip_wheel()
    wheels.mkdir(parents=True)
    shutil.copy(installer, wheels)
    version, total = installer.name.split("-")[1], hashlib.sha256(installer.read_bytes()).hexdigest()
    (locks / "pip.txt").write_text(f"pip=={version} --hash=sha256:{total}\n")
    # What stands in for the locked packages is a path to the ones that these tests run on.
    site = sysconfig.get_path("purelib")
    (locks / "core.txt").write_text(wheel(wheels, "tiny-core", {"tiny_core.pth": f"{site}\n"}))
    wheel(wheels, "torch", {"torch/__init__.py": ""}, version="2.13.0")
    (folder / "bundle/assets").mkdir()
    (folder / "bundle/assets/manifest.json").write_text('{"files": {}}')
    return checkout


def seal(checkout: Path, **changed: str) -> Path:
    """Signs the bundle beside a checkout, as `./wenjin bundle` does."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    code = (
        "import sys; sys.path[:0] = ['.', 'requirements']; import install, json; print(json.dumps(install.signature()))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    made = {**json.loads(told.stdout), **changed}
    assert made["python"] == changed.get("python", python)
    bundle = checkout.parent / "bundle"
    (bundle / "bundle.json").write_text(json.dumps(made))
    return bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """A checkout whose environment was made from a bundle, and what was said meanwhile."""
    checkout = fresh(tmp_path_factory.mktemp("made"))
    done = run(checkout, "start", "--offline", str(seal(checkout)), "--help", WENJIN_PYTHON=sys.executable)
    assert done.returncode == 0, done.stderr
    return checkout, done


def test_steps_are_taken_in_order_and_told_on_stderr(made: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    checkout, done = made
    told = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert [line.split("] ")[1].split(" ·")[0] for line in told] == [
        "virtual environment",
        "installer",
        "torch",
        "the course's packages",
        "command",
        "scripts and styles of the pages",
    ]
    assert done.stderr.count("done in") == 6
    assert done.stdout.startswith("Usage: wenjin start")
    assert list(stamps(checkout)) == ["assets", "core", "link", "pip", "torch", "venv"]


def test_second_run_only_hands_over(made: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path) -> None:
    checkout, _ = made
    before = (checkout / ".venv/wenjin.json").stat().st_mtime_ns
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        done = run(checkout, "--version", cwd=tmp_path)
        times.append(time.perf_counter() - begun)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("wenjin ")
    bare = min(_seconds([sys.executable, "-c", "pass"]) for _ in range(5))
    # The wrapper, two starts of Python and the command line. Beside a bare Python, so that a busy machine is no fault.
    assert min(times) < max(1.0, 25 * bare), (times, bare)
    assert (checkout / ".venv/wenjin.json").stat().st_mtime_ns == before


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


def test_a_changed_lock_repeats_its_step_alone(made: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    checkout, _ = made
    lock = checkout / "requirements/core.txt"
    lock.write_text(lock.read_text() + "\n")
    done = run(checkout, "start", "--offline", str(seal(checkout)), "--help")
    assert [line for line in done.stderr.splitlines() if line.startswith("[")] == ["[1/1] the course's packages"]


def test_a_moved_checkout_mends_its_path(made: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path) -> None:
    checkout, _ = made
    moved = tmp_path / "elsewhere"
    shutil.copytree(checkout, moved, symlinks=True)
    done = run(moved, "start", "--help")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("[")] == ["[1/1] command"]
    (path_file,) = moved.glob(".venv/lib/python*/site-packages/wenjin.pth")
    assert path_file.read_text().strip() == str(moved / "src")


def test_the_wrapper_may_be_a_link(made: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path) -> None:
    checkout, _ = made
    link = tmp_path / "go"
    link.symlink_to(checkout / "wenjin")
    done = subprocess.run([link, "--version"], cwd="/", env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_beside_one_is_not_imported(
    made: tuple[Path, "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    """A learner's answers may be called like the parts of the course."""
    checkout, _ = made
    for name in ("typer.py", "json.py", "bootstrap.py", "install.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working folder')")
    assert run(checkout, "--version", cwd=tmp_path).returncode == 0


def test_an_interrupted_setup_goes_on_where_it_stopped(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    words = ["start", "--offline", str(seal(checkout)), "--help"]
    told = tmp_path / "told"
    with told.open("w") as file:
        process = subprocess.Popen(
            [str(checkout / "wenjin"), *words],
            env=environment(WENJIN_PYTHON=sys.executable),
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while "[3/" not in told.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert {"venv", "pip"} <= set(stamps(checkout)) <= {"venv", "pip", "torch"}
    done = run(checkout, *words)
    assert done.returncode == 0, done.stderr
    assert "virtual environment" not in done.stderr
    assert "the course's packages" in done.stderr


def test_what_pip_cannot_find_is_said(made: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    checkout, _ = made
    pin = checkout / "requirements/torch.txt"
    kept = pin.read_text()
    pin.write_text("torch==2.14.0\n")
    done = run(checkout, "start", "--offline", str(seal(checkout)))
    assert done.returncode == 1
    assert "No matching distribution found for torch" in done.stderr
    assert done.stderr.strip().endswith("it goes on where it stopped.")
    assert "Traceback" not in done.stderr
    pin.write_text(kept)
    assert run(checkout, "--version").stderr == ""


def test_a_wheel_with_another_hash_is_refused(made: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    checkout, _ = made
    lock = checkout / "requirements/core.txt"
    kept = lock.read_text()
    lock.write_text(kept + wheel(checkout.parent / "elsewhere", "evil", {"evil.py": ""}))
    bundle = seal(checkout)
    wheel(bundle / "wheels", "evil", {"evil.py": "print('other than what was locked')"})
    done = run(checkout, "start", "--offline", str(bundle))
    assert done.returncode == 1
    assert "HASHES" in done.stderr
    assert not list(checkout.glob(".venv/lib/python*/site-packages/evil.py"))
    lock.write_text(kept)
    assert run(checkout, "--version").stderr == ""


@pytest.mark.parametrize(("changed", "zh"), [({"machine": "vax"}, True), ({"python": "3.2"}, False)])
def test_a_bundle_for_another_machine_is_refused(tmp_path: Path, changed: dict[str, str], zh: bool) -> None:
    checkout = fresh(tmp_path)
    bundle = seal(checkout, **changed)
    words = ["start", "--offline", str(bundle)]
    done = run(checkout, *words, WENJIN_PYTHON=sys.executable, WENJIN_LANG="zh" if zh else "en")
    assert done.returncode == 1
    assert next(iter(changed.values())) in done.stderr
    assert ("同类机器" if zh else "of the same kind") in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_small_disk_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    (checkout / "requirements/sizes.json").write_text('{"torch": [1, 9000000000000000]}')
    done = run(checkout, "start", WENJIN_PYTHON=sys.executable, WENJIN_LANG="zh")
    assert done.returncode == 1
    assert done.stderr.startswith("磁盘不够")
    assert not (checkout / ".venv").exists()


def test_dry_run_says_what_would_be_fetched_and_makes_nothing(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    index = tmp_path / "bundle/wheels"
    done = run(checkout, "start", "--dry-run", WENJIN_PYTHON=sys.executable, PIP_FIND_LINKS=index.as_uri())
    assert done.returncode == 0, done.stderr
    assert "tiny-core" in done.stdout
    assert "2.13.0, 0 CUDA packages" in done.stdout
    assert not (checkout / ".venv").exists()


def test_cuda_packages_are_avoided_where_there_is_no_driver(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    index = tmp_path / "index"
    wheel(index, "torch", {"torch/__init__.py": ""}, needs=("nvidia-cudnn",), version="2.13.0")
    wheel(index, "nvidia-cudnn", {"nvidia/__init__.py": ""})
    told = run(checkout, "start", "--dry-run", WENJIN_PYTHON=sys.executable, PIP_FIND_LINKS=index.as_uri()).stdout
    driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi")
    assert ("1 CUDA packages" in told) == bool(driver) or "no NVIDIA driver" in told
    assert ("https://download.pytorch.org/whl/cpu" in told) != bool(driver)
    named = run(checkout, "start", "--dry-run", "--torch-index=https://torch.example/x", WENJIN_PYTHON=sys.executable)
    assert "--index-url https://torch.example/x" in named.stdout
    variable = run(
        checkout, "start", "--dry-run", WENJIN_PYTHON=sys.executable, WENJIN_TORCH_INDEX="https://torch.example/y"
    )
    assert "--index-url https://torch.example/y" in variable.stdout


def test_help_and_version_need_no_environment(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    assert run(checkout, "--version", WENJIN_PYTHON=sys.executable).stdout.startswith("wenjin ")
    assert "./wenjin bundle DIR" in run(checkout, WENJIN_PYTHON=sys.executable).stdout
    assert "建立环境" in run(checkout, "--help", WENJIN_PYTHON=sys.executable, WENJIN_LANG="zh").stdout
    assert not (checkout / ".venv").exists()


def test_no_python_is_said_in_both_languages(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "readlink", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = run(checkout, "start", PATH=str(tools))
    assert done.returncode == 1
    assert "Python 3.11–3.13" in done.stderr
    assert "python3-venv" in done.stderr


def test_two_at_once_make_one_environment_in_place_of_a_broken_one(tmp_path: Path) -> None:
    checkout = fresh(tmp_path)
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/python").symlink_to("/nowhere/python")
    words = [str(checkout / "wenjin"), "start", "--offline", str(seal(checkout)), "--help"]
    both = [
        subprocess.Popen(
            words,
            env=environment(WENJIN_PYTHON=sys.executable),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sum("virtual environment" in errors for _, errors in told) == 1


def test_the_locks_hold_no_torch_and_no_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        if lock.name != "torch.txt":
            assert "--hash=sha256:" in text
            assert "\ntorch==" not in text
