"""Many files kept as one: what was packed is read back, and a broken line is refused with its number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from wenjin.stack.data.files import packed, unpacked

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=400 if FULL else 20, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT)))
def test_kept_files_come_back(files: list[tuple[str, str]]) -> None:
    assert list(unpacked(packed(files).decode("utf-8"))) == files


@pytest.mark.parametrize("line", ["", "nothing", "[1, 2]", '["a"]', '["a", "b", "c"]', '["a", 1]', "3", "null"])
def test_a_broken_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2 is no kept file: "):
        list(unpacked(f'["name", "text"]\n{line}\n["other", "text"]\n'))
