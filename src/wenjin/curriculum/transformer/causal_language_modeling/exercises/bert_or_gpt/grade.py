"""Encoder, decoder or both, for eight products; each choice says what the others could not do.

Rule    an option names a model and its reason, and a wrong one carries one belief; the products stand by themselves
Proof   tests/curriculum/test_causal_language_modeling_exercises.py: every belief is told by its own name, and what the
        right options say of masks and of order is measured on small models of the library
"""

from wenjin.kit.exercise import Choice, Option, Step, read_mistakes
from wenjin.kit.text import Text

STEPS = (
    Step(
        "chat",
        Text(
            "聊天助手：接着用户的话，写出一段事先不知道多长的回答。",
            "A chat assistant: it goes on from what the user said; how long the answer will be is not known.",
        ),
        (
            Option(
                "decoder",
                Text(
                    "解码器：每一步给出下一个词元的分布，写一个、接上、再写，写到终止符为止",
                    "A decoder: at each step it gives odds for the next token; it writes one, reads it, goes on, and"
                    " stops at the end token",
                ),
            ),
            Option(
                "large",
                Text(
                    "编码器，选个参数多的：BERT 做大到和 GPT 一样，自然也会聊",
                    "An encoder with many parameters: make BERT as large as GPT and it will chat as well",
                ),
                "bigger-bert-can-chat",
            ),
            Option(
                "blanks",
                Text(
                    "编码器：先放一百个 [MASK]，一次全填上，就是回答",
                    "An encoder: lay down a hundred [MASK]s, fill them all at once, and that is the answer",
                ),
                "blanks-all-at-once",
            ),
        ),
    ),
    Step(
        "names",
        Text(
            "病历里标出药名和剂量：每个字都要一个标签，整份病历一次给齐，有两万份标注好的。",
            "Marking drugs and doses in medical records: each character gets a label, a record comes whole, and 20,000"
            " labeled ones are there.",
        ),
        (
            Option(
                "encoder",
                Text(
                    "编码器：一个字是不是药名，常要看它后面的字；编码器的每个状态都看过两边",
                    "An encoder: whether a character belongs to a drug often shows in what follows; each of an"
                    " encoder's states has seen both sides",
                ),
            ),
            Option(
                "decoder",
                Text(
                    "解码器，直接在每个字的状态上接分类层：它训练时读过整份文本，状态里两边都有",
                    "A decoder with a classifier on the state of each character: it has read whole texts in training,"
                    " so its states know both sides",
                ),
                "causal-state-knows-the-right",
            ),
            Option(
                "both",
                Text(
                    "编码器加解码器：没有解码器就产生不了任何输出",
                    "Encoder and decoder: without a decoder there is no output at all",
                ),
                "output-needs-a-decoder",
            ),
        ),
    ),
    Step(
        "tickets",
        Text(
            "给工单分类：类别由客户随时增改，一条标注也没有；公司里已有一个会听指令的大解码器在服务。",
            "Sorting support tickets: customers change the classes at will, nothing is labeled, and a large decoder"
            " that follows instructions is already being served.",
        ),
        (
            Option(
                "decoder",
                Text(
                    "解码器：把类别写进提示，比较各个类别名作为下文的概率，改类别只要改提示",
                    "The decoder: write the classes into the prompt and compare how likely each name is to come next;"
                    " to change the classes, change the prompt",
                ),
            ),
            Option(
                "must",
                Text(
                    "只能是编码器：解码器是用来写的，做不了分类",
                    "Only an encoder will do: decoders write, they cannot classify",
                ),
                "decoder-cannot-classify",
            ),
            Option(
                "untrained",
                Text(
                    "预训练好的编码器，不必再训练：它读懂了，自己就知道归哪一类",
                    "A pretrained encoder, with no further training: it understands the ticket, so it knows the class",
                ),
                "encoder-needs-no-head",
            ),
        ),
    ),
    Step(
        "search",
        Text(
            "语义检索：一千万段文字各算一个向量存好，来一个问题，也算一个向量去比。要快，要便宜。",
            "Search by meaning: a vector is stored for each of ten million passages, and a question's vector is held"
            " against them. It must be fast and cheap.",
        ),
        (
            Option(
                "encoder",
                Text(
                    "编码器：读一遍就得到整段的表示，一个字也不用写；一个小的再按“相近的靠拢”训练一下就够用",
                    "An encoder: one pass gives the passage a vector and nothing is written; a small one does, after"
                    " training that draws like to like",
                ),
            ),
            Option(
                "both",
                Text(
                    "编码器加解码器：向量也是输出，要由解码器产生",
                    "Encoder and decoder: a vector is output, too, and a decoder has to make it",
                ),
                "output-needs-a-decoder",
            ),
            Option(
                "untrained",
                Text(
                    "预训练好的 BERT，直接拿第一个状态当向量：填空学得好，句子相近向量就相近",
                    "A pretrained BERT, its first state as it is: who fills blanks well puts like sentences close",
                ),
                "encoder-needs-no-head",
            ),
        ),
    ),
    Step(
        "stone",
        Text(
            "残碑补字：碑文中间磨掉了一个字，前后都清楚，请给出最可能的三个字。",
            "A worn inscription: one character in the middle is gone, everything before and after is clear. Name the"
            " three likeliest.",
        ),
        (
            Option(
                "encoder",
                Text(
                    "编码器：这就是它训练时的题目，一次看两边，直接给出这个位置的分布",
                    "An encoder: that is what it was trained on; it looks at both sides at once and gives the odds for"
                    " this place",
                ),
            ),
            Option(
                "left",
                Text(
                    "解码器，读到缺口为止猜下一个字：下一个字和中间的字没有区别",
                    "A decoder that reads up to the gap and guesses the next: the next character and the one in the"
                    " middle are the same thing",
                ),
                "left-is-enough",
            ),
            Option(
                "state",
                Text(
                    "解码器，整段读完，在缺口处取它的分布：它已经把后半段也读进来了",
                    "A decoder that reads it all, its odds taken at the gap: the second half has been read as well",
                ),
                "causal-state-knows-the-right",
            ),
        ),
    ),
    Step(
        "translate",
        Text(
            "只做英译中，句子一次给齐，有几百万对译文，要在手机上跑：从头训练一个小模型。",
            "English to Chinese only, sentences come whole, there are millions of pairs, and it runs on a phone: a"
            " small model trained from nothing.",
        ),
        (
            Option(
                "both",
                Text(
                    "编码器加解码器：原文两边都看，译文从左写到右；只用解码器也能做（原文当前缀），只用编码器写不出来",
                    "Encoder and decoder: the source is read from both sides, the target is written from left to right;"
                    " a decoder alone can do it with the source as a prefix, an encoder alone cannot write",
                ),
            ),
            Option(
                "blanks",
                Text(
                    "只用编码器：原文后面接上一排 [MASK]，一次填成译文，各位置互不相干地取最可能的字",
                    "An encoder alone: a row of [MASK]s after the source, filled in one go, each with its own likeliest"
                    " character",
                ),
                "blanks-all-at-once",
            ),
            Option(
                "must",
                Text(
                    "只能是编码器加解码器：单独一个解码器读不到原文",
                    "Only encoder and decoder together: a decoder alone has no way to read the source",
                ),
                "decoder-cannot-read",
            ),
        ),
    ),
    Step(
        "code",
        Text(
            "编辑器里补代码：光标在函数中间，前后都有代码，要补上若干行。",
            "Completing code in an editor: the cursor stands in the middle of a function, code before and after it,"
            " and several lines are missing.",
        ),
        (
            Option(
                "decoder",
                Text(
                    "解码器，训练时把一部分文本改成“前文、后文、中间”的次序：后文成了看得见的前缀，中间照样一个个写出来",
                    "A decoder, part of whose training texts were put in the order before, after, middle: what comes"
                    " after is then a prefix that it sees, and the middle is written token by token",
                ),
            ),
            Option(
                "encoder",
                Text(
                    "编码器，放几十个 [MASK] 一次填上：要用到光标后面的代码，只有它行",
                    "An encoder with dozens of [MASK]s filled at once: nothing else can use the code after the cursor",
                ),
                "blanks-all-at-once",
            ),
            Option(
                "left",
                Text(
                    "解码器，只给光标前面的代码：后面的反正用不上",
                    "A decoder that gets the code before the cursor: what comes after is of no use anyway",
                ),
                "left-is-enough",
            ),
        ),
    ),
    Step(
        "comments",
        Text(
            "给一天两百万条评论判褒贬：十万条标注，两类固定不变，只有 CPU，每条几毫秒。",
            "Praise or blame for two million comments a day: 100,000 are labeled, the two classes stay, there are only"
            " CPUs and a few milliseconds each.",
        ),
        (
            Option(
                "encoder",
                Text(
                    "小编码器，接一层分类，用标注微调：两边都看，读一遍出结果；同样大小的解码器也做得了，但不占便宜",
                    "A small encoder with one layer on top, fine-tuned on the labels: both sides seen, one pass; a"
                    " decoder of that size would do as well, but has no advantage here",
                ),
            ),
            Option(
                "must",
                Text(
                    "小编码器，因为别无选择：解码器只会接话，给不出类别",
                    "A small encoder, since there is no choice: decoders go on talking and cannot give a class",
                ),
                "decoder-cannot-classify",
            ),
            Option(
                "large",
                Text(
                    "编码器，越大越好：大到一定程度，连原因也能一并写出来",
                    "An encoder, the larger the better: beyond some size it will write its reasons as well",
                ),
                "bigger-bert-can-chat",
            ),
        ),
    ),
)

exercise = Choice(steps=STEPS, mistakes=read_mistakes(__file__))
