"""Code -> HTML lines with Pygments' short classes, never with inline styles."""

import html

from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

FORMAT = HtmlFormatter(nowrap=True)


def code_block(text: str, language: str = "python", first: int | None = None, ids: bool = False) -> str:
    """A `pre.code` with one span.line a line. `first` numbers the lines; with `ids` each is the target #L<number>."""
    text = text.rstrip("\n")
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=True)
        marked = highlight(text, lexer, FORMAT).removesuffix("\n")
    except ClassNotFound:
        marked = html.escape(text)
    lines = []
    for number, line in enumerate(marked.split("\n"), start=first or 1):
        attributes = f' data-line="{number}"' if first is not None else ""
        attributes += f' id="L{number}"' if ids else ""
        lines.append(f'<span class="line"{attributes}>{line}</span>')
    numbered = " numbered" if first is not None else ""
    return f'<pre class="code{numbered}" tabindex="0"><code>' + "\n".join(lines) + "</code></pre>\n"
