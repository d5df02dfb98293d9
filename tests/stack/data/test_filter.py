"""Each rule against a text that breaks it alone, and a text worth learning from against all of them."""

import pytest

from wenjin.stack.data.filter import FAULTS, RULES, fault

PROSE = """A model that learns from text learns whatever the text repeats. Somebody who prepares a corpus therefore
spends most of the time throwing things away: pages that are lists of links, menus that stand on every page of a site,
logs of programs, tables of numbers. What remains should read like sentences that a person has written for another, and
it should not say the same thing twice. The rules for this are crude, because they have to be cheap: there are billions
of pages to look at, and a rule that needs a second for each of them would never come to an end.
"""
WORDS = PROSE.split()


def test_running_text_passes_every_rule() -> None:
    assert fault(PROSE) == ""
    assert list(FAULTS) == list(RULES)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("short", " ".join(WORDS[:49])),
        ("long", PROSE * 1100),
        ("words", " ".join(f"{w} a b" for w in WORDS)),
        ("words", " ".join(w * 4 for w in WORDS)),
        ("symbols", " ".join(f"#{w}" if n % 6 == 0 else w for n, w in enumerate(WORDS))),
        ("bullets", "\n".join(f"- {' '.join(WORDS[n : n + 6])}" for n in range(0, len(WORDS), 6))),
        ("cut", "\n".join(f"{' '.join(WORDS[n : n + 20])}..." for n in range(0, len(WORDS), 20))),
        ("letters", " ".join(f"{1000 + n}" if n % 4 == 0 else w for n, w in enumerate(WORDS))),
        (
            "stops",
            " ".join(w for w in WORDS if w.lower() not in {"the", "be", "to", "of", "and", "that", "have", "with"}),
        ),
        ("lines", "\n".join([*PROSE.splitlines(), *PROSE.splitlines()])),
        ("phrases", " ".join(f"click this button now {w}" for w in WORDS)),
    ],
)
def test_a_text_that_breaks_a_rule_is_told_which(name: str, text: str) -> None:
    assert fault(text) == name


def test_noise_never_raises() -> None:
    for text in ("", " \n\t", "\0" * 500, "。" * 400, " ".join(["a"] * 60), "\n".join("…" for _ in range(80))):
        assert fault(text) in FAULTS
