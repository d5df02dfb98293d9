"""What is said in two languages keeps them apart."""

from wenjin.kit.text import Text


def test_what_fills_a_text_is_said_in_its_language() -> None:
    said = Text("{n} 首{what}", "{n} {what}").format(n=3, what=Text("绝句", "quatrains"))
    assert said == Text("3 首绝句", "3 quatrains")
