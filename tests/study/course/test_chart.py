"""Charts drawn on the server: nothing lost, nothing that needs a color, numbers as people write them."""

import itertools
import math
import random
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from wenjin.kit.lab import Frame, Point
from wenjin.kit.text import Text
from wenjin.study.course.chart import Curve, as_data, curves, draw, sketch, thinned
from wenjin.study.course.lab import Chart
from wenjin.study.course.scale import measured_ticks, scale, spell, ticks

STYLE = Path(__file__).parents[3] / "src/wenjin/study/web/static/style"
CHART = Chart(Text("损失", "Loss"), Text("步", "step"), Text("奈特", "nats"), "", {"train": Text("训练", "train <1>")})


def points(count: int) -> list[Frame]:
    return [Point("loss", n, {"train": 3.0 / (n + 1), "extra": float(n)}) for n in range(count)]


def test_a_chart_is_well_formed_and_says_in_words_what_it_shows() -> None:
    drawn = draw("loss", CHART, points(10), "en")
    root = ElementTree.fromstring(drawn.html)
    label = next(e.get("aria-label") for e in root.iter("svg") if e.get("role") == "img")
    assert label == "Loss; train <1>: from 3 to 0.3; extra: from 0 to 9"
    assert "style=" not in drawn.html
    assert [e.text for e in root.iter("th") if e.get("scope") == "col"] == ["step", "train <1>", "extra"]
    assert len(list(root.iter("tr"))) == 11
    assert draw("loss", CHART, points(10), "zh").title == "损失"
    assert 'aria-label="said"' in draw("loss", CHART, points(1), "en", alt="said").svg


def test_a_later_point_takes_the_place_of_an_earlier_one() -> None:
    twice = [*points(3), Point("loss", 1, {"train": 9.0}), Point("other", 1, {"train": 5.0})]
    assert curves("loss", CHART, twice, "en")[0].points == ((0, 3.0), (1, 9.0), (2, 1.0))
    assert [c.series for c in curves("loss", CHART, [], "en", empty=True)] == ["train"]
    assert curves("loss", CHART, [], "en") == []


def test_what_has_no_place_leaves_a_gap_and_stands_in_the_table() -> None:
    chart = Chart(CHART.title, CHART.x, CHART.y, "y", CHART.series)
    values = [1.0, 10.0, 0.0, math.nan, 100.0, math.inf, 10.0]
    drawn = draw("loss", chart, [Point("loss", n, {"train": y}) for n, y in enumerate(values)], "en")
    path = re.search(r'class="curve curve-run tone-1" d="(M[^"]+)"/></svg>', drawn.svg)
    assert path is not None
    assert path[1].count("M") == 3
    assert "<td>NaN</td>" in drawn.table
    assert "<td>∞</td>" in drawn.table
    told = as_data(chart, curves("loss", chart, [Point("loss", 0, {"train": math.nan})], "en"), "en")
    assert told["curves"][0]["points"] == [[0, None]]


def test_thinning_keeps_every_spike(count: Callable[[int], int]) -> None:
    for seed in range(count(200)):
        dice = random.Random(seed)
        line = [(float(n), dice.gauss(0, 1)) for n in range(dice.randrange(1, 5000))]
        at = dice.randrange(len(line))
        line[at] = (float(at), 99.0)
        kept = thinned(line)
        assert len(kept) <= 400
        assert (at, 99.0) in kept
        assert kept == sorted(kept)
        assert min(y for _, y in kept) == min(y for _, y in line)


def test_a_long_table_says_that_it_is_thinned() -> None:
    table = draw("loss", CHART, points(1000), "en").table
    assert "51 of 1000 points are listed" in table
    assert '<th scope="row">999</th>' in table
    assert "points are listed" not in draw("loss", CHART, points(50), "en").table


def test_a_band_and_a_reference_are_named_once() -> None:
    behind = [Curve("recorded", tone, ((0.0, 1.0), (1.0, 2.0)), "reference") for tone in (1, 2)]
    drawn = sketch(CHART, [*behind, Curve("train", 1, ((0.0, 1.0), (1.0, 3.0)))], "en", {"usual": (0.9, 1.2)})
    assert drawn.legend.count("recorded") == 1
    assert drawn.legend.count("usual") == 1
    assert drawn.svg.count("plot-band") == 1
    assert "recorded" not in drawn.table


def test_ticks_are_round_few_and_inside(count: Callable[[int], int]) -> None:
    for seed in range(count(2000)):
        dice = random.Random(seed)
        log = dice.random() < 0.5
        values = [10 ** dice.uniform(-8, 8) * (1 if log else dice.choice((-1, 1))) for _ in range(dice.randrange(1, 9))]
        axis = scale(values, log, 0.05)
        marks = ticks(axis)
        assert 1 <= len(marks) <= 12, (values, marks)
        assert all(-1e-6 <= (axis.at(mark) or 0) <= 1 + 1e-6 for mark in marks)
        assert marks == sorted(set(marks))
        assert all(0 <= (axis.at(value) or 0) <= 1 for value in values)
    assert ticks(scale([0, 10], False, 0.0)) == [0, 2, 4, 6, 8, 10]
    assert measured_ticks(scale([64, 1024], True, 0.03), [64, 128, 256, 1024]) == [64, 128, 256, 1024]
    assert measured_ticks(scale([1, 1024], False, 0.03), [1, 2, 4, 512, 1024]) == [4, 512, 1024]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (-0.30000000000000004, "−0.3"),
        (1234.5, "1234"),
        (12345.0, "12,345"),
        (0.00012344, "0.0001234"),
        (0.000012, "1.2×10⁻⁵"),
        (1e6, "10⁶"),
        (-2.5e12, "−2.5×10¹²"),
        (1e-300, "10⁻³⁰⁰"),
        (9.99996, "10"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_numbers_are_spelled_as_people_write_them(value: float, said: str) -> None:
    assert spell(value) == said


# Machado, Oliveira, Fernandes (2009): what a linear color becomes to eyes without one kind of cone.
EYES = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no long": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no medium": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no short": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
Color = tuple[float, float, float]


def linear(color: str) -> Color:
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return red, green, blue


def seen(color: str, eyes: str) -> Color:
    """A color as CIELAB has it, in which distance is what is seen: about 2.3 can just be told apart."""
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear(color), strict=True)))) for row in EYES[eyes]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    a, b, c = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


@pytest.mark.parametrize("theme", [0, 1])
def test_curves_are_told_apart_by_all_eyes(theme: int) -> None:
    tokens = dict(
        re.findall(r"(--[\w-]+): light-dark\((#\w{6}, #\w{6})\)", (STYLE / "1-tokens.css").read_text(encoding="utf-8"))
    )
    tones = [tokens[f"--tone-{n}"].split(", ")[theme] for n in range(1, 7)]
    for eyes in EYES:
        for one, other in itertools.combinations(tones, 2):
            assert math.dist(seen(one, eyes), seen(other, eyes)) >= 9, (eyes, one, other)
    for ground in ("--paper", "--sheet"):
        back = 0.05 + sum(
            a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(tokens[ground].split(", ")[theme]), strict=True)
        )
        for tone in tones:
            front = 0.05 + sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear(tone), strict=True))
            assert max(front, back) / min(front, back) >= 3, (ground, tone)
    sheet = (STYLE / "7-chart.css").read_text(encoding="utf-8")
    dashes = re.findall(r"\.tone-\d \{[^}]*?stroke-dasharray: ([\d ]+);", sheet)
    assert len({*dashes}) == 5, "each curve but the first has dashes of its own"
