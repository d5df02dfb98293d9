"""The learner's files: laid, updated and reset, and never lost."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenjin.study.store.log import StoreError
from wenjin.study.store.workspace import Starter, Workspace

NOON = datetime(2026, 3, 1, 12)
OLD = Starter("self-attention/write-attention", ".py", "def attend():\n    raise NotImplementedError\n")
NEW = Starter("self-attention/write-attention", ".py", "def attend(q):\n    raise NotImplementedError\n")


def test_a_starter_is_laid_in_the_topics_folder(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    assert work.lay(OLD) == tmp_path / "self-attention" / "write_attention.py"
    assert work.file(OLD).read_text() == OLD.text
    assert work.untouched(OLD)


def test_laying_never_writes_over_work(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    work.lay(OLD).write_text("mine")
    work.lay(OLD)
    work.lay(NEW)
    assert work.file(OLD).read_text() == "mine"
    assert not work.untouched(OLD)


def test_after_an_update_an_untouched_file_gets_the_new_starter(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    work.lay(OLD)
    change = work.update(NEW)
    assert change is not None
    assert not change.kept
    assert work.file(NEW).read_text() == NEW.text
    assert work.update(NEW) is None


def test_after_an_update_a_worked_on_file_stays_and_the_difference_is_told_once(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    work.lay(OLD).write_text("mine")
    change = work.update(NEW)
    assert change is not None
    assert change.kept
    assert "-def attend():\n+def attend(q):\n" in change.difference
    assert work.file(NEW).read_text() == "mine"
    assert work.update(NEW) is None


def test_an_exercise_that_was_never_opened_has_no_change(tmp_path: Path) -> None:
    assert Workspace(tmp_path).update(NEW) is None
    assert not list(tmp_path.iterdir())


@given(texts=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_every_text_that_was_reset_is_kept_byte_by_byte(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]
) -> None:
    work = Workspace(tmp_path_factory.mktemp("work"))
    work.lay(OLD)
    for n, text in enumerate(texts):
        work.file(OLD).write_bytes(text)
        kept = work.reset(OLD, NOON + timedelta(seconds=n))
        assert work.file(OLD).read_text() == OLD.text
        assert (kept is None) == (text == OLD.text.encode())
        if kept:
            assert kept.read_bytes() == text
    history = work.root / ".history" / "self-attention"
    assert len(list(history.iterdir()) if history.exists() else []) == sum(text != OLD.text.encode() for text in texts)


def test_a_workspace_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another folder with WENJIN_WORKSPACE") as told:
        Workspace(tmp_path / "file").lay(OLD)
    assert "换一个目录" in told.value.text.zh
