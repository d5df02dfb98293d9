"""Of each rule: what is remarked, why it matters, and how it looks when it is done better."""

from dataclasses import dataclass

from wenjin.kit.text import Text


@dataclass(frozen=True, slots=True)
class Rule:
    """`says` has a blank {what}."""

    says: Text
    why: Text
    example: str


RULES: dict[str, Rule] = {
    "no-tests": Rule(
        Text("{what} 个模块，一个测试也没有", "{what} modules and not one test"),
        Text("没有测试，改一行就要把整个程序再试一遍。", "Without tests every changed line means trying it all again."),
        "def test_the_mean_of_equal_numbers_is_that_number():\n    assert mean([2, 2, 2]) == 2",
    ),
    "untested": Rule(
        Text("没有测试导入 {what}", "no test imports {what}"),
        Text("没有测试碰过的模块，坏了也没人知道。", "What no test touches can break unseen."),
        "from project.loader import load\n\ndef test_an_empty_file_has_no_rows():\n    assert load('') == []",
    ),
    "cannot-fail": Rule(
        Text("测试 {what} 里没有断言", "the test {what} asserts nothing"),
        Text("不会失败的测试什么也没说。", "A test that cannot fail says nothing."),
        "def test_sorting():\n    assert ordered([3, 1]) == [1, 3]   # not only: ordered([3, 1])",
    ),
    "unreadable": Rule(
        Text("这个文件不是能解析的 Python", "this file cannot be parsed as Python"),
        Text("它连导入都不行，别的都无从谈起。", "It cannot even be imported, so nothing else can be said of it."),
        "python -m py_compile file.py   # says which line",
    ),
    "long-line": Rule(
        Text("一行有 {what} 个字符", "a line of {what} characters"),
        Text("要横着滚动才读得完的一行，读的人会漏掉后半。", "Readers miss what they must scroll to."),
        "total = sum(\n    price * amount\n    for price, amount in basket\n)",
    ),
    "bare-except": Rule(
        Text("except 没有写接住什么", "an except that names nothing"),
        Text("它连 Ctrl-C 和拼错的名字都吞掉。", "It catches Ctrl-C and misspelled names, too."),
        "try:\n    value = float(text)\nexcept ValueError:\n    value = None",
    ),
    "swallowed": Rule(
        Text("错误被接住，然后什么也不做", "an error is caught and nothing is done"),
        Text("出了错而没有一点痕迹，是最难查的。", "An error that leaves no trace is the hardest to find."),
        "except FileNotFoundError as error:\n    log.warning('no settings: %s', error)",
    ),
    "star-import": Rule(
        Text("from {what} import *", "from {what} import *"),
        Text(
            "读的人不知道一个名字从哪里来，后来的名字还会盖掉先来的。",
            "Nobody can tell where a name comes from, and later names replace earlier ones.",
        ),
        "from math import pi, sqrt",
    ),
    "unused-import": Rule(
        Text("导入了 {what} 而没有用", "{what} is imported and not used"),
        Text("它说这里依赖一样东西，其实没有。", "It claims a dependence that is not there."),
        "import json   # and json is used below",
    ),
    "equals-none": Rule(
        Text("用 == 和 {what} 比", "a comparison with {what} by =="),
        Text(
            "== 可以被类改写（数组会逐个比）；None 只有一个，用 is。",
            "A class may redefine == (an array compares each element); there is one None, and `is` asks for it.",
        ),
        "if value is None:\n    ...\nif ready:\n    ...",
    ),
    "name-of-a-class": Rule(
        Text("类名 {what} 不是 CamelCase", "the class name {what} is not CamelCase"),
        Text("写法一致，名字一眼就看出是类还是函数。", "Written alike, a name shows at once whether it is a class."),
        "class WordCounter:\n    ...",
    ),
    "name-of-a-function": Rule(
        Text("函数名 {what} 不是 snake_case", "the function name {what} is not snake_case"),
        Text("写法一致，名字一眼就看出是类还是函数。", "Written alike, a name shows at once whether it is a function."),
        "def count_words(text): ...",
    ),
    "mutable-default": Rule(
        Text("{what} 的默认值是可变的", "a default of {what} can be changed"),
        Text("默认值只造一次，所有调用共用它。", "The default is made once and shared by all calls."),
        "def add(item, basket=None):\n    basket = [] if basket is None else basket",
    ),
    "shadowed": Rule(
        Text("参数 {what} 盖住了同名的内置函数", "the parameter {what} hides the built-in of that name"),
        Text("在这个函数里，那个内置的就用不成了。", "Inside the function the built-in can no longer be used."),
        "def total(numbers): ...   # not: def total(list)",
    ),
    "untyped": Rule(
        Text("没有标注类型：{what}", "no types on {what}"),
        Text(
            "标注说清要什么、给什么，检查器替你看每一处调用。",
            "Annotations say what goes in and comes out, and a checker then looks at every call.",
        ),
        "def mean(numbers: list[float]) -> float: ...",
    ),
    "branches": Rule(
        Text("岔路太多（{what} 条）", "too many ways through ({what})"),
        Text("每条路都要一个测试，人只记得住几条。", "Each way needs a test, and nobody keeps that many in mind."),
        "handlers = {'add': add, 'remove': remove}\nhandlers[command](item)",
    ),
    "nested": Rule(
        Text("套得太深（{what} 层）", "nested too deep ({what} levels)"),
        Text("读到最里面，外面的条件已经忘了。", "By the innermost line the outer conditions are forgotten."),
        "if not ready:\n    return\n...   # one level less for all that follows",
    ),
    "long": Rule(
        Text("函数太长（{what} 行）", "a long function ({what} lines)"),
        Text("一屏看不完的函数，多半做了不止一件事。", "What does not fit a screen usually does more than one thing."),
        "def report(rows):\n    chosen = select(rows)\n    return render(summarize(chosen))",
    ),
    "arguments": Rule(
        Text("参数太多（{what} 个）", "many parameters ({what})"),
        Text(
            "次序记不住，就会传错；常常一起来的可以合成一样东西。",
            "Nobody remembers the order; what always comes together can become one thing.",
        ),
        "@dataclass\nclass Settings:\n    rate: float\n    steps: int",
    ),
    "twice": Rule(
        Text("和 {what} 是同一段", "the same as at {what}"),
        Text("改了一处，另一处就会被忘掉。", "When one is changed the other is forgotten."),
        "def cleaned(text): ...   # once, called from both places",
    ),
}  # fmt: skip
