"""Bytes as characters that can be seen, against the library's alphabet."""

from tokenizers import pre_tokenizers

from wenjin.stack.text.alphabet import ORDER, SHOWN, invisible, visible


def test_the_alphabet_is_that_of_the_library() -> None:
    assert set(SHOWN.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert [SHOWN[byte] for byte in ORDER] == sorted(SHOWN.values())


def test_every_byte_comes_back_and_none_is_blank() -> None:
    every = bytes(range(256))
    assert invisible(visible(every)) == every
    assert len(set(visible(every))) == 256
    assert not any(shown.isspace() for shown in visible(every))
    assert visible(" 月\n".encode()) == "ĠæľĪĊ"
