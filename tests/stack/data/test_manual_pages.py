"""Manual pages as text: by hand in both macro languages, and on the real pages that are shipped."""

import re
from pathlib import Path

import pytest

from wenjin.stack.data.files import packed
from wenjin.stack.data.load import load
from wenjin.stack.data.manual_pages import arguments, cleaned, mdoc, plain, read

MAN = r"""'\" t
.\" a comment
.TH LS 1 2022年9月 "GNU coreutils 9.1" 用户命令
.de XX
dropped
..
.SH 名称
ls \- 列出目录内容
.SH 概述
\fBls\fP [\fI\,选项\/\fP]... [\fI\,文件\/\fP]...
.PP
列出指定“文件”
（默认为当前目录）。 See
.BR cat (1),
.B "all of it"
now.
.TP
\fB\-a\fP, \fB\-\-all\fP
不要忽略以点号起始
的条目
.IP \(bu 2
point\(em\[lq]x\[rq]
.br
next
.nf
  int  main;

  return \e0;
.fi
.TS
tab(;) allbox;
l l
r r.
a	b
.TE
.ig
dropped too
..
end \" of it
"""
TEXT = """名称

ls - 列出目录内容

概述

ls [选项]... [文件]...

列出指定“文件”（默认为当前目录）。 See cat(1), all of it now.

-a, --all
不要忽略以点号起始的条目

• point—“x”
next
  int  main;

  return \\0;

a  b

end"""
MDOC = r""".Dd June 1, 1999
.Dt APROPOS 1
.Os
.Sh NAME
.Nm apropos
.Nd search the whatis database
.Sh SYNOPSIS
.Nm Ar keyword Op Fl d Ar file
.Sh OPTIONS
.Bl -tag -width Ds
.It Fl a , Fl Fl all
Print
.Dq everything ,
see
.Xr whatis 1 .
.El
"""
MDOC_TEXT = """NAME

apropos - search the whatis database

SYNOPSIS

apropos keyword [-d file]

OPTIONS

-a, --all
Print “everything,” see whatis 1."""


def spaced(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


def test_a_page_in_man_reads_as_it_is_shown() -> None:
    assert spaced(plain(MAN)) == spaced(TEXT)


def test_a_page_in_mdoc_reads_as_it_is_shown() -> None:
    assert plain(MDOC) == MDOC_TEXT


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"\fBbold\fR \f(CWcode\fP \f[B]x\f[]", "bold code x"),
        (r"a\-b \e \\ \(aq\[aq] \[u4E2D]", r"a-b \ \ '' 中"),
        (r"\s-1SMALL\s0 \s+2x \h'2'y\v'1p'z \w'abc'u", "SMALL x yz u"),
        (r"\*(lqsaid\*(rq \*[unknown]x \n[.x]y \m[red]z", "“said” x y z"),
        (r"end\c", "end"),
        ("\\", ""),
    ],
)
def test_escapes_are_gone(written: str, shown: str) -> None:
    assert cleaned(written) == shown


def test_words_of_a_request() -> None:
    assert arguments(r'one "two words" a\ b "say ""hi""" "open') == ["one", "two words", r"a\ b", 'say "hi"', "open"]
    assert arguments("") == []
    assert mdoc(["Op", "Fl", "f", "Ns", "Ar", "file", "Oo", "x"]) == "[-ffile x]"


def test_nothing_of_roff_stays_in_the_real_pages() -> None:
    pages = {page.name: page for page in load("manual-pages", data=Path("/nonexistent")).rows}
    assert set(pages) == {"futex", "operator", "queue", "string_copying", "symlink"}
    for page in pages.values():
        assert (page.section, page.language) == ("7", "en")
        assert page.text.startswith("NAME\n\n")
        assert not re.search(r"^[.'][A-Za-z]{1,2}\b|\\f[BIPR]|\\\(|\\-", page.text, re.MULTILINE), page.name
    operator = pages["operator"].text
    assert "operator - C operator precedence and order of evaluation" in operator
    assert "Operators\tAssociativity" in operator or re.search(r"Operators? +Associativity", operator)


def test_pages_know_their_section_and_language_and_what_only_points_is_left_out() -> None:
    files = {
        "usr/share/man/man7/ascii.7.gz": ".TH x\n.SH NAME\nascii",
        "usr/share/man/zh_CN/man3/after.3tcl.gz": ".SH 名称\nafter",
        "usr/share/man/zh_CN/man5/locale.conf.5.gz": ".SH 名称\nlocale.conf",
        "usr/share/man/man7/only.7.gz": '.\\" c\n.so man7/ascii.7\n',
    }
    found = [(page.name, page.section, page.language) for page in read(packed(files.items()).decode("utf-8"))]
    assert found == [("ascii", "7", "en"), ("after", "3tcl", "zh"), ("locale.conf", "5", "zh")]


def test_what_is_no_page_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="README is no manual page"):
        list(read(packed([("README", "x")]).decode("utf-8")))
