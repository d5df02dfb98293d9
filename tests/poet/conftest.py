"""A corpus and a poet that was never trained, for tests of what is said about poets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from wenjin.poet.data import prepare
from wenjin.poet.places import Home
from wenjin.poet.write import Poet
from wenjin.stack.data.verse import SPECIALS, VerseCorpus, open_corpus
from wenjin.stack.models.llama import Llama
from wenjin.stack.text.tokenizer import byte_level


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> VerseCorpus:
    folder = tmp_path_factory.mktemp("report") / "verse"
    for _ in prepare(folder, excerpt=True):
        pass
    return open_corpus(folder)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokens = byte_level([], specials=SPECIALS)
    model = Llama(vocab=tokens.size, dim=32, layers=1, heads=2, hidden=32, context=256, qk_norm=True)
    home = Home(tmp_path / "small")
    Poet(model, tokens, {"steps": 0, "plan": {"depth": 1}}).save(home.model)
    yield home
    torch.set_num_threads(before)
