"""The variance of an average of trees that are correlated, step by step, and what randomness buys.

Rule    each step takes what the steps before it have shown; the first wrong one is told
Proof   the numbers in the right options are measured in tests/curriculum/test_decision_trees_exercises.py
"""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text

STEPS = (
    Step(
        "two",
        Text(
            "两棵树在同一个点上的输出 $T_1$、$T_2$，方差都是 $\\sigma^2$，相关系数 $\\rho$。"
            "$\\mathrm{Var}\\big(\\tfrac{T_1+T_2}{2}\\big)$ 是多少？",
            "At one point the outputs $T_1$ and $T_2$ of two trees both have variance $\\sigma^2$, and correlation "
            "$\\rho$. What is $\\mathrm{Var}\\big(\\tfrac{T_1+T_2}{2}\\big)$?",
        ),
        (
            Option(
                "shared",
                Text(
                    "$\\tfrac14(\\sigma^2+\\sigma^2+2\\rho\\sigma^2)=\\tfrac{1+\\rho}{2}\\,\\sigma^2$",
                    "$\\tfrac14(\\sigma^2+\\sigma^2+2\\rho\\sigma^2)=\\tfrac{1+\\rho}{2}\\,\\sigma^2$",
                ),
            ),
            Option(
                "half",
                Text(
                    "$\\tfrac14(\\sigma^2+\\sigma^2)=\\tfrac12\\sigma^2$：两个量的方差相加",
                    "$\\tfrac14(\\sigma^2+\\sigma^2)=\\tfrac12\\sigma^2$: variances add",
                ),
                "trees-are-independent",
            ),
            Option(
                "linear",
                Text(
                    "$\\tfrac12(\\sigma^2+\\sigma^2)=\\sigma^2$：平均值的方差是方差的平均",
                    "$\\tfrac12(\\sigma^2+\\sigma^2)=\\sigma^2$: the variance of an average is the average variance",
                ),
                "average-of-variances",
            ),
        ),
    ),
    Step(
        "many",
        Text(
            "$B$ 棵树，两两相关系数都是 $\\rho$，平均值的方差呢？",
            "And the average of $B$ trees, each pair with $\\rho$?",
        ),
        (
            Option(
                "formula",
                Text(
                    "$\\tfrac{1}{B^2}\\big(B\\sigma^2+B(B-1)\\rho\\sigma^2\\big)=\\rho\\sigma^2+\\tfrac{1-\\rho}{B}\\sigma^2$",
                    "$\\tfrac{1}{B^2}\\big(B\\sigma^2+B(B-1)\\rho\\sigma^2\\big)=\\rho\\sigma^2+\\tfrac{1-\\rho}{B}\\sigma^2$",
                ),
            ),
            Option(
                "over-b",
                Text(
                    "$\\tfrac{1}{B^2}\\cdot B\\sigma^2=\\tfrac{\\sigma^2}{B}$",
                    "$\\tfrac{1}{B^2}\\cdot B\\sigma^2=\\tfrac{\\sigma^2}{B}$",
                ),
                "trees-are-independent",
            ),
            Option(
                "all-shared",
                Text(
                    "$\\tfrac{1}{B^2}\\cdot B^2\\rho\\sigma^2=\\rho\\sigma^2$：每一对贡献 $\\rho\\sigma^2$",
                    "$\\tfrac{1}{B^2}\\cdot B^2\\rho\\sigma^2=\\rho\\sigma^2$: every pair adds $\\rho\\sigma^2$",
                ),
                "own-variance-forgotten",
            ),
        ),
    ),
    Step(
        "numbers",
        Text(
            "$\\sigma^2=0.05$，$\\rho=0.2$，$B=100$。平均值的方差？",
            "$\\sigma^2=0.05$, $\\rho=0.2$, $B=100$. What is the variance of the average?",
        ),
        (
            Option(
                "right",
                Text("$0.01+0.04/100=0.0104$", "$0.01+0.04/100=0.0104$"),
            ),
            Option("independent", Text("$0.05/100=0.0005$", "$0.05/100=0.0005$"), "trees-are-independent"),
            Option(
                "root",
                Text("$0.05/\\sqrt{100}=0.005$", "$0.05/\\sqrt{100}=0.005$"),
                "root-for-variance",
            ),
        ),
    ),
    Step(
        "better",
        Text(
            "还想再小。哪一招有用得多：树加到 1000 棵，还是设法让 $\\rho$ 降到 0.1？",
            "It should be smaller yet. What helps far more: 1000 trees, or bringing $\\rho$ down to 0.1?",
        ),
        (
            Option(
                "rho",
                Text(
                    "降 $\\rho$：0.0104 变成 0.00545；加到 1000 棵只到 0.01004，因为 $\\rho\\sigma^2$ 不随 $B$ 变",
                    "Lowering $\\rho$: 0.0104 becomes 0.00545; 1000 trees only reach 0.01004, as $\\rho\\sigma^2$ does "
                    "not depend on $B$",
                ),
            ),
            Option(
                "trees",
                Text(
                    "加树：多十倍，方差就小十倍",
                    "More trees: ten times as many, a tenth of the variance",
                ),
                "more-trees-cure-all",
            ),
            Option(
                "neither",
                Text(
                    "都别动：树再多，森林就要过拟合了",
                    "Neither: with more trees the forest would overfit",
                ),
                "more-trees-overfit",
            ),
        ),
    ),
    Step(
        "features",
        Text(
            "每次切分只许从随机的几个特征里挑。这份随机买到了什么，付了什么？",
            "Each split may choose only from a few features drawn at random. What does this randomness buy, and at "
            "what price?",
        ),
        (
            Option(
                "less-alike",
                Text(
                    "买到更小的 $\\rho$；付出的是单独一棵树更差（$\\sigma^2$ 常更大，偏差也更大）",
                    "It buys a smaller $\\rho$, and pays with trees that are worse alone (often a larger $\\sigma^2$, "
                    "and a larger bias)",
                ),
            ),
            Option(
                "better-trees",
                Text(
                    "买到更好的单棵树：去掉多余的特征，每棵都更准",
                    "It buys better single trees: rid of superfluous features, each is more accurate",
                ),
                "each-tree-is-better",
            ),
            Option(
                "speed",
                Text(
                    "只买到速度：要比的特征少了，结果不变",
                    "It buys speed only: fewer features to compare, and the same result",
                ),
                "randomness-is-for-speed",
            ),
        ),
    ),
    Step(
        "bias",
        Text(
            "平均之后，偏差（输出的期望与真值之差）怎样？",
            "What happens to the bias, the difference between expected output and truth, when trees are averaged?",
        ),
        (
            Option(
                "same",
                Text(
                    "不变：$E\\big[\\tfrac1B\\sum T_b\\big]=E[T_1]$，大家一样偏，平均还是那么偏",
                    "Nothing: $E\\big[\\tfrac1B\\sum T_b\\big]=E[T_1]$; what all get wrong alike, so does the average",
                ),
            ),
            Option(
                "less",
                Text(
                    "也除以 $B$：错的方向有正有负，平均时抵消",
                    "It is divided by $B$, too: errors of either sign cancel in the average",
                ),
                "bagging-cuts-bias",
            ),
        ),
    ),
    Step(
        "depth",
        Text("所以，该拿怎样的树来平均？", "Which trees, then, are worth averaging?"),
        (
            Option(
                "deep",
                Text(
                    "深的：偏差小、方差大，而平均恰好治方差",
                    "Deep ones: little bias and much variance, and variance is what averaging cures",
                ),
            ),
            Option(
                "shallow",
                Text(
                    "浅的：不过拟合的树，平均起来更不过拟合；偏的那一点会平均掉",
                    "Shallow ones: trees that do not overfit, and what they are off by is averaged away",
                ),
                "bagging-cuts-bias",
            ),
        ),
    ),
    Step(
        "importance",
        Text(
            "森林说“最大周长”是判断肿瘤最重要的特征。由此能得出什么？",
            "A forest counts “worst perimeter” most important for telling tumors apart. What follows?",
        ),
        (
            Option(
                "used",
                Text(
                    "这片森林在这些数据里多用它来切分；换一个与它相近的特征可能一样好用",
                    "In these data this forest splits by it a lot; a feature much like it might serve as well",
                ),
            ),
            Option(
                "cause",
                Text(
                    "周长是恶性的原因之一：设法让周长变小，肿瘤就会变良性",
                    "Perimeter is among the causes: make it smaller and the tumor turns benign",
                ),
                "importance-is-cause",
            ),
            Option(
                "needed",
                Text(
                    "少了它不行：拿走这一列，准确率会大降",
                    "It cannot be spared: without this column accuracy would collapse",
                ),
                "important-is-indispensable",
            ),
        ),
    ),
)

exercise = Choice(steps=STEPS, mistakes=read_mistakes(__file__), proof=True)
