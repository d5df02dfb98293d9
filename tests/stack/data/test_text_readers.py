"""Every reader of text: by hand, on what is shipped of the real thing, and on what is broken."""

import contextlib
import gettext
import json
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from wenjin.stack.data import (
    classics,
    dialogs,
    emoji_names,
    handbooks,
    messages,
    python_library,
    reviews,
    tagged_news,
    wikitext,
)
from wenjin.stack.data.files import packed, unpacked
from wenjin.stack.data.load import load
from wenjin.stack.data.readers import read, reader
from wenjin.stack.data.sources import DataError, source, sources

NOWHERE = Path("/nonexistent")


def kept(**files: str) -> str:
    return packed((name.replace("__", "."), text) for name, text in files.items()).decode("utf-8")


def test_every_corpus_has_a_reader_and_its_facts_in_both_languages() -> None:
    for one in sources().values():
        assert callable(reader(one).read)
        assert hasattr(reader(one), "PARTS") or one.way != "folder", one.id
        said = [one.holds, one.license, *filter(None, (one.terms, one.instead))]
        assert all(text.zh and text.en for text in said), one.id
        assert any("\u4e00" <= letter <= "\u9fff" for letter in one.holds.zh), one.id
        for part in [*one.excerpt.values(), *(part for package in one.packages for part in package.parts.values())]:
            assert part.bytes > 0, one.id
            assert part.rows > 0, one.id
            assert len(part.sha256) == 64, one.id


@pytest.mark.parametrize("id", [one.id for one in sources().values() if one.excerpt])
def test_what_is_shipped_holds_the_rows_that_are_pinned(id: str) -> None:
    one = sources()[id]
    for name, part in one.excerpt.items():
        corpus = load(id, part=name, data=NOWHERE)
        assert (corpus.count, corpus.sha256) == (part.rows, part.sha256)
        assert corpus.fallback == (one.way != "shipped")
        assert len({row.key for row in corpus.rows}) > part.rows // 10


# ---- kept files ----


def test_files_are_kept_and_read_back() -> None:
    files = [("a.txt", "一\n二\u2028三\r\n"), ("b", ""), ("c", '"quoted"')]
    assert list(unpacked(packed(files).decode("utf-8"))) == files
    assert list(unpacked("")) == []


@pytest.mark.parametrize("line", ["", "{", "[1]", '["a"]', '["a", 1]', '["a", "b", "c"]', "null"])
def test_a_broken_line_of_kept_files_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no kept file"):
        list(unpacked(f'["a","b"]\n{line}\n'))


# ---- English classics ----


def test_plays_have_their_title_and_nothing_of_it_in_their_text() -> None:
    plays = {work.title: work for work in load("english-classics", part="shakespeare", data=NOWHERE).rows}
    assert plays.keys() == {"MACBETH", "A MIDSUMMER NIGHT'S DREAM", "THE SONNETS"}
    sonnets = plays["THE SONNETS"].text
    assert sonnets.startswith("I\n\nFrom fairest creatures we desire increase,\n")
    assert sonnets.endswith("Love's fire heats water, water cools not love.")
    assert all("William Shakespeare" not in work.text for work in plays.values())


def test_addresses_have_their_year_and_speaker() -> None:
    told = [(work.title, work.author) for work in load("english-classics", part="addresses", data=NOWHERE).rows]
    assert told[0] == ("State of the Union, 1790", "George Washington")
    assert ("State of the Union, 1961", "John F Kennedy") in told
    assert len(set(told)) == 6


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.json", "{"), ("x.json", '{"year": 1790}'), ("x.json", "[]"), ("x.txt", "TITLE"), ("x.txt", "")],
)
def test_what_is_no_work_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} is no work"):
        list(classics.read(packed([(name, text)]).decode("utf-8")))


# ---- handbooks ----

PAGE = """<html><head><title>No</title><style>x</style></head><body><div class="navheader"><p>Prev</p></div>
<div class="chapter"><h1 class="title"><a id="kernel"></a>{head}</h1>
<div class="toc"><p>Contents</p><dl><dt>10.1</dt></dl></div><p>Before &amp; after.</p>
<div class="section"><h2 class="title"><a id="yes"></a>10.1.&#160;{question}</h2><p>
Yes,
it <em>is</em>.</p><pre>  $ make
    -j2</pre><table><tr><td>a</td><td>b</td></tr></table><h2>no anchor</h2><p>of it too</p></div></div>
<div class="navfooter"><p>Next</p></div></body></html>"""


