"""Poems as numbers: kept in a file, read back, made again where the file is spoiled."""

from pathlib import Path

from wenjin.poet.encoded import encoded
from wenjin.stack.data.verse import SPECIALS, VerseCorpus, document
from wenjin.stack.text.tokenizer import byte_level


def test_poems_as_ids_are_kept_and_a_spoiled_file_is_made_again(corpus: VerseCorpus, tmp_path: Path) -> None:
    tokenizer = byte_level([], specials=SPECIALS)
    made = encoded(corpus, tokenizer, "valid", tmp_path)
    first = corpus.rows("valid")[0]
    assert tokenizer.decode(made.tokens[: made.starts[1]].tolist()) == document(first)
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    for spoiled in (data[: len(data) // 2], data[:300] + b"\x00\x01" + data[302:], b"no archive"):
        file.write_bytes(spoiled)
        assert encoded(corpus, tokenizer, "valid", tmp_path).sha256 == made.sha256
    assert set(SPECIALS) <= tokenizer.specials.keys()
