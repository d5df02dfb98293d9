"""Readers on any text whatsoever: what was written is read back, and nothing ends in a traceback."""

import contextlib
from collections.abc import Callable

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from wenjin.stack.data import dialogs, handbooks, manual_pages, messages, wikitext
from wenjin.stack.data.files import packed

EXAMPLES = settings(max_examples=400 if FULL else 20, deadline=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PRINTED = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30)
ROFF = st.lists(
    st.one_of(
        TEXT,
        st.builds(
            "{}{} {}".format,
            st.sampled_from([".", "'"]),
            st.sampled_from(["SH", "TP", "It", "Nm", "TS", "de x", "nf"]),
            TEXT,
        ),
        st.builds("\\{}{}".format, st.sampled_from(["f", "(", "[", "*", "*(", "*[", "s", "h", "n", "m[", "u"]), TEXT),
    ),
    max_size=12,
).map("\n".join)


def quoted(text: str) -> str:
    """As gettext writes it: escaped, a string for each line."""
    lines = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r").split("\n")
    return "\n".join(['""', *(f'"{line}\\n"' for line in lines[:-1]), f'"{lines[-1]}"'])


@EXAMPLES
@given(st.lists(st.tuples(TEXT, PRINTED, PRINTED), max_size=5))
def test_a_catalog_comes_back(entries: list[tuple[str, str, str]]) -> None:
    catalog = "\n\n".join(
        f"msgctxt {quoted(context)}\nmsgid {quoted(en)}\nmsgstr {quoted(zh)}" for context, en, zh in entries
    )
    assert list(messages.po(catalog)) == entries


@EXAMPLES
@given(st.lists(st.lists(PRINTED, min_size=1, max_size=4), min_size=1, max_size=4))
def test_dialogs_come_back_as_yaml_writes_them(turns: list[list[str]]) -> None:
    text = yaml.safe_dump({"conversations": turns}, allow_unicode=True, width=10**6)
    assert list(dialogs.conversations(text)) == [tuple(one) for one in turns]


@EXAMPLES
@given(ROFF)
def test_any_roff_becomes_text(source: str) -> None:
    text = manual_pages.plain(source)
    assert manual_pages.END not in text
    assert text == text.strip("\n")


@EXAMPLES
@given(st.one_of(TEXT, TEXT.map(lambda text: f"<h1><a id='x'></a>{text}</h1>{text}")))
def test_any_page_and_any_article_are_rows_or_a_sentence(text: str) -> None:
    readers: list[Callable[[], object]] = [
        lambda: list(handbooks.read(packed([("x", text)]).decode("utf-8"))),
        lambda: list(wikitext.read(text)),
    ]
    for read in readers:
        with contextlib.suppress(ValueError):
            read()
