r"""Formulas to HTML on the server: KaTeX in a small JavaScript engine (`dukpy`), cached by content.

Those of the course are set when the pages are built (`formulas`): the engine starts for a new one only.

    \frac{a}{b} -> KaTeX -> MathML for screen readers, boxes for the eye -> style="…" becomes class="kx-…"

Pages forbid inline styles (CSP: style-src 'self'), and KaTeX places its boxes with them. So each distinct style
becomes a class named by its hash, and one sheet holds the rules of all classes that were ever made: a page and the
sheet agree whatever was rendered first. The rules carry !important, as an inline style would outrank any other rule.

Omits   \tag: the renderer numbers equations itself, since KaTeX lets the number overlap a formula in a narrow box
"""

import hashlib
import html
import json
import os
import re
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from wenjin.kit.text import Text
from wenjin.study.course.formulas import Formula, Formulas

DIST = Path(__file__).parents[1] / "web" / "static" / "dist"
OPTIONS = {"output": "htmlAndMathml", "strict": False, "trust": False, "maxSize": 60, "maxExpand": 500}
CALL = """(function () {
  try { return {html: katex.renderToString(dukpy.tex, dukpy.options)} }
  catch (e) { return {fault: e.rawMessage || String(e.message), at: e.position} }
})()"""
STYLE = re.compile(r'<([a-z]+)((?: [\w:-]+="[^"]*")*?) style="([^"]*)"((?: [\w:-]+="[^"]*")*)')
CLASS = re.compile(r' class="([^"]*)"')
DECLARATION = re.compile(r"[a-z-]+:[^{};<>]+")
KEPT = 2000  # formulas in memory; all are on a disk
UNTRUSTED = re.compile(r"\\(html[A-Za-z]*|includegraphics|href|url)(?![A-Za-z])")


class MathsError(ValueError):
    """A formula that cannot be set. `text` names the formula, the place and the fault."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Maths:
    """Sets formulas; safe to share between threads. The engine is loaded for the first formula that nothing holds.

    cache  a folder for finished formulas, made when needed; None keeps them in memory only
    katex  the file katex.min.js; by default the one of the built pages
    """

    def __init__(self, cache: Path | None = None, katex: Path | None = None) -> None:
        self._cache = cache
        self._katex = katex
        self._built: Formulas | None = None
        self._made: dict[str, Formula] = {}
        self._rules: dict[str, str] = {}
        self._lock = threading.Lock()
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="katex")  # the engine belongs to one thread
        self._local = threading.local()

    def html(self, tex: str, display: bool = False) -> str:
        """The formula as HTML without inline styles. Raises MathsError for what KaTeX cannot read."""
        path = self._path()
        if found := UNTRUSTED.search(tex):
            raise fault(tex, f"{found[0]} is not for lessons: links and pictures stand in the Markdown", found.start())
        key = hashlib.sha256(f"{path.name}\n{json.dumps(OPTIONS)}\n{display}\n{tex}".encode()).hexdigest()
        with self._lock:
            if key in self._made:
                return self._made[key][0]
        formula = (self._built and self._built.find(key)) or self._read(key)
        if formula is None:
            formula = without_styles(self._engine.submit(self._render, path, tex, display).result())
            self._write(key, *formula)
        with self._lock:
            self._rules.update(formula[1])
            if self._cache is not None and len(self._made) >= KEPT:
                self._made.clear()
            self._made[key] = formula
        return formula[0]

    def made(self) -> dict[str, Formula]:
        """What was set since the start, by key: the build keeps it for the course that runs."""
        with self._lock:
            return dict(self._made)

    def sheet(self) -> str:
        """The rules of every class made so far, in a stable order."""
        with self._lock:
            return "".join(f".{name}{{{rule}}}\n" for name, rule in sorted(self._rules.items()))

    def version(self) -> str:
        """Names the sheet's content: ask for it after the page is rendered, and put it into the sheet's address."""
        return hashlib.sha256(self.sheet().encode()).hexdigest()[:12]

    def close(self) -> None:
        if self._built is not None:
            self._built.close()
        self._engine.shutdown(wait=False, cancel_futures=True)

    def _path(self) -> Path:
        if self._katex is None:
            try:
                names = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))["files"]
                self._katex = DIST / names["katex.js"]
                if "formulas.db" in names:
                    self._built = Formulas(DIST / names["formulas.db"])
            except (OSError, ValueError, KeyError):
                raise MathsError(
                    Text(
                        "公式引擎还没有构建。请运行 `python -m wenjin.study.web.build`。",
                        "The formula engine is not built yet. Run `python -m wenjin.study.web.build`.",
                    )
                ) from None
        return self._katex

    def _render(self, path: Path, tex: str, display: bool) -> str:
        """KaTeX's own HTML. Runs in the engine's thread."""
        if not hasattr(self._local, "engine"):
            import dukpy  # type: ignore[import-untyped]

            self._local.engine = dukpy.JSInterpreter()
            self._local.engine.evaljs(path.read_text(encoding="utf-8") + ";0")
        answer: dict[str, Any] = self._local.engine.evaljs(CALL, tex=tex, options={**OPTIONS, "displayMode": display})
        if "fault" in answer:
            raise fault(tex, answer["fault"], answer.get("at"))
        return str(answer["html"])

    def _read(self, key: str) -> Formula | None:
        """A formula from the cache folder; None when it is not there or cannot be read: it is then made again."""
        if self._cache is None:
            return None
        try:
            kept = json.loads((self._cache / f"{key}.json").read_text(encoding="utf-8"))
            return str(kept["html"]), {str(name): str(rule) for name, rule in kept["rules"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _write(self, key: str, page: str, rules: dict[str, str]) -> None:
        """Keep a formula, whole or not at all. A folder that cannot be written costs time, not the page."""
        if self._cache is None:
            return
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._cache, delete=False, encoding="utf-8") as file:
                json.dump({"html": page, "rules": rules}, file, ensure_ascii=False)
            os.replace(file.name, self._cache / f"{key}.json")
        except OSError:
            return


def without_styles(page: str) -> Formula:
    """KaTeX's HTML with each style="…" as a class, and the rules of these classes."""
    rules: dict[str, str] = {}

    def replace(found: re.Match[str]) -> str:
        tag, before, style, after = found.groups()
        rule = ";".join(f"{part}!important" for part in html.unescape(style).split(";") if DECLARATION.fullmatch(part))
        name = "kx-" + hashlib.sha256(rule.encode()).hexdigest()[:8]
        rules[name] = rule
        attributes = before + after
        if CLASS.search(attributes):
            attributes = CLASS.sub(lambda have: f' class="{have[1]} {name}"', attributes, count=1)
        else:
            attributes += f' class="{name}"'
        return f"<{tag}{attributes}"

    return STYLE.sub(replace, page), rules


def fault(tex: str, reason: str, at: int | None) -> MathsError:
    """One sentence with the formula, the place and what KaTeX says of it."""
    shown = tex.strip().replace("\n", " ")
    if at is None:
        zh, en = "", ""
    else:
        near = tex[max(0, at - 10) : at + 10].strip().replace("\n", " ")
        zh, en = f"，第 {at + 1} 个字符（“{near}”）处", f", at character {at + 1} (“{near}”)"
    return MathsError(
        Text(
            f"公式 `{shown}` 无法排版{zh}：{reason}。请改正这处 LaTeX。",
            f"The formula `{shown}` cannot be set{en}: {reason}. Mend the LaTeX there.",
        )
    )
