"""The design's promises that can be computed: contrast, one list of values, no color outside of it."""

import re
from pathlib import Path

from wenjin.study.web.assets import STATIC, Assets

SHEETS = {path.name: path.read_text(encoding="utf-8") for path in (STATIC / "style").glob("*.css")}
TOKENS = dict(re.findall(r"(--[\w-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", SHEETS["1-tokens.css"]))
TEXT = {
    "--paper": ["--ink", "--ink-2", "--ink-3", "--accent", "--pass", "--warn", "--indigo"],
    "--sheet": ["--ink", "--ink-2", "--ink-3", "--accent", "--pass", "--warn", "--indigo"],
    "--wash": ["--ink", "--ink-2", "--ink-3", "--accent", "--pass", "--warn", "--indigo"],
    "--accent": ["--on-accent"],
    "--accent-wash": ["--ink", "--accent"],
    "--pass-wash": ["--ink", "--pass"],
    "--warn-wash": ["--ink", "--warn"],
    "--indigo-wash": ["--ink", "--indigo"],
    "--mark": ["--ink"],
}


def luminance(color: str) -> float:
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_meets_aa_in_both_themes() -> None:
    for ground, inks in TEXT.items():
        for ink in inks:
            for theme, a, b in zip(("light", "dark"), TOKENS[ground].split(", "), TOKENS[ink].split(", "), strict=True):
                assert contrast(a, b) >= 4.5, f"{ink} on {ground}, {theme}: {contrast(a, b):.2f}"


def test_what_can_be_pressed_or_focused_is_seen() -> None:
    for ground in ("--paper", "--sheet", "--wash"):
        for mark in ("--indigo", "--accent"):
            for a, b in zip(TOKENS[ground].split(", "), TOKENS[mark].split(", "), strict=True):
                assert contrast(a, b) >= 3


def test_colors_stand_in_one_place() -> None:
    for name, sheet in SHEETS.items():
        if name != "1-tokens.css":
            colors = [c for c in re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,\s)])", sheet) if c != "#fff"]
            assert colors == [], name


def test_every_value_that_is_used_is_declared() -> None:
    declared = set(re.findall(r"(--[\w-]+):", "".join(SHEETS.values())))
    used = set(re.findall(r"var\((--[\w-]+)", "".join(SHEETS.values())))
    assert used <= declared
    assert declared <= used | {"--tone"}


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert not re.search(r"@import|url\(", "".join(SHEETS.values()))


def test_addresses_carry_the_hash_of_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "style").mkdir()
    (tmp_path / "style" / "1.css").write_text("a{}")
    (tmp_path / "seal.svg").write_text("<svg/>")
    before = Assets(tmp_path)("style.css"), Assets(tmp_path)("seal.svg")
    (tmp_path / "style" / "2.css").write_text("b{}")
    assert Assets(tmp_path)("style.css") != before[0]
    assert Assets(tmp_path)("seal.svg") == before[1]
    assert Assets(tmp_path)("app.js") is None, "not built"
    assert Assets(tmp_path).style().body == b"a{}\nb{}"
