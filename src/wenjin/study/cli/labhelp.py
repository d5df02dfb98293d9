"""What `--help` says of the lab commands, with examples. A line that begins with \\b is not set anew."""

from wenjin.kit.text import Text

LAB = Text(
    "实验，如 self-attention/scale-or-saturate；名字唯一时可只写后一半。",
    "The lab, as in self-attention/scale-or-saturate; the second half alone where only one has that name.",
)
RUN = Text(
    "运行的编号，写前几位就够；last 是最近的一次。", "The run's number, the first digits suffice; last is the newest."
)
PREDICT = Text(
    "预测的选项；不写就在终端上问，可跳过。", "The predicted answer; without it the terminal asks, and Enter skips."
)
FORCE = Text("代码改过也继续；记录里会写明。", "Go on even where the code has changed; the record will say so.")
TEXT = Text("你自己的话。", "Your own words.")
FILE = Text("损失的记录：CSV、JSON 行，或每行一个数。", "A record of losses: CSV, lines of JSON, or a number a line.")
CLASSES = Text(
    "有几类（词表大小）；给出时也看第一步的损失。",
    "How many classes (the vocabulary); then the first loss is looked at, too.",
)
DATA = Text("数据目录（也可用 WENJIN_DATA）。", "The data folder (or WENJIN_DATA).")
JSON = Text("输出一个 JSON 对象。", "Print one JSON object.")

LABS = Text("实验：参数、预测、运行、判断", "Labs: arguments, prediction, run, verdict")
RUNS = Text(
    "实验本：每次运行的参数、曲线、判断和评语", "The lab book: arguments, curve, verdict and remark of every run"
)
LAB_LIST = Text("列出实验和它们的参数", "List the labs with their parameters")
LAB_RUN = Text(
    """运行一个实验，结果记进实验本。

    参数写成 --名字 值，有哪些见 wenjin lab list。Ctrl-C 停下并保存状态。完成时退出码为 0，出错为 1，用法有误为 2。

    \b
    wenjin lab run scale-or-saturate                    用默认参数
    wenjin lab run scale-or-saturate --seed 1 --json    换一个种子，给脚本用
    """,
    """Run a lab; its result goes into the lab book.

    Parameters are written --name value; wenjin lab list shows them. Ctrl-C stops it and keeps its state. The exit code
    is 0 when it is whole, 1 when it failed, 2 when the command was used wrongly.

    \b
    wenjin lab run scale-or-saturate                    with its defaults
    wenjin lab run scale-or-saturate --seed 1 --json    another seed, for scripts
    """,
)
RUNS_LIST = Text(
    """列出所有运行，最近的在前。

    \b
    wenjin runs list
    """,
    """List all runs, the newest first.

    \b
    wenjin runs list
    """,
)
RUNS_SHOW = Text(
    """一次运行的全部。

    \b
    wenjin runs show last
    """,
    """All of one run.

    \b
    wenjin runs show last
    """,
)
RUNS_COMPARE = Text(
    """并排看同一个实验的两次运行。

    \b
    wenjin runs compare 3f2a last
    """,
    """Two runs of one lab side by side.

    \b
    wenjin runs compare 3f2a last
    """,
)
RUNS_REMARK = Text(
    """给一次运行写评语；新的换掉旧的。

    \b
    wenjin runs remark last "不缩放时梯度消失得更早"
    """,
    """Write a remark on a run; it replaces the earlier one.

    \b
    wenjin runs remark last "without scaling the gradient fades earlier"
    """,
)
RUNS_STOP = Text(
    """停下一次运行，状态保存着；在排队的就退出队列。

    \b
    wenjin runs stop last
    """,
    """Stop a run; its state is kept. One that waits leaves the queue.

    \b
    wenjin runs stop last
    """,
)
RUNS_RESUME = Text(
    """让停下或出错的运行从保存的状态继续。

    \b
    wenjin runs resume last
    """,
    """Let a run that was stopped, or that failed, go on from its kept state.

    \b
    wenjin runs resume last
    """,
)
RUNS_DOCTOR = Text(
    """看一次训练的记录有没有毛病：哪里不对，多半为什么，可以怎么办。

    记录可以来自任何训练：带 loss 和 val_loss 的 CSV 或 JSON 行、每行一个数、transformers 的 trainer_state.json、
    TensorBoard 的事件文件、nanoGPT 那样打印出来的文本，或放着它们的文件夹。没有毛病时退出码为 0，有则为 1。

    \b
    wenjin runs doctor losses.csv --classes 50257
    wenjin runs doctor out.txt
    """,
    """Examine the log of a training run: what is wrong with it, the likely reason, what to try.

    It may come from any training: loss and val_loss in CSV or lines of JSON, a number a line, trainer_state.json of
    transformers, TensorBoard's event files, text as nanoGPT prints it, or a folder that holds one of these. The exit
    code is 0 when nothing is found, else 1.

    \b
    wenjin runs doctor losses.csv --classes 50257
    wenjin runs doctor out.txt
    """,
)
