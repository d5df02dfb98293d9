"""One sentence, three ways to cut it: longest match from either side and the best path, and what follows from that.

Rule    the costs in the steps are rounded from the probabilities that the task gives; the solution adds them up
Proof   the right options are computed with stack.text.segment in tests/curriculum/test_tokenization_exercises.py
"""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text


def same(text: str) -> Text:
    """What reads the same in both languages."""
    return Text(text, text)


STEPS = (
    Step(
        "left",
        Text(
            "从左边开始的最长匹配（正向最长匹配）把“研究生命起源”切成什么？",
            "What does longest match from the left make of 研究生命起源?",
        ),
        (
            Option("right", same("研究生 / 命 / 起源")),
            Option("meaning", same("研究 / 生命 / 起源"), "greedy-looks-back"),
            Option("letters", same("研 / 究 / 生 / 命 / 起 / 源"), "chinese-needs-no-segmentation-ever"),
        ),
    ),
    Step(
        "right",
        Text(
            "从右边开始的最长匹配（逆向最长匹配）呢？",
            "And longest match from the right?",
        ),
        (
            Option("right", same("研究 / 生命 / 起源")),
            Option("same", same("研究生 / 命 / 起源"), "both-sides-agree"),
        ),
    ),
    Step(
        "ways",
        Text(
            "只用词典里的词（每一个都在题目的表里），这句话共有几种切法？",
            "With words of the table alone, how many ways are there to cut the sentence?",
        ),
        (
            Option(
                "two",
                Text(
                    "2 种：研究生 / 命 / 起源，研究 / 生命 / 起源；“研究 / 生 / 命”不行，“生”不在表里",
                    "2: 研究生 / 命 / 起源 and 研究 / 生命 / 起源; not 研究 / 生 / 命, since 生 is not in the table",
                ),
            ),
            Option(
                "one",
                Text("1 种：一句话只有一种切法", "1: a sentence has one segmentation"),
                "one-cut-is-given",
            ),
            Option(
                "powers",
                Text(
                    "32 种：六个字之间有五个空当，每个切或不切",
                    "32: five gaps between six characters, each cut or not",
                ),
                "every-cut-is-a-path",
            ),
        ),
    ),
    Step(
        "cost",
        Text(
            "一条路的代价是各个词的 −log₂ p 之和。“研究 / 生命 / 起源”的代价是多少？",
            "The cost of a path is the sum of −log₂ p of its words. What is the cost of 研究 / 生命 / 起源?",
        ),
        (
            Option("sum", Text("6 + 8 + 10 = 24", "6 + 8 + 10 = 24")),
            Option("product", Text("6 × 8 × 10 = 480", "6 × 8 × 10 = 480"), "costs-multiply"),
            Option("mean", Text("(6 + 8 + 10) / 3 = 8", "(6 + 8 + 10) / 3 = 8"), "cost-per-word"),
        ),
    ),
    Step(
        "best",
        Text(
            "“研究生 / 命 / 起源”的代价是 9 + 10 + 10 = 29。最佳路径选哪一种？",
            "The cost of 研究生 / 命 / 起源 is 9 + 10 + 10 = 29. Which does the best path take?",
        ),
        (
            Option(
                "least",
                Text(
                    "研究 / 生命 / 起源：代价小 5，就是概率大 2⁵ = 32 倍",
                    "研究 / 生命 / 起源: a cost lower by 5 is a probability 2⁵ = 32 times as large",
                ),
            ),
            Option(
                "longest",
                Text(
                    "研究生 / 命 / 起源：里面有最长的词，长的词总是更可靠",
                    "研究生 / 命 / 起源: it holds the longest word, and long words are always the safer ones",
                ),
                "longest-match-is-best",
            ),
            Option(
                "greatest",
                Text("研究生 / 命 / 起源：29 比 24 大", "研究生 / 命 / 起源: 29 is more than 24"),
                "cost-is-a-score",
            ),
        ),
    ),
    Step(
        "reason",
        Text(
            "正向最长匹配为什么会错？",
            "Why does longest match from the left go wrong here?",
        ),
        (
            Option(
                "never-back",
                Text(
                    "它在“研究生”这一步就定了，不管这样一来剩下的“命”有多不像一个词",
                    "It settles on 研究生 at once, whatever an unlikely word it leaves behind in 命",
                ),
            ),
            Option(
                "dictionary",
                Text(
                    "词典太小：词收得越多，它就错得越少，最后不会错",
                    "The dictionary is too small: with more words it errs less and less, in the end not at all",
                ),
                "a-larger-dictionary-cures",
            ),
            Option(
                "direction",
                Text(
                    "方向错了：从右往左就永远是对的",
                    "It is the wrong direction: from right to left it is always right",
                ),
                "right-to-left-is-right",
            ),
        ),
    ),
    Step(
        "unknown",
        Text(
            "句子里有词典没收的人名。最佳路径会怎样？",
            "A person's name that is not in the dictionary stands in the sentence. What does the best path do?",
        ),
        (
            Option(
                "pieces",
                Text(
                    "把名字切成单字或碎词：图里没有这个词的边，再怎么算代价也选不到它",
                    "It cuts the name into characters or fragments: no edge of the graph is that word",
                ),
            ),
            Option(
                "found",
                Text(
                    "照样切对：整体最优会把没见过的词也找出来",
                    "It is cut rightly: what is best as a whole finds unknown words too",
                ),
                "best-path-finds-new-words",
            ),
        ),
    ),
    Step(
        "today",
        Text(
            "大模型用字节级 BPE，没有中文分词器。那么分词这件事怎样了？",
            "Large models use byte-level BPE and no Chinese segmenter. What has become of segmentation, then?",
        ),
        (
            Option(
                "learned",
                Text(
                    "切还是要切，只是切成统计出来的子词，不必是词；要按词检索、统计词频或标注时，仍然需要分词",
                    "Text is still cut, into subwords that come from counting and need not be words; to search or count"
                    " by word, or to label words, one still segments",
                ),
            ),
            Option(
                "never",
                Text(
                    "中文从来不需要切：模型直接读整句话",
                    "Chinese never needs to be cut: models read the sentence as it is",
                ),
                "chinese-needs-no-segmentation-ever",
            ),
            Option(
                "words",
                Text(
                    "BPE 就是中文分词器：它的词元就是词",
                    "BPE is a Chinese segmenter: its tokens are words",
                ),
                "tokens-are-words",
            ),
        ),
    ),
)

exercise = Choice(steps=STEPS, mistakes=read_mistakes(__file__), proof=True)
