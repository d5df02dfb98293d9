"""A lab's signature is its form: what it accepts, what it refuses, and how it says so."""

import pytest

from wenjin.study.course.form import FormError, SignatureError, read_form

SOURCE = """
from collections.abc import Iterator
from typing import Annotated, Literal
from wenjin.kit.lab import Frame, Keep, Slider

def measure(
    keep: Keep,
    width: Annotated[int, Slider(8, 1024, log=True)] = 64,
    rate: Annotated[float, Slider(0.0, 1.0, step=0.1)] = 0.5,
    scale: Literal["none", "sqrt"] = "sqrt",
    lengths: Annotated[tuple[int, ...], Slider(16, 8192)] = (64, 128),
    causal: bool = False,
    note: str = "",
    seed: int = 0,
) -> Iterator[Frame]:
    raise RuntimeError("a form is read, never run")
"""
FORM = read_form(SOURCE, "measure")


def test_the_fields_are_those_of_the_signature() -> None:
    told = [(f.name, f.kind, f.default, f.low, f.high, f.log, f.options) for f in FORM.fields]
    assert told == [
        ("width", "int", 64, 8, 1024, True, ()),
        ("rate", "float", 0.5, 0.0, 1.0, False, ()),
        ("scale", "choice", "sqrt", None, None, False, ("none", "sqrt")),
        ("lengths", "ints", (64, 128), 16, 8192, False, ()),
        ("causal", "bool", False, None, None, False, ()),
        ("note", "str", "", None, None, False, ()),
        ("seed", "int", 0, 0, 2**31 - 1, False, ()),
    ]
    assert FORM.fields[1].step == 0.1


def test_words_become_arguments_and_words_again() -> None:
    words = {"width": " 8 ", "lengths": "16， 20、8192", "causal": "on", "rate": "1e-1", "scale": "none", "note": "月"}
    read = FORM.read(words)
    assert read == {
        "width": 8,
        "rate": 0.1,
        "scale": "none",
        "lengths": (16, 20, 8192),
        "causal": True,
        "note": "月",
        "seed": 0,
    }
    assert FORM.read(FORM.words(read)) == read
    assert FORM.words({"lengths": [16, 20]}) == {"lengths": "16, 20"}  # as JSON gives it back
    assert FORM.read({}) == FORM.defaults


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        ("width", "7", "width must lie in 8 to 1024; it is 7."),
        ("width", "8.5", "width must be a whole number; it is “8.5”."),
        ("width", "", "width must be a whole number; it is empty."),
        ("width", "9" * 5000, "width must be a whole number"),
        ("rate", "nan", "rate must be a number; it is “nan”."),
        ("rate", "1.01", "rate must lie in 0 to 1"),
        ("scale", "Sqrt", "scale must be one of none, sqrt; it is “Sqrt”."),
        ("lengths", "64, 15", "lengths must lie in 16 to 8192; it is 15."),
        ("lengths", "64,,128", "lengths must be whole numbers with commas"),
        ("lengths", ",".join(["64"] * 65), "lengths holds at most 64 numbers."),
        ("causal", "maybe", "causal must be true or false"),
        ("note", "x" * 2001, "note must be a text of at most 2000"),
        ("seed", "-1", "seed must lie in 0 to 2,147,483,647; it is -1."),
        ("widht", "64", "There is no parameter widht. Did you mean width?"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(name: str, word: str, told: str) -> None:
    with pytest.raises(FormError) as refused:
        FORM.read({name: word})
    assert refused.value.name == name
    assert refused.value.text.en.startswith(told)
    assert name in refused.value.text.zh


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("keep: Keep,", "", "keep: Keep comes first"),
        ("seed: int = 0", "dice: int = 0", "Every lab has seed: int = 0."),
        ("note: str", "note: list", "The type of note is no form"),
        ("= 64", "= 4", "The default of width is not of its type or range."),
        ("= 64", "= 64.0", "The default of width is not of its type or range."),
        ("Slider(8, 1024, log=True)", "Slider(8, 8)", "The Slider of width needs low < high"),
        ("Slider(8, 1024, log=True)", "Slider(0, 8, log=True)", "The Slider of width needs low < high"),
        ("Slider(8, 1024, log=True)", "Slider(8, LARGE)", "width: default, options and range must be written out."),
        ('"sqrt"] = "sqrt"', '"sqrt"] = "d"', "The default of scale"),
        ("def measure", "def measures", "There is no function measure."),
        ("    seed: int = 0,", "    seed: int = 0, **more: int", "A lab takes no *args"),
    ],
)
def test_a_signature_that_is_no_form_is_refused(old: str, new: str, told: str) -> None:
    assert old in SOURCE
    with pytest.raises(SignatureError) as refused:
        read_form(SOURCE.replace(old, new, 1), "measure")
    assert refused.value.text.en.startswith(told)
    assert refused.value.line >= 1
