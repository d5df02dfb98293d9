r"""Manual pages, in roff with the macros man or mdoc, -> pages of plain text.

    .TH LS 1 2022年9月 "GNU coreutils 9.1"          NAME
    .SH 名称                                         ls - 列出目录内容
    ls \- 列出目录内容                         ->
    .TP                                              -a, --all
    \fB\-a\fP, \fB\-\-all\fP                         不要忽略以点号（“.”）起始的条目
    不要忽略以点号（“.”）起始的条目

A blank line stands between paragraphs; the lines of a paragraph are joined, in Chinese without a space. What is laid
out (.nf, .EX, tables) keeps its lines. Fonts, comments and the page's head and foot are dropped.

Omits   tables' columns, definitions of macros and strings, conditions, indentation: enough for a corpus, not for
        printing. Traditional Chinese, which the package makes from the simplified by program; pages that only point
        to another
Source  groff_man(7), groff_mdoc(7), groff_char(7); manpages-zh 1.6.4.0 and manpages 6.03 of Debian 12
Proof   tests/stack/data/test_manual_pages.py: pages by hand, and no command or escape of roff stays in what is shipped
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wenjin.stack.data.files import unpacked

NAME = re.compile(r"(?:^|/)man\w+/(?P<name>[^/]+)\.(?P<section>\d\w*)(?:\.gz)?$")
BREAKS = {"PP", "LP", "P", "HP", "IP", "TP", "TQ", "sp", "Pp", "RS", "RE", "Bl", "El", "It", "Bd", "Ed", "TS", "TE"}
TAGGED = {"TP", "TQ"}  # what comes next is a tag, on a line of its own
BULLET = 3  # a shorter tag, as in 1. or •, stands before its text
HEADS = {"SH", "SS", "Sh", "Ss"}
LITERAL = {"nf": True, "fi": False, "EX": True, "EE": False, "Vb": True, "Ve": False, "TS": True, "TE": False}
LITERAL |= {"CS": True, "CE": False, "Bd": True, "Ed": False}  # Tcl's and mdoc's
FONTS = {"B", "I", "SM", "SB", "BR", "RB", "BI", "IB", "IR", "RI"}
WITHOUT_SPACE = {"BR", "RB", "BI", "IB", "IR", "RI"}  # two fonts in turn, set side by side
SPOKEN = {"UR": "", "MT": "", "URL": "", "OP": "", "SY": "", "IX": None, "TH": None, "Dd": None, "Dt": None, "Os": None}
MDOC = {  # what a callable macro puts before and after its words
    "Fl": ("-", ""), "Op": ("[", "]"), "Dq": ("“", "”"), "Pq": ("(", ")"), "Sq": ("‘", "’"), "Bq": ("[", "]"),
    "Ql": ("‘", "’"), "Nd": ("- ", ""), "Xr": ("", ""), "Nm": ("", ""), "Ar": ("", ""), "Pa": ("", ""),
    "Ic": ("", ""), "Li": ("", ""), "Em": ("", ""), "Sy": ("", ""), "Ev": ("", ""), "Cm": ("", ""), "Dv": ("", ""),
    "Tn": ("", ""), "Sx": ("", ""), "Fa": ("", ""), "Fn": ("", "()"), "Dl": ("", ""), "Bx": ("BSD ", ""),
    "Ux": ("UNIX", ""), "At": ("AT&T UNIX ", ""), "An": ("", ""), "Va": ("", ""), "Vt": ("", ""), "Ft": ("", ""),
    "Ad": ("", ""), "Er": ("", ""), "Lk": ("", ""), "St": ("", ""), "Fx": ("FreeBSD ", ""), "Nx": ("NetBSD ", ""),
}  # fmt: skip
SILENT = {"Ns", "No", "Ap", "Xc", "Xo", "Oo", "Oc", "Bk", "Ek", "Sm", "Pf", "Ta"}
CHARACTERS = {
    "bu": "•", "aq": "'", "dq": '"', "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "em": "—", "en": "–", "hy": "-",
    "co": "©", "rg": "®", "tm": "™", "ha": "^", "ti": "~", "ga": "`", "rs": "\\", "sl": "/", "bv": "|", "ba": "|",
    "br": "|", "ul": "_", "ru": "_", "de": "°", "+-": "±", ">=": "≥", "<=": "≤", "!=": "≠", "->": "→", "<-": "←",
    "mu": "×", "di": "÷", "sc": "§", "dg": "†", "dd": "‡", "fm": "′", "sd": "″", "la": "⟨", "ra": "⟩", "at": "@",
    "sh": "#", "Do": "$", "lB": "[", "rB": "]", "lC": "{", "rC": "}", "pd": "∂", "**": "*", "pl": "+", "mi": "−",
    "*p": "π", "*b": "β", "*a": "α", "ss": "ß", "ae": "æ", "mc": "µ", "Po": "£", "Eu": "€", "12": "½", "14": "¼",
}  # fmt: skip
STRINGS = {"C`": "", "C'": "", 'L"': '"', 'R"': '"', "lq": "“", "rq": "”", "Aq": "'", "--": "—", "PI": "π", "R": "®"}
STRINGS |= {"Lq": "“", "Rq": "”", "Tm": "™", "Ba": "|", "Le": "≤", "Ge": "≥", "S": ""}
ESCAPE = re.compile(
    r"\\(?:"
    r"f(?:\(..|\[[^\]]*\]|.)|s(?:\[[^\]]*\]|'[^']*'|[-+]?\(?\d{1,2})|[hvwkzouLlDbxNAXRZCBS](?:'[^']*'|.)?"
    r"|[mMFgVYO](?:\(..|\[[^\]]*\]|.)|n(?:[-+]?\(..|\[[^\]]*\]|.)"
    r"|\*(?:\((?P<string2>..)|\[(?P<string>[^\]]*)\]|(?P<string1>.))"
    r"|\((?P<short>..)|\[(?P<long>[^\]]*)\]|(?P<one>.)|$)"
)
ONE = {
    "-": "-",
    "e": "\\",
    "\\": "\\",
    " ": " ",
    "~": "\xa0",
    "0": " ",
    "t": "\t",
    "'": "´",
    "`": "`",
    ".": ".",
    "_": "_",
}
HAN = r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u3000-\u303f“”‘’…—]"
END = "\x01"  # a line end that stays
SEAM = re.compile(rf"(?<={HAN})\n(?={HAN})")


@dataclass(frozen=True, slots=True)
class Page:
    """`section`: 1 to 8, with what follows it, as in 3tcl; `language`: zh or en."""

    name: str
    section: str
    language: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.name}.{self.section}"  # a page and its translation fall on one side


def read(text: str) -> Iterator[Page]:
    """The pages of a kept part, without those that only point to another. Raises ValueError for what is no page."""
    for path, source in unpacked(text):
        found = NAME.search(path)
        if not found:
            raise ValueError(f"{path} is no manual page")
        if not re.match(r"(?:\s|\.?\\\".*\n)*\.so\s", source):
            yield Page(found["name"], found["section"], "zh" if "/zh_" in path else "en", plain(source))


def plain(source: str) -> str:
    """The text of a page in roff."""
    out: list[str] = []
    literal, ignoring, formatting, tag, own = False, "", False, False, ""
    for line in re.sub(r"\\\n", "", source).expandtabs().split("\n"):
        line = re.sub(r'\\["#].*$', "", line.rstrip())
        if ignoring:  # the body of a definition, up to its end
            ignoring = "" if re.match(rf"[.']\s*{re.escape(ignoring)}\s*$", line) or line == ".." else ignoring
            continue
        if formatting:  # a table begins with how its columns are set, up to a line that ends in a dot
            formatting = not line.endswith(".")
            continue
        request = re.match(r"[.']\s*(\S*)\s*(.*)", line)
        if not request:
            line = cleaned(line)
            out.append(line + END if literal or tag else line.strip() or "\n\n")
            tag = False
            continue
        name, rest = request[1], request[2]
        if name in ("de", "de1", "ig", "am"):
            parts = rest.split()
            ignoring = parts[1] if name != "ig" and len(parts) > 1 else parts[0] if name == "ig" and parts else "."
            continue
        formatting = name == "TS"
        if name == "Nm":  # the page's own name, said once and understood from then on
            named = re.match(r"(?!(?:[A-Z][a-z]|[.,;:)]) )[^\s]{2,}", rest) if rest else None
            own, rest = (own or named[0], rest) if named else (own, f"{own} {rest}")
        out += [piece + END if (literal or tag) and piece.strip() else piece for piece in _said(name, rest)]
        tag = name in TAGGED or (tag and name not in FONTS and name not in MDOC)
        literal = LITERAL.get(name, literal)
        if name in ("Bd",):
            literal = "-ragged" not in rest and "-filled" not in rest
    return _joined(out)


def _said(name: str, rest: str) -> list[str]:
    """What a request adds to the text; a blank line as two line ends."""
    words = [cleaned(word) for word in arguments(rest)]
    if name in HEADS:
        return ["\n\n" + " ".join(words) + "\n\n"]
    if name in ("It", "IP"):
        said = mdoc(words) if name == "It" else "".join(words[:1])
        return ["\n\n" + said + (END if len(said) > BULLET else "")]
    if name in BREAKS:
        return ["\n\n"]
    if name == "br":
        return [END]
    if LITERAL.get(name) and name not in BREAKS:
        return [END]
    if name in FONTS:
        return [("" if name in WITHOUT_SPACE else " ").join(words)]
    if name in SPOKEN:
        return [" ".join(words)] if SPOKEN[name] is not None and words else []
    if name in MDOC or name in SILENT:
        return [mdoc([name, *words])]
    return []


def mdoc(words: list[str]) -> str:
    """A line of mdoc: macros among its words set them in brackets or marks, up to the next one or the end."""
    out, close, tight = "", "", True
    for word in words:
        if word == "Ns":
            tight = True
        elif word in SILENT:
            continue
        elif word in MDOC:
            before, after = MDOC[word]
            enclosing = word in ("Op", "Dq", "Pq", "Sq", "Bq", "Ql")  # these hold to the end of the line
            out += ("" if tight or not out else " ") + before
            close = close + after if not enclosing else after + close
            tight = True
        else:
            out += ("" if tight or word in (".", ",", ")", ":", ";", "]") else " ") + word
            tight = word in ("(", "[")
    return out + close


def arguments(rest: str) -> list[str]:
    """The words of a request; one in quotation marks may hold spaces, and "" in it is a mark."""
    found = re.findall(r'"((?:[^"]|"")*)"?|((?:\\ |\\.|[^\s\\])+)', rest)
    return [quoted.replace('""', '"') or plain_ for quoted, plain_ in found]


def cleaned(line: str) -> str:
    """A line without its escapes."""
    return ESCAPE.sub(_character, line)


def _character(escape: re.Match[str]) -> str:
    if (name := escape["short"] or escape["long"]) is not None:
        if re.fullmatch(r"u[0-9A-F]{4,6}", name):
            return chr(int(name[1:], 16))
        return CHARACTERS.get(name, "")
    if (name := escape["string"] or escape["string1"] or escape["string2"]) is not None:
        return STRINGS.get(name, "")
    return ONE.get(escape["one"] or "", "")


def _joined(pieces: list[str]) -> str:
    paragraphs = (SEAM.sub("", one.strip("\n")) for one in re.split(r"\n[ \n]*\n", "\n".join(pieces)))
    flowing = (re.sub(rf"\n?{END}\n?", END, one).replace("\n", " ").replace(END, "\n") for one in paragraphs)
    return "\n\n".join(one.strip("\n").rstrip() for one in flowing if one.strip())
