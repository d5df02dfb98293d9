"""Where poets live: below the data folder, under names that can be folders."""

from pathlib import Path

import pytest

from wenjin.poet.errors import PoetError
from wenjin.poet.places import Places


def test_all_lies_below_the_data_folder(tmp_path: Path) -> None:
    places = Places(tmp_path)
    home = places.home("李白-2")
    for path in (places.corpus, places.tokenizer, places.compiled, home.records, home.model, home.checkpoints):
        assert path.is_relative_to(tmp_path)
    assert not any(tmp_path.iterdir())  # nothing is made


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "x" * 41, "a b", "a\n"])
def test_what_cannot_be_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PoetError, match="cannot be a poet's name"):
        Places(tmp_path).home(name)


def test_only_poets_that_can_write_are_listed(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert places.poets() == []
    for name in ("one", "two"):
        places.home(name).model.mkdir(parents=True)
    (places.home("two").model / "config.json").write_text("{}")
    assert [home.name for home in places.poets()] == ["two"]
