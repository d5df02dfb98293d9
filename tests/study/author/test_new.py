"""`course new` moves a topic's facts from the syllabus to a folder, which then says honestly what is to be written."""

import pytest

from wenjin.study.author.new import NewError, new
from wenjin.study.course.load import CURRICULUM, load

TOPICS = "syllabus/topics.toml"


def test_the_facts_move_word_for_word(small) -> None:
    before = load(small.root).topics["halving"]
    folder = new(load(small.root), "halving")
    assert folder == small.root / "counting" / "halving"
    assert 'id = "halving"' not in (small.root / TOPICS).read_text(encoding="utf-8")
    after = load(small.root).topics["halving"]
    assert (after.status, after.folder) == ("lesson", folder)
    for fact in ("id", "stage", "title", "question", "prerequisites", "minutes", "library", "wanted_cards", "covers"):
        assert getattr(after, fact) == getattr(before, fact)
    assert [exercise.id for exercise in after.exercises] == ["halving/write-half"]
    assert [lab.id for lab in after.labs] == ["halving/how-often"]


def test_what_is_laid_says_what_is_to_be_written(small, check_small, snapshot) -> None:
    new(load(small.root), "halving")
    snapshot(check_small(("halving",)))


def test_refuses_what_the_syllabus_does_not_hold(small, snapshot) -> None:
    before = (small.root / TOPICS).read_bytes()
    with pytest.raises(NewError) as refused:
        new(load(small.root), "halfing")
    snapshot([refused.value.fault])
    assert (small.root / TOPICS).read_bytes() == before


def test_refuses_a_topic_that_has_its_folder(small) -> None:
    with pytest.raises(NewError) as refused:
        new(load(small.root), "doubling")
    assert str(small.root / "counting" / "doubling") in refused.value.fault.remedy.en
    assert load(small.root).topics["doubling"].written


def test_every_planned_topic_of_the_course_can_be_laid(small, count) -> None:
    """On a copy of the real syllabus: one after the other, and what stays behind still loads."""
    for entry in list(small.root.iterdir()):
        small.remove(entry.name)
    for folder in ("syllabus", "tracks"):
        for path in (CURRICULUM / folder).glob("*.toml"):
            small.write(f"{folder}/{path.name}", path.read_bytes())
    written = [topic for topic in load().topics.values() if topic.folder]
    for topic in written:
        file = topic.folder / "topic.toml"
        small.write(file.relative_to(CURRICULUM).as_posix(), file.read_bytes())
    course = load(small.root)
    planned = [topic.id for topic in course.topics.values() if topic.folder is None]
    chosen = planned[:: max(1, len(planned) // count(len(planned)))]
    for name in chosen:
        new(course, name)
    laid = load(small.root)
    assert {topic.id for topic in laid.topics.values() if topic.folder} == {topic.id for topic in written} | set(chosen)
    assert laid.topics.keys() == course.topics.keys()
