"""Bytes to text, the same for every route."""

import pytest

from wenjin.study.judge.source import SIZE_CAP, Unreadable, decode


def test_marks_line_ends_and_cookies() -> None:
    assert decode(b"\xef\xbb\xbfa = 1\r\nb = 2\rc = 3\n") == "a = 1\nb = 2\nc = 3\n"
    assert decode("# -*- coding: gbk -*-\nx = '水'\n".encode("gbk")) == "# -*- coding: gbk -*-\nx = '水'\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\ny = '水调歌头'\n".encode("gbk"), "Line 2 is not UTF-8. It looks like GBK"),
        ("x = 1\n".encode("utf-16"), "UTF-16"),
        (b"x = 1\n\0", "null byte"),
        (b"# coding: klingon\n", "klingon"),
        (b"\xff\xfe\xfd", "not UTF-8"),
        (b"#" * (SIZE_CAP + 1), "limit is 1024 KiB"),
    ],
)
def test_what_is_no_text_is_said(source: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(source)
    assert said in caught.value.text.en
    assert caught.value.text.zh
