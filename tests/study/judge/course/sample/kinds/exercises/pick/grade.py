"""Two statements on variance, the second building on the first."""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text

exercise = Choice(
    steps=(
        Step(
            "sum",
            Text("两个独立变量之和的方差？", "The variance of a sum of two independent variables?"),
            (
                Option("add", Text("方差相加", "the variances add")),
                Option("deviations", Text("标准差相加", "the deviations add"), "adds-deviations"),
            ),
        ),
        Step(
            "double",
            Text("2X 的方差？", "The variance of 2X?"),
            (
                Option("four", Text("4 倍", "4 times")),
                Option("two", Text("2 倍", "2 times"), "factor-not-squared"),
            ),
        ),
    ),
    mistakes=read_mistakes(__file__),
    proof=True,
)
