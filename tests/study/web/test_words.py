"""Every word that a page asks for is there, in both languages; nothing stands there that no page asks for."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

from wenjin.kit.verdict import Class
from wenjin.study.chat.commands import KINDS
from wenjin.study.cli.search import KINDS as KINDS_FOUND
from wenjin.study.course.graph import CardKind, Kind, ResourceKind
from wenjin.study.course.passes import PASSES
from wenjin.study.progress import evidence, mastery, placement
from wenjin.study.progress.pace import Standing as Pacing
from wenjin.study.progress.passes import Why
from wenjin.study.progress.state import Status
from wenjin.study.progress.typed import Side
from wenjin.study.web import words
from wenjin.study.web.archive import KINDS as KINDS_OF_EVENTS
from wenjin.study.web.chatform import NAMES as NAMES_SET
from wenjin.study.web.explore import MARKS
from wenjin.study.web.moving import What
from wenjin.study.web.review import NAMES
from wenjin.study.web.site import THEMES
from wenjin.study.web.today import THINGS

ROOM = Path(words.__file__).parent
WORDS = words.load_words()
WAYS = ("week", "tests", "place", "retention", "summary", "questions", "career", "resources", "news", "archive")
# Keys that are put together from a value: the prefix, and every value it can meet.
FAMILIES = {
    "kind.": get_args(Kind),
    "checkpoint.kind-": ("unit", "test", "project"),
    "report.why-": ("handed-in", "time"),
    "week.standing-": ("kept", "skipped", "open"),
    "archive.why-": ("daily", "asked", "import", "restore", "upgrade"),
    "archive.kind-": (*KINDS_OF_EVENTS, "rest"),
    "archive.doing-": ("check", *get_args(What)),
    "place.group-": get_args(placement.Standing),
    "mastery.standing-": get_args(mastery.Standing),
    "mastery.kind-": get_args(evidence.Kind),
    "mastery.note-": ("first", "tries", "hints", "solution", "mistake", "wrong", "forgot", "placed"),
    "progress.hours-": ("week", "month", "all"),
    "progress.step-": tuple("01234"),
    "progress.way-": WAYS,
    "shelf.kind-": get_args(ResourceKind),
    "news.": ("new", "changed"),
    "compare.": ("choose", "many", "labs"),
    "state.": get_args(Status),
    "verdict.": get_args(Class),
    "settings.theme-": THEMES,
    "search.kind-": KINDS_FOUND,
    "question.state-": ("open", "answered"),
    "again.": PASSES,
    "again.why-": get_args(Why),
    "again.stage-": ("new", "begun", "done"),
    "home.": ("ask", "write", "mend"),
    "home.today-": THINGS,
    "track.pace-": get_args(Pacing),
    "review.kind-": get_args(CardKind),
    "review.rate-": NAMES,
    "review.count-": ("due", "mistakes", "steps", "new"),
    "review.side-": get_args(Side),
    "statistics.": ("young", "mature", "both", "lately", "ever"),
    "statistics.phase-": ("new", "learning", "young", "mature", "mistakes", "suspended"),
    "chat.kind-": KINDS,
    "chat.end-": ("length", "stopped", "broken", "failed"),
    "chat.set-": NAMES_SET,
    "chat.about-": NAMES_SET,
    "explore.kind-": MARKS,
    "ending.": ("normal", "odd", "unjudged", "queued", "running", "stopped", "failed"),
    "error.": ("missing", "who", "token", "forged", "too-large", "method", "bad", "failed", "judge", "store", "run"),
}


def asked() -> set[str]:
    found: set[str] = set()
    for path in [*ROOM.glob("*.py"), *(ROOM / "templates").glob("*.html")]:
        text = path.read_text(encoding="utf-8")
        for call in re.findall(r"""(?<!\w)(?:t|words)[(\[]([^)\]]*)""", text):
            for key, joined in re.findall(r"""["']([a-z][a-z.-]+)["'](\s*~)?""", call):
                if joined:
                    assert key in FAMILIES, f"{path.name} joins {key} with a value: name its family"
                    found |= {key + name for name in FAMILIES[key]}
                elif "." in key:
                    found.add(key)
    return (
        found
        | {f"error.{name}-text" for name in FAMILIES["error."]}
        | {f"home.{name}-text" for name in FAMILIES["home."]}
    )


def test_every_key_is_there_and_asked_for() -> None:
    assert sorted(asked() - set(WORDS)) == []
    assert sorted(set(WORDS) - asked()) == []


def test_both_languages_say_it_with_the_same_blanks() -> None:
    for key, text in WORDS.items():
        blanks = [{name for _, name, _, _ in Formatter().parse(text[language]) if name} for language in ("zh", "en")]
        assert blanks[0] == blanks[1], key
        assert text.zh.strip(), key
        assert text.en.strip(), key
        assert not re.search(r"[\u4e00-\u9fff]", text.en), key


def test_refusals_use_only_known_keys() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    used = set(re.findall(r"""refuse\(request, \d+, "([a-z-]+)\"""", source))
    assert used
    assert used <= set(FAMILIES["error."])
