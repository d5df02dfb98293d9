"""Colors that are told apart by those who see fewer of them: computed from the tokens, in both themes.

Simulated are protanopia, deuteranopia and tritanopia after Machado, Oliveira and Fernandes (2009), severity 1, on
linear RGB. The distance is that of CIELAB (1976), in which 2 to 3 is just seen. States also differ by mark and word,
curves also by dash and marker: color alone tells nothing anywhere.
"""

import itertools
import re

import pytest

from tests.study.web.test_style import SHEETS, TOKENS, contrast

Color = tuple[float, float, float]
STATES = ("--pass", "--warn", "--accent")
CURVES = tuple(f"--tone-{n}" for n in range(1, 7))
EYES: dict[str, tuple[Color, Color, Color]] = {
    "all colors": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)  # D65


def times(matrix: tuple[Color, Color, Color], color: Color) -> Color:
    one, two, three = (sum(a * b for a, b in zip(row, color, strict=True)) for row in matrix)
    return one, two, three


def linear(color: str) -> Color:
    parts = (int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def lab(color: str, eye: str) -> Color:
    """L, a, b of a color as that eye sees it."""
    red, green, blue = (min(max(part, 0.0), 1.0) for part in times(EYES[eye], linear(color)))
    relative = [part / white for part, white in zip(times(XYZ, (red, green, blue)), WHITE, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in relative)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: str, other: str, eye: str) -> float:
    return sum((a - b) ** 2 for a, b in zip(lab(one, eye), lab(other, eye), strict=True)) ** 0.5


def pair(token: str) -> list[str]:
    """Its color in the light and in the dark theme."""
    return TOKENS[token].split(", ")


def test_the_measure_is_right() -> None:
    assert lab("#ffffff", "all colors") == pytest.approx((100, 0, 0), abs=0.02)
    assert lab("#ff0000", "all colors") == pytest.approx((53.24, 80.09, 67.20), abs=0.02)
    red, green = "#a04020", "#507010"
    assert apart(red, green, "deuteranopia") < apart(red, green, "all colors") / 2


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("theme", "name"), list(enumerate(("light", "dark"))))
def test_states_and_curves_are_told_apart(eye: str, theme: int, name: str) -> None:
    for group, least in ((STATES, 7), (CURVES, 10)):
        for one, other in itertools.combinations(group, 2):
            found = apart(pair(one)[theme], pair(other)[theme], eye)
            assert found >= least, f"{one} and {other}, {name}, {eye}: {found:.1f}"


def test_curves_are_seen_on_every_ground() -> None:
    for ground, curve in itertools.product(("--paper", "--sheet", "--wash"), CURVES):
        for a, b in zip(pair(ground), pair(curve), strict=True):
            assert contrast(a, b) >= 3, f"{curve} on {ground}: {contrast(a, b):.2f}"


def test_no_two_curves_are_drawn_alike() -> None:
    """Without any color: each has a dash of its own."""
    sheet = SHEETS["7-chart.css"]
    rules = {token: re.findall(rf"\.{token[2:]} {{([^}}]*)}}", sheet) for token in CURVES}
    dashes = ["".join(re.findall(r"stroke-dasharray: ([^;]+)", "".join(rule))) for rule in rules.values()]
    assert len(set(dashes)) == len(CURVES), dashes