def test_sections_are_cut_at_their_anchors_and_find_their_translation() -> None:
    pages = {
        "usr/share/doc/debian/FAQ/kernel.en.html": PAGE.format(head="Chapter 10. The kernel", question="Is it?"),
        "usr/share/doc/debian/FAQ/zh-cn/kernel.zh-cn.html": PAGE.format(head="第 10 章 内核", question="是吗？"),
    }
    rows = list(handbooks.read(packed(pages.items()).decode("utf-8")))
    assert [(row.anchor, row.language, row.title) for row in rows] == [
        ("kernel", "en", "The kernel"),
        ("yes", "en", "Is it?"),
        ("kernel", "zh", "内核"),
        ("yes", "zh", "是吗？"),
    ]
    assert rows[0].text == "Before & after."
    assert rows[1].text == "Yes, it is.\n  $ make\n    -j2\na\tb\nof it too"
    assert [(zh.title, en.title) for zh, en in handbooks.aligned(rows)] == [
        ("内核", "The kernel"),
        ("是吗？", "Is it?"),
    ]


def test_a_page_without_sections_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"x\.en\.html holds no section"):
        list(handbooks.read(kept(x__en__html="<html><h1>no anchor</h1></html>")))


# ---- messages ----

CATALOG = r"""
# a comment
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=0;\n"

#: here.py
msgid "Say \"yes\"\tor\\no"
msgstr ""
"说“是”\n"
"或否"

#, fuzzy, python-format
msgid "guessed"
msgstr "猜的"

#, fuzzy
msgid "guessed, too"
msgstr "也是猜的"
msgctxt "month"
msgid "May"
msgstr "五月"
msgid "May"
msgstr "可以"

msgid "%(n)d item"
msgid_plural "%(n)d items"
msgstr[0] "%(n)d 项"

msgid "left"
msgstr ""

msgid "JSON"
msgstr "JSON"

#~ msgid "old"
#~ msgstr "旧"
"""


def compiled(entries: dict[str, str]) -> BytesIO:
    """A catalog in gettext's binary format."""
    keys = sorted(entries, key=str.encode)
    pieces = [word.encode() for key in keys for word in (key, entries[key])]
    at, head, pairs = 28 + 16 * len(keys), [], []
    for piece in pieces:
        pairs.append((len(piece), at))
        at += len(piece) + 1
    for n in range(2):
        head += [struct.pack("<II", *pair) for pair in pairs[n::2]]
    begins = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    return BytesIO(begins + b"".join(head) + b"".join(piece + b"\0" for piece in pieces))


def test_a_catalog_says_what_gettext_says() -> None:
    found = list(messages.read(kept(django__po=CATALOG)))
    head = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=0;\n"
    binary = compiled(
        {
            "": head,
            'Say "yes"\tor\\no': "说“是”\n或否",
            "month\x04May": "五月",
            "May": "可以",
            "%(n)d item\0%(n)d items": "%(n)d 项",
        }
    )
    other = gettext.GNUTranslations(binary)  # type: ignore[arg-type]
    assert len(found) == 4
    for one in found:
        if one.context:
            assert other.pgettext(one.context, one.en) == one.zh
        elif one.en.endswith("items"):
            assert other.ngettext("%(n)d item", one.en, 2) == one.zh
        else:
            assert other.gettext(one.en) == one.zh


def test_a_catalog_of_jupyter_has_contexts_and_plurals() -> None:
    catalog = {"": {"language": "zh-CN"}, "menu\x04Code": ["代码"], "%1 Item": ["%1 项", ""], "OK": ["OK"], "No": [""]}
    found = list(messages.read(kept(lab__json=json.dumps(catalog))))
    assert [(one.context, one.en, one.zh) for one in found] == [("menu", "Code", "代码"), ("", "%1 Item", "%1 项")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.po", 'msgid "no end\nmsgstr "x"'),
        ("a.po", "<html>404</html>"),
        ("a.po", '"nowhere"'),
        ("a.json", "["),
        ("a.json", "[1]"),
        ("a.json", '{"a": 1}'),
    ],
)
def test_what_is_no_catalog_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} is no catalog"):
        list(messages.read(packed([(name, text)]).decode("utf-8")))


# ---- dialogs ----

YAML = """categories:
- talk

conversations:
- - plain, with:marks?
  - it's going on
    over lines

    and a paragraph
- - 'quoted ''twice'''
  - "escaped \\"é\\" \\u4f60\\n"
  - 'on
    two lines '
# a comment
- - |
    literal

        indented
  - last
  - |-
    no end
- - "\\x41: '"
  - 你好吗? # not said
"""


def test_dialogs_are_those_that_a_reader_of_all_of_yaml_finds() -> None:
    wanted = [tuple(turns) for turns in yaml.safe_load(YAML)["conversations"]]
    assert list(dialogs.conversations(YAML)) == wanted
    (first, *_) = dialogs.read(packed([("data/english/talk.yml", YAML)]).decode("utf-8"))
    assert (first.language, first.topic, first.turns) == ("english", "talk", wanted[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("categories:\n- x\n", "there is no line 'conversations:'"),
        ("conversations:\n- - 'open\n", "line 2: a quotation mark is missing"),
        ('conversations:\n- - "open\n', "line 2: a quotation mark is missing"),
        ("conversations:\n- - a\n  - !!python/object x\n", "line 3: a string that these files do not use"),
        ("conversations:\n- - a\nnext: b\n", "line 3 is no turn"),
    ],
)
def test_what_is_no_dialog_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^data/english/x.yml, {told}"):
        list(dialogs.read(packed([("data/english/x.yml", text)]).decode("utf-8")))


