"""The variance of a dot product, step by step, and what dividing by d would do instead.

Rule    each step takes what the steps before it have shown; the first wrong one is told
Proof   the numbers in the right options are measured in tests/curriculum/test_self_attention_exercises.py
"""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text

STEPS = (
    Step(
        "assume",
        Text(
            "设 $q\\cdot k=\\sum_{i=1}^{d} q_i k_i$。要算出它的方差，从哪一组假设出发就够？",
            "Let $q\\cdot k=\\sum_{i=1}^{d} q_i k_i$. Which assumptions are enough to work out its variance?",
        ),
        (
            Option(
                "independent",
                Text(
                    "全部 2d 个分量相互独立，均值 0，方差 1",
                    "All 2d components are independent, with mean 0 and variance 1",
                ),
            ),
            Option(
                "uncorrelated",
                Text(
                    "全部 2d 个分量两两不相关，均值 0，方差 1",
                    "All 2d components are pairwise uncorrelated, with mean 0 and variance 1",
                ),
                "uncorrelated-is-enough",
            ),
            Option(
                "unit-length",
                Text("q 和 k 都是长度为 1 的向量", "q and k are vectors of length 1"),
                "vectors-have-length-one",
            ),
        ),
    ),
    Step(
        "mean",
        Text("单独一项的均值 $E[q_i k_i]$ 是多少？", "What is the mean of a single term, $E[q_i k_i]$?"),
        (
            Option(
                "zero",
                Text("$E[q_i]\\,E[k_i]=0\\cdot 0=0$，用到独立", "$E[q_i]\\,E[k_i]=0\\cdot 0=0$, by independence"),
            ),
            Option(
                "one",
                Text("$E[q_i^2]=1$，因为两个分量的方差都是 1", "$E[q_i^2]=1$, as both components have variance 1"),
                "product-is-a-square",
            ),
        ),
    ),
    Step(
        "term",
        Text(
            "一项的方差 $\\mathrm{Var}(q_i k_i)$ 是多少？", "What is the variance of a term, $\\mathrm{Var}(q_i k_i)$?"
        ),
        (
            Option(
                "one",
                Text(
                    "$E[q_i^2 k_i^2]-0^2=E[q_i^2]\\,E[k_i^2]=1$",
                    "$E[q_i^2 k_i^2]-0^2=E[q_i^2]\\,E[k_i^2]=1$",
                ),
            ),
            Option(
                "two",
                Text(
                    "$\\mathrm{Var}(q_i)+\\mathrm{Var}(k_i)=2$",
                    "$\\mathrm{Var}(q_i)+\\mathrm{Var}(k_i)=2$",
                ),
                "variances-add-in-products",
            ),
            Option(
                "zero",
                Text(
                    "$0$，因为这一项的均值是 0",
                    "$0$, because the mean of the term is 0",
                ),
                "zero-mean-means-zero-variance",
            ),
        ),
    ),
    Step(
        "sum",
        Text(
            "d 项相加之后，$\\mathrm{Var}(q\\cdot k)$ 是多少？",
            "After d terms are added up, what is $\\mathrm{Var}(q\\cdot k)$?",
        ),
        (
            Option(
                "d",
                Text(
                    "$d\\cdot 1=d$：各项相互独立，协方差为 0，方差可以相加",
                    "$d\\cdot 1=d$: the terms are independent, covariances vanish, variances add",
                ),
            ),
            Option(
                "d-squared",
                Text(
                    "$d^2$：标准差相加得 d，再平方",
                    "$d^2$: standard deviations add to d, and that is squared",
                ),
                "deviations-add",
            ),
            Option(
                "one",
                Text(
                    "$1$：正负相消，项数多少不影响",
                    "$1$: signs cancel, so the number of terms does not matter",
                ),
                "signs-cancel",
            ),
        ),
    ),
    Step(
        "typical",
        Text("那么一个分数离 0 通常有多远？", "How far from 0 is a typical score, then?"),
        (
            Option(
                "root",
                Text(
                    "约 $\\sqrt d$：标准差是方差的平方根；d = 64 时约为 8",
                    "About $\\sqrt d$: the standard deviation is the root of the variance; about 8 for d = 64",
                ),
            ),
            Option(
                "d",
                Text(
                    "约 $d$：方差是多少，就离多远；d = 64 时约为 64",
                    "About $d$, as the variance says; about 64 for d = 64",
                ),
                "variance-for-deviation",
            ),
        ),
    ),
    Step(
        "constant",
        Text(
            "把分数除以常数 c 以后，$\\mathrm{Var}(q\\cdot k/c)$ 是多少？要让它等于 1，c 该取多少？",
            "With the scores divided by a constant c, what is $\\mathrm{Var}(q\\cdot k/c)$, and which c makes it 1?",
        ),
        (
            Option(
                "root",
                Text(
                    "$\\mathrm{Var}(q\\cdot k)/c^2=d/c^2$，所以 $c=\\sqrt d$",
                    "$\\mathrm{Var}(q\\cdot k)/c^2=d/c^2$, so $c=\\sqrt d$",
                ),
            ),
            Option(
                "d",
                Text(
                    "$\\mathrm{Var}(q\\cdot k)/c=d/c$，所以 $c=d$",
                    "$\\mathrm{Var}(q\\cdot k)/c=d/c$, so $c=d$",
                ),
                "variance-scales-linearly",
            ),
        ),
    ),
    Step(
        "by-d",
        Text("如果改成除以 d，会怎样？", "What happens if we divide by d instead?"),
        (
            Option(
                "flat",
                Text(
                    "方差变成 $d/d^2=1/d$：d 越大，分数越挤在 0 附近，权重越接近平均",
                    "The variance becomes $d/d^2=1/d$: the larger d, the closer scores lie to 0 and weights to even",
                ),
            ),
            Option(
                "same",
                Text(
                    "方差是 $d/d=1$，与除以 $\\sqrt d$ 一样好",
                    "The variance is $d/d=1$, just as good as dividing by $\\sqrt d$",
                ),
                "divide-by-d",
            ),
            Option(
                "sharp",
                Text(
                    "分数变小，所以 softmax 更尖，更容易只看一个词",
                    "Scores become smaller, so the softmax becomes sharper and one token takes all",
                ),
                "smaller-is-sharper",
            ),
            Option(
                "nothing",
                Text(
                    "没有影响：softmax 会归一化，乘除常数都被消掉",
                    "Nothing: the softmax normalizes, so any constant factor cancels",
                ),
                "softmax-ignores-scale",
            ),
        ),
    ),
    Step(
        "ranking",
        Text(
            "对同一个查询，除以 $\\sqrt d$ 前后，各个键的名次（按权重从大到小）变了吗？",
            "For one query, does dividing by $\\sqrt d$ change the ranking of the keys by weight?",
        ),
        (
            Option(
                "kept",
                Text(
                    "不变：除以同一个正数保持大小次序，exp 也保持；变的只是权重相差多少",
                    "No: a positive divisor keeps the order, and so does exp; only the weights move apart or together",
                ),
            ),
            Option(
                "changed",
                Text(
                    "会变：缩放之后，原来排后面的键可能成为第一",
                    "Yes: after scaling, a key from further down may come first",
                ),
                "scaling-changes-the-ranking",
            ),
        ),
    ),
    Step(
        "unscaled",
        Text(
            "不缩放，d 很大，权重几乎全落在一个键上。这时从 softmax 传回分数的梯度怎样？",
            "Unscaled and with d large, nearly all the weight is on one key. What of the gradient through the softmax?",
        ),
        (
            Option(
                "fades",
                Text(
                    "接近 0：它的每一项都含 $w_i(1-w_i)$ 或 $w_i w_j$，权重接近 0 或 1 时都很小",
                    "It is near 0: each entry is $w_i(1-w_i)$ or $-w_i w_j$, small when weights are near 0 or 1",
                ),
            ),
            Option(
                "explodes",
                Text(
                    "会爆炸：分数大，梯度就大",
                    "It explodes: large scores give large gradients",
                ),
                "large-scores-large-gradients",
            ),
        ),
    ),
)

exercise = Choice(steps=STEPS, mistakes=read_mistakes(__file__), proof=True)
