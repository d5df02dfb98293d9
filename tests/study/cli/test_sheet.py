"""An answer sheet is TOML that is blank where the learner writes, whatever the question holds."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.cli.sheet import sheet

PROSE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)
TEXT = st.fixed_dictionaries({"zh": PROSE, "en": PROSE})
KEY = st.text(st.characters(codec="ascii", categories=["Ll", "Nd"], include_characters="-_ ."), min_size=1, max_size=8)
KEYED = st.fixed_dictionaries({"key": KEY, "text": TEXT})
STEP = st.fixed_dictionaries({"key": KEY, "prompt": TEXT, "options": st.lists(KEYED, min_size=2, max_size=3)})
BLANK = st.fixed_dictionaries({"name": KEY, "label": TEXT, "shape": st.lists(st.integers(1, 4), max_size=2)})


def problem(form: str) -> st.SearchStrategy[dict]:
    fixed = {"form": st.just(form), "variant": st.integers(0, 9)}
    parts = {
        "numeric": {"show": TEXT, "fields": st.lists(BLANK, min_size=1, max_size=3, unique_by=lambda f: f["name"])},
        "order": {"items": st.lists(KEYED, min_size=2, max_size=4)},
        "choice": {"steps": st.lists(STEP, min_size=1, max_size=3, unique_by=lambda s: s["key"])},
    }
    return st.fixed_dictionaries(fixed | parts.get(form, parts["choice"]))


@pytest.mark.parametrize("form", ["numeric", "choice", "proof", "order"])
def test_a_sheet_is_toml_and_blank(form: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(problem=problem(form), title=PROSE, language=st.sampled_from(["zh", "en"]))
    def holds(problem: dict, title: str, language: str) -> None:
        document = tomllib.loads(sheet(title, problem, language))
        assert document["variant"] == problem["variant"]
        if form == "order":
            assert document["answer"] == {"order": []}
        elif form == "numeric":
            assert document["answer"] == {f["name"]: [] if f["shape"] else "" for f in problem["fields"]}
        else:
            assert document["answer"] == {step["key"]: "" for step in problem["steps"]}

    holds()


def test_every_option_can_be_read() -> None:
    steps = [
        {"key": "a", "prompt": {"zh": "问", "en": "Why?"}, "options": [{"key": "x", "text": {"zh": "因", "en": "so"}}]}
    ]
    text = sheet("T", {"form": "choice", "variant": 0, "steps": steps}, "zh")
    assert '# 1. 问\n#   x  因\na = ""\n' in text
