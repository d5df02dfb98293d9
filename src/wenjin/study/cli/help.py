"""What `--help` says of the exercise commands, with examples. A line that begins with \\b is not set anew."""

from wenjin.kit.text import Text

EXERCISE = Text(
    "练习，如 self-attention/write-attention；名字唯一时可只写 write-attention。",
    "The exercise, as in self-attention/write-attention; write-attention alone where only one has that name.",
)
FILES = Text(
    "要判的文件，可以多个；- 是标准输入；不写就判工作目录里的那个文件。",
    "Files to judge; - is standard input; without any, the file in the workspace.",
)
DATA = Text("数据目录（也可用 WENJIN_DATA）。", "The data folder (or WENJIN_DATA).")
JSON = Text("每判一次一行 JSON，按次序。", "One JSON object a verdict, one line each, in order.")
SCRIPTS = Text("给脚本用的 JSON。", "JSON for scripts.")

CHECK = Text(
    """判一个或几个答案，说出错在哪里。

    全部通过时退出码为 0，否则为 1，用法有误为 2。

    \b
    wenjin check write-attention                  判工作目录里的文件
    wenjin check write-attention a.py b.py        判两个文件
    wenjin check write-attention - < a.py         从标准输入读
    wenjin check write-attention --json a.py      给脚本用
    """,
    """Judge one answer or several, and say which mistake it is.

    The exit code is 0 when all pass, 1 when not, 2 when the command was used wrongly.

    \b
    wenjin check write-attention                  the file in the workspace
    wenjin check write-attention a.py b.py        two files
    wenjin check write-attention - < a.py         from standard input
    wenjin check write-attention --json a.py      for scripts
    """,
)
WATCH = Text(
    """守着工作目录：一保存就判题。

    按键：h 下一条提示，n 下一题，l 列表，r 恢复起始文件，s 参考答案（打开之后），回车 再判一次，q 退出。

    \b
    wenjin watch                                  从第一道未通过的练习开始
    wenjin watch write-attention                  从这一道开始
    """,
    """Watch the workspace: each save gets its verdict.

    Keys: h next hint, n next exercise, l list, r reset the file, s reference answer (once open), Enter judge again,
    q quit.

    \b
    wenjin watch                                  begin with the first exercise not yet passed
    wenjin watch write-attention                  begin with this one
    """,
)
HINT = Text(
    """打开下一条提示。

    \b
    wenjin hint write-attention
    """,
    """Open the next hint.

    \b
    wenjin hint write-attention
    """,
)
RESET = Text(
    """把练习文件恢复为起始的样子；原来的内容留在工作目录的 .history 里。

    \b
    wenjin reset write-attention
    """,
    """Lay the exercise's file as it was at the start; what stood there is kept in .history of the workspace.

    \b
    wenjin reset write-attention
    """,
)
NEXT = Text(
    """显示下一步：下一道未通过的练习、为什么是它、还缺哪些先修，并备好它的文件。

    沿着正在走的路线；路线先用到、后面才讲的先修，就在用到之前补上。

    \b
    wenjin next
    wenjin next --json                            给脚本用
    """,
    """Show the next step: the next exercise not yet passed, why it, which prerequisites are missing; and lay its file.

    It follows the tracks that you have chosen; a prerequisite that a track meets too late comes just in time.

    \b
    wenjin next
    wenjin next --json                            for scripts
    """,
)
LIST = Text(
    """列出全部练习和各自的状态。

    \b
    wenjin list
    wenjin list --json                            给脚本用
    """,
    """List all exercises and where each stands.

    \b
    wenjin list
    wenjin list --json                            for scripts
    """,
)
SOLUTION = Text(
    """显示参考答案；通过之后、或看完最后一条提示之后才打开。

    \b
    wenjin solution write-attention
    """,
    """Show the reference answer; it opens once you pass, or after the last hint.

    \b
    wenjin solution write-attention
    """,
)
UNCONFINED = Text(
    "这台机器没有任何隔离（F 级）时，确认运行这一次", "where nothing confines answers (tier F): agree to this one run"
)