# ---- reviews, news, emoji, WikiText, Python ----


def test_a_review_has_the_label_of_its_file() -> None:
    (good, other) = reviews.read("  书很好 \n\n还行\n", "positive")
    assert (good.text, good.positive, other.text) == ("书很好", True, "还行")
    assert [review.positive for review in reviews.read("差\n", "negative")] == [False]
    assert next(reviews.read("差", "positive")).key == next(reviews.read("差", "negative")).key


def test_a_line_of_news_has_words_and_tags() -> None:
    (line, other) = tagged_news.read("江/nr  泽民/nr  １/２/m  //w\n\n兰/nr 摄/Vg\n")
    assert line.words == (("江", "nr"), ("泽民", "nr"), ("１/２", "m"), ("/", "w"))
    assert other.text == "兰摄"


@pytest.mark.parametrize("line", ["没有标记", "词/", "/n", "词/名", "词/n 二"])
def test_a_word_without_a_tag_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 has no word with a tag"):
        list(tagged_news.read(f"好/a\n{line}"))


def test_emoji_have_names_and_keywords_in_both_languages() -> None:
    rows = {row.character: row for row in load("emoji-names", data=NOWHERE).rows}
    laugh = rows["😆"]
    assert (laugh.zh, laugh.en, laugh.group) == ("斜眼笑", "grinning squinting face", "smileys-emotion")
    assert "哈哈" in laugh.words_zh
    assert "haha" in laugh.words_en
    assert len(rows) == 3953
    assert rows["👋🏽"].key == rows["👋"].key
    assert rows["🇨🇳"].key != rows["🇫🇷"].key


def test_emoji_are_made_from_both_languages_and_groups() -> None:
    def data(label: str, skin: str) -> list[dict[str, Any]]:
        hand = {"hexcode": "1", "emoji": "👋", "label": label, "tags": [label], "group": 1}
        return [hand | {"skins": [{"emoji": "👋🏽", "label": skin}]}, {"hexcode": "2", "emoji": "🇦", "label": "A"}]

    base, skins = emoji_names.compact(data("挥手", "挥手: 中等"), data("wave", "wave: medium skin tone"), {1: "people"})
    (one,), (other,) = emoji_names.read(base), emoji_names.read(skins)
    assert one == emoji_names.Emoji("👋", "people", "挥手", "wave", ("挥手",), ("wave",))
    assert (other.zh, other.key, other.words_en) == ("挥手: 中等", one.key, ())


WIKI = (
    " \n = First = \n \n Some <unk> text . \n \n = = Part = = \n \n a = b = \n more @-@ so \n"
    " \n = Second one = \n \n x \n"
)


def test_articles_begin_at_titles_between_empty_lines() -> None:
    first, second = wikitext.read(WIKI)
    assert (first.title, second.title, second.text) == ("First", "Second one", "x")
    assert first.text == "Some <unk> text . \n \n = = Part = = \n \n a = b = \n more @-@ so"


@pytest.mark.parametrize("text", ["", "\n\n", "no title here\n", " = = Part = = \n\n x"])
def test_a_file_without_an_article_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no line is the title of an article"):
        list(wikitext.read(text))


def test_pythons_library_is_read_where_it_stands() -> None:
    corpus = load("python-library", data=NOWHERE)
    modules = {module.name: module.text for module in corpus.rows}
    assert not corpus.fallback
    assert modules["json/__init__.py"] == Path(json.__file__).read_text(encoding="utf-8")
    assert not any(name.startswith(("test/", "site-packages/")) for name in modules)
    compile(modules["json/decoder.py"], "decoder.py", "exec")


def test_a_library_that_is_broken_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not hold the source of Python's library"):
        python_library.kept(tmp_path)
    (tmp_path / "bad.py").write_bytes(b"# coding: utf-8\nx = '\xff'\n")
    with pytest.raises(DataError, match=r"bad\.py cannot be read"):
        python_library.kept(tmp_path)


@pytest.mark.parametrize("id", list(sources()))
@pytest.mark.parametrize("text", ["\0", "[]", "<html>404</html>", '["a","b"]', "{" * 5000])
def test_no_reader_ends_otherwise_than_with_rows_or_a_sentence(id: str, text: str) -> None:
    with contextlib.suppress(ValueError):  # with a sentence, as the tests above see
        for row in read(source(id), text, "positive"):
            assert isinstance(row.key, str)
