"""Characters as tokens: what comes back, what becomes 〓, what is no table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.stack.text.characters import UNKNOWN, Characters
from wenjin.stack.text.errors import TextError

SPECIALS = ("<|form|>", "<|end|>")


def shown(table: Characters, ids: list[int]) -> str:
    decoder = table.stream()
    return "".join([*map(decoder.push, ids), decoder.end()])


@given(st.text(max_size=30))
def test_what_it_was_made_of_comes_back(text: str) -> None:
    table = Characters.of([text], specials=SPECIALS)
    assert shown(table, table.encode(text)) == text
    again = Characters.from_json(table.to_json())
    assert again.tokens == table.tokens
    assert again.encode(text) == table.encode(text)


def test_rare_and_unseen_characters_become_one_token() -> None:
    table = Characters.of(["月月山"], specials=SPECIALS, least=2)
    assert table.size == len(SPECIALS) + 2
    assert shown(table, table.encode("月山水")) == f"月{UNKNOWN}{UNKNOWN}"


def test_no_special_token_comes_of_a_text() -> None:
    table = Characters.of(["<|end|>"], specials=SPECIALS)
    assert table.specials["<|end|>"] not in table.encode("<|end|>")
    assert table.encode("<<|end|>", allowed=table.specials) == [*table.encode("<"), table.specials["<|end|>"]]
    assert shown(table, table.encode("<<|end|>", allowed=["<|end|>"])) == "<<|end|>"
    hidden = table.stream(specials=False)
    assert "".join(map(hidden.push, table.encode("<<|end|>", allowed=["<|end|>"]))) == "<"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"specials": 1, "characters": []}'])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="no table"):
        Characters.from_json(text)
