"""The prepared verse as ids: every poem a document of the tokenizer's, counted once and kept beside it.

    train = encoded(corpus, tokenizer, "train", places.root, forms=REGULAR)      stack/data/pack.Documents

Encoding 64,000 poems in Python takes longer than a few steps of training; so the ids are kept in a file whose name
says which corpus, forms and tokenizer they are of. A file that is damaged is made again.

Proof    tests/poet/test_encoded.py
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from wenjin.poet.errors import PoetError
from wenjin.stack.data.pack import Documents, gathered
from wenjin.stack.data.verse import FORMS, Split, VerseCorpus, document
from wenjin.stack.text.tokenizer import Tokenizer


def encoded(
    corpus: VerseCorpus, tokenizer: Tokenizer, split: Split, folder: Path, *, forms: Collection[str] = tuple(FORMS)
) -> Documents:
    """The poems of a split that have one of these forms.

    Raises DataError where there are none, PoetError where the ids cannot be kept."""
    path = folder / f"ids-{split}-{key(corpus, tokenizer, forms)}.npz"
    kept = _read(path)
    if kept is not None:
        return kept
    allowed = tokenizer.specials
    found = gathered(tokenizer.encode(document(verse), allowed) for verse in corpus.rows(split) if verse.form in forms)
    _write(path, found)
    return found


def key(corpus: VerseCorpus, tokenizer: Tokenizer, forms: Collection[str]) -> str:
    """Changes with the corpus, the forms and the tokenizer."""
    made = [
        corpus.sha256,
        sorted(forms),
        sorted(tokenizer.vocabulary.items()),
        tokenizer.merges,
        sorted(tokenizer.specials.items()),
    ]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]


def _read(path: Path) -> Documents | None:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            documents = Documents(held["tokens"], held["starts"])
            return documents if documents.sha256 == str(held["sha256"]) else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _write(path: Path, documents: Documents) -> None:
    """Whole or not at all."""
    new = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            np.savez(file, tokens=documents.tokens, starts=documents.starts, sha256=documents.sha256)
        os.replace(new, path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise PoetError(
            f"{path.parent} 写不进（{error.strerror}）。腾出空间再来。",
            f"{path.parent} cannot be written ({error.strerror}). Free some space and run this again.",
        ) from None
