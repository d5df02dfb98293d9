"""The reasons of the day in words, the same on the page and in a terminal. Pure."""

from wenjin.kit.text import Text
from wenjin.study.progress.today import Step, Weakest

STEP = {
    "tried": Text("因为上次停在这里，还没通过。", "Because you tried it last and it is not passed yet."),
    "track": Text("因为《{track}》接下来学它。", "Because it is next in “{track}”."),
    "wanted": Text(
        "因为《{track}》接下来学“{wanted}”，先要用到它。",
        "Because “{track}” goes on to “{wanted}”, which needs it first.",
    ),
    "after": Text("因为它接在你上次通过的后面。", "Because it follows what you passed last."),
    "course": Text("因为课程从这里往下走。", "Because the course goes on here."),
    "first": Text("因为它是第一课。", "Because it is the first lesson."),
}
WEAKEST = Text(
    "因为“{wanted}”要用到它，而在要用到的里面它最不牢（{percent}%）。",
    "Because “{wanted}” builds on it, and of all that it builds on this is held least ({percent}%).",
)
NOT_SHOWN = Text(
    "因为“{wanted}”要用到它，而它还没有学过的记录。",
    "Because “{wanted}” builds on it, and nothing has shown yet that you know it.",
)


def because(step: Step) -> Text:
    """Why this is the next step."""
    blanks = {"track": step.track.title} if step.track else {}
    return STEP[step.because].format(**blanks, **({"wanted": step.wanted.title} if step.wanted else {}))


def because_weak(weakest: Weakest) -> Text:
    """Why this prerequisite."""
    if weakest.value is None:
        return NOT_SHOWN.format(wanted=weakest.wanted.title)
    return WEAKEST.format(wanted=weakest.wanted.title, percent=round(100 * weakest.value))
