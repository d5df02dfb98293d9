from itertools import combinations

from wenjin.kit.exercise import Case, Code, read_mistakes
from wenjin.kit.text import Text

WRONG = {"adds-two": lambda x: x + 2, "squares": lambda x: x * x, "unchanged": lambda x: x}


def double(x, fault=frozenset()):
    for name in fault:
        return WRONG[name](x)
    return 2 * x


def cases(dice):
    numbers = [3.0, 10.0, *(float(dice.randint(20, 90)) for _ in range(3))]
    return [Case("number", (x,), Text(f"{x} 的两倍", f"the double of {x}")) for x in numbers]


exercise = Code(
    form="function",
    define="double",
    solution=double,
    cases=cases,
    mistakes=read_mistakes(__file__),
    exclusive=frozenset(frozenset(pair) for pair in combinations(WRONG, 2)),
)
