"""Programs that Python cannot read, explained. The error comes from the real compiler, as the sandbox sends it."""

import pytest

from wenjin.study.judge.reference import checked
from wenjin.study.judge.syntax import WIDE, explain
from wenjin.study.sandbox.inside.observe import describe


def told(source: str) -> tuple[str, str]:
    with pytest.raises((SyntaxError, MemoryError, RecursionError)) as caught:
        compile(source, "answer.py", "exec")
    text = explain(source, checked({"error": describe(caught.value)})["error"])
    return text.zh, text.en


@pytest.mark.parametrize("char", [c for c in WIDE if c not in "—…_"])
def test_chinese_punctuation_is_named_with_its_fix(char: str) -> None:
    zh, en = told(f"x = 1\ndef f(a{char} b):\n    return a\n")
    assert f"「{char}」" in zh
    assert "第 2 行" in zh
    assert f"U+{ord(char):04X}" in en
    assert WIDE[char] in en


def test_the_character_in_a_string_is_not_blamed() -> None:
    zh, _ = told("s = '你好，世界'\ny = （1)\n")
    assert "「（」" in zh
    assert "第 2 行" in zh


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ("def f(a):\n\u00a0   return a\n", "不间断空格", "no-break space"),
        ("def f(a):\n\u3000return a\n", "全角空格", "full-width space"),
        ("x = 1\u200b\n", "不可见", "invisible"),
        ("def f(a)\n    return a\n", "冒号", "colon"),
        ("x = (1,\ny = 2\n", "没有配对", "never closed"),
        ("x = 1)\n", "多了一个", "no opening bracket"),
        ("x = 'a\n", "收尾的引号", "closing quote"),
        ("def f():\nreturn 1\n", "应当缩进", "must be indented"),
        ("if 1:\n    x = 1\n\ty = 2\n", "混用", "mixed"),
        ("x = 1\n  y = 2\n", "缩进", "indentation"),
        ("x = " + "(" * 300 + ")" * 300, "嵌套太深", "nested too deep"),
        ("if x = 1:\n    pass\n", "==", "=="),
        ("return 1\n", "return 不在函数里", "outside a function"),
    ],
)
def test_meanings(source: str, zh: str, en: str) -> None:
    said = told(source)
    assert zh in said[0]
    assert en in said[1]
