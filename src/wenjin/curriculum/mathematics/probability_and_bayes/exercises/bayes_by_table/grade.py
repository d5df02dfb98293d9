"""Three base-rate problems: with a table of counts, by the formula, and with a second piece of evidence.

    screening   prevalence, sensitivity, specificity -> counts of 100,000 people -> P(sick | positive)
    mail        shares of spam, and of a word in both kinds -> P(spam | word), P(spam | no word)
    again       the same screening, a second positive result, independent of the first -> P(sick | both)

Rule    all rates are whole shares of the people, so that every count is a whole number
Rule    givens are drawn until each mistake shows, and shows unlike every other
Proof   tests/curriculum/test_probability_and_bayes_exercises.py: on many variants the solution equals counting in
        fractions, and every mistake is told by its own name
"""

from itertools import combinations
from random import Random
from typing import Any

from wenjin.kit.exercise import Field, Numeric, read_mistakes
from wenjin.kit.text import Text

PEOPLE = 100_000
NONE: frozenset[str] = frozenset()


def share(prior: float, here: float, there: float, fault: frozenset[str]) -> float:
    """P(cause | evidence); the evidence has the chance `here` under the cause and `there` without it."""
    if "conditional-reversed" in fault:
        return here
    if "false-alarm-rate-as-share" in fault:
        return 1 - there
    if "base-rate-ignored" in fault or "rates-of-everyone" in fault:
        return here / (here + there)
    if "joint-for-conditional" in fault:
        return prior * here
    if "odds-for-probability" in fault:
        return prior * here / ((1 - prior) * there)
    return prior * here / (prior * here + (1 - prior) * there)


def count(p: float, found: float, alarm: float, fault: frozenset[str]) -> list[list[float]]:
    """Sick and healthy (rows) by positive and negative (columns)."""
    sick, healthy = PEOPLE * p, PEOPLE * (1 - p)
    if "base-rate-ignored" in fault:
        sick = healthy = PEOPLE / 2
    if "rates-of-everyone" in fault:
        sick = healthy = PEOPLE
    table = [[sick * found, sick * (1 - found)], [healthy * alarm, healthy * (1 - alarm)]]
    return [list(column) for column in zip(*table, strict=True)] if "table-turned" in fault else table


def solution(givens: dict[str, Any], fault: frozenset[str] = NONE) -> dict[str, Any]:
    p, found, spared = (givens[name] / 1000 for name in ("prevalence", "sensitivity", "specificity"))
    spam, in_spam, in_mail = (givens[name] / 1000 for name in ("spam", "in_spam", "in_mail"))
    alarm = 1 - spared
    if "specificity-for-false-alarms" in fault:
        alarm, in_mail = spared, 1 - in_mail
    once = share(p, found, alarm, fault)
    with_word = share(spam, in_spam, in_mail, fault)
    without = share(spam, 1 - in_spam, 1 - in_mail, fault)
    twice = share(p, found**2, alarm**2, fault)
    if "starts-again" in fault:
        twice = once
    if "posteriors-multiplied" in fault:
        twice = once**2
    if "without-is-the-complement" in fault:
        without = 1 - with_word
    return {
        "counts": count(p, found, alarm, fault),
        "sick_if_positive": once,
        "spam_if_word": with_word,
        "spam_if_no_word": without,
        "sick_if_both": twice,
    }


def draw(dice: Random) -> dict[str, Any]:
    """All rates in thousandths."""
    while True:
        givens = {
            "prevalence": dice.choice((5, 10, 20, 30, 40, 50)),
            "sensitivity": dice.choice((750, 800, 850, 900, 950)),
            "specificity": dice.choice((700, 750, 800, 850, 900, 950)),
            "spam": dice.choice((150, 200, 250, 300, 400, 600)),
            "in_spam": dice.choice((300, 350, 400, 450, 550, 600, 700)),
            "in_mail": dice.choice((20, 40, 50, 80, 100, 150)),
        }
        told = [solution(givens, frozenset(name)) for name in [(), *((name,) for name in MISTAKES)]]
        if all(apart(a, b) for a, b in combinations(told, 2)):
            return givens


def apart(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Do two answers differ by far more than a rounding, in one blank at least?"""
    cells = [abs(x - y) for s, t in zip(a["counts"], b["counts"], strict=True) for x, y in zip(s, t, strict=True)]
    return max(cells) > 50 or max(abs(a[name] - b[name]) for name in a if name != "counts") > 0.02


def percent(thousandths: int) -> str:
    return f"{thousandths / 10:g}%"


def show(givens: dict[str, Any]) -> Text:
    said = {name: percent(value) for name, value in givens.items()}
    return Text(
        "**一、筛查。** {people:,} 人里有 {prevalence} 得某种病。病人中 {sensitivity} 检出阳性（敏感度），"
        "没病的人中 {specificity} 检出阴性（特异度）。\n\n"
        "**二、邮件。** 邮件中 {spam} 是垃圾邮件。“中奖”一词出现在 {in_spam} 的垃圾邮件里，"
        "也出现在 {in_mail} 的正常邮件里。\n\n"
        "**三、复查。** 第一题里检出阳性的人换一种方法再查一次，敏感度和特异度与第一次相同；"
        "对病人、对没病的人，两次结果都互相独立。第二次又是阳性。".format(people=PEOPLE, **said),
        "**1. Screening.** Of {people:,} people, {prevalence} have a certain disease. Of the sick, {sensitivity} test "
        "positive (sensitivity); of the healthy, {specificity} test negative (specificity).\n\n"
        "**2. Mail.** {spam} of all mail is spam. The word “prize” stands in {in_spam} of the spam and in {in_mail} of "
        "the wanted mail.\n\n"
        "**3. Once more.** Someone who tested positive in 1 is tested in another way, with the same sensitivity and "
        "specificity; among the sick and among the healthy the two results are independent. It is positive "
        "again.".format(people=PEOPLE, **said),
    )


MISTAKES = read_mistakes(__file__)

exercise = Numeric(
    fields=(
        Field(
            "counts",
            Text(
                "一：人数（行：有病、没病；列：阳性、阴性）",
                "1: people (rows: sick, healthy; columns: positive, negative)",
            ),
            (2, 2),
            tolerance=0.6,
        ),
        Field("sick_if_positive", Text("一：P(有病 | 阳性)", "1: P(sick | positive)")),
        Field("spam_if_word", Text("二：P(垃圾 | 有这个词)", "2: P(spam | word)")),
        Field("spam_if_no_word", Text("二：P(垃圾 | 没有这个词)", "2: P(spam | no word)")),
        Field("sick_if_both", Text("三：P(有病 | 两次阳性)", "3: P(sick | positive twice)")),
    ),
    draw=draw,
    show=show,
    solution=solution,
    mistakes=MISTAKES,
)
