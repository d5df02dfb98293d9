"""The package is imported by Anki's own library, and every field of it is read back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

from wenjin.study.memory import schedule
from wenjin.study.memory.dice import dice
from wenjin.study.store import anki
from wenjin.study.store.anki import Answered, Row

NOW = datetime.now(UTC).replace(microsecond=0)


def row(id: str, *ratings: tuple[float, int], **more: object) -> Row:
    """A card answered so many days ago."""
    standing, answers = schedule.NEW, []
    for ago, rating in ratings:
        at = NOW - timedelta(days=ago)
        standing = schedule.after(standing, schedule.Review(at, rating), dice(id))
        answers.append(Answered(at, rating, 4200, standing))
    words = {"topic": "自注意力", "front": f"front of {id}", "back": "back", "tags": ("wenjin::transformer",)}
    return Row(id, **{**words, **more}, standing=standing, answers=answers)


ROWS = [
    row("a/new", front="为什么除以 $\\sqrt{d}$？ `a < b`", back="$$\\sigma < 1$$\n\n**因为** [x](/y)\n\n- 一\n- 二"),
    row("a/learning", (0.001, 1)),
    row("a/review", (40, 3), (39, 3), (35, 3), (20, 4)),
    row("a/relearning", (40, 3), (39, 3), (30, 3), (0.001, 1)),
    row("a/suspended", (40, 4), suspended=True),
]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    made = Collection(str(tmp_path / "collection.anki2"))
    yield made
    made.close()


def imported(collection: Collection, package: Path) -> None:
    options = ImportAnkiPackageOptions(with_scheduling=True, with_deck_configs=False)
    collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(package), options=options))


def test_anki_reads_every_field_back(collection: Collection, tmp_path: Path) -> None:
    package = tmp_path / "cards.apkg"
    anki.write(package, "问津", ROWS, NOW)
    imported(collection, package)
    notes = {note["Card"]: note for note in map(collection.get_note, collection.find_notes(""))}
    assert set(notes) == {row.id for row in ROWS}
    for row in ROWS:
        note = notes[row.id]
        assert (note["Front"], note["Back"], note["Topic"]) == (anki.html(row.front), anki.html(row.back), row.topic)
        assert note.tags == ["wenjin::transformer"]
        (card,) = note.cards()
        assert collection.decks.name(card.did) == "问津"
        standing = row.standing
        assert (card.reps, card.lapses) == (standing.reviews, standing.lapses)
        kind = {"new": 0, "learning": 1, "review": 2, "relearning": 3}[standing.phase]
        assert card.type == kind
        assert card.queue == (-1 if row.suspended else (1 if kind in (1, 3) else kind))
        if standing.phase == "review":
            assert abs((card.due - collection.sched.today) - (standing.due - NOW).days) <= 1
            assert card.ivl == (standing.due - standing.last).days
            assert card.memory_state.stability == pytest.approx(standing.stability, abs=1e-3)
            assert card.memory_state.difficulty == pytest.approx(standing.difficulty, abs=1e-2)
        told = collection.card_stats_data(card.id).revlog
        assert [(entry.button_chosen, entry.time) for entry in reversed(told)] == [
            (answer.rating, int(answer.at.timestamp())) for answer in row.answers
        ]
    assert "\\(\\sqrt{d}\\)" in notes["a/new"]["Front"]
    assert "<code>a &lt; b</code>" in notes["a/new"]["Front"]
    assert "\\[\\sigma &lt; 1\\]" in notes["a/new"]["Back"]
    assert "front of a/review" in notes["a/review"].cards()[0].question()
    assert collection.fix_integrity()[1] is True


def test_a_later_package_changes_a_card_and_brings_none_twice(collection: Collection, tmp_path: Path) -> None:
    anki.write(tmp_path / "one.apkg", "Wenjin", ROWS, NOW)
    imported(collection, tmp_path / "one.apkg")
    later = row("a/new", front="another question")
    anki.write(tmp_path / "two.apkg", "Wenjin", [later, row("a/further")], NOW + timedelta(hours=1))
    imported(collection, tmp_path / "two.apkg")
    notes = {note["Card"]: note for note in map(collection.get_note, collection.find_notes(""))}
    assert len(notes) == len(ROWS) + 1
    assert notes["a/new"]["Front"] == "<p>another question</p>"


def test_numbers_of_cards_do_not_meet() -> None:
    assert len({anki.numbered(f"topic-{n % 93}/card-{n}") for n in range(5000)}) == 5000


def test_what_fsrs_remembers_is_json(tmp_path: Path) -> None:
    left, told = anki._memory(ROWS[2].standing)
    assert left == 0
    assert set(json.loads(told)) == {"s", "d", "dr", "lrt"}
