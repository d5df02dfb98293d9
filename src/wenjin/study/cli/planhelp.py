"""What `--help` says of plan, map, resources and career, with examples. A line that begins with \\b is not set anew."""

from wenjin.kit.text import Text

PLAN = Text(
    """按每周的小时数，把路线排进日历；错过了几天，就从今天重排。

    工作日学理论，周末做项目。--weekend 是整个周末的小时数。

    \b
    wenjin plan                                       正在走的路线
    wenjin plan thirty-weeks --weekday 2.5 --weekend 5
    wenjin plan qmatter --weekday 1 --weekend 3 --keep    以后都按这个时间
    wenjin plan qmatter --from-today                  不追了，从今天起算
    wenjin plan seven-stages --share 25               每天四分之一给它，和别的路线同时走
    """,
    """Lay a track over the calendar from the hours that you have; after missed days it is laid anew from today.

    Theory on weekdays, projects at the weekend. --weekend is for the whole weekend.

    \b
    wenjin plan                                       what you follow
    wenjin plan thirty-weeks --weekday 2.5 --weekend 5
    wenjin plan qmatter --weekday 1 --weekend 3 --keep    and keep to these hours
    wenjin plan qmatter --from-today                  stop chasing, count from today
    wenjin plan seven-stages --share 25               a quarter of each day for it, beside the others
    """,
)
MAP = Text(
    """全部主题按阶段列出，每个一次；选一条路线，就标出它的主题。

    \b
    wenjin map
    wenjin map --track qmatter
    wenjin map --json
    """,
    """All topics by stage, each once; with a track, its topics are marked.

    \b
    wenjin map
    wenjin map --track qmatter
    wenjin map --json
    """,
)
RESOURCES = Text(
    """推荐的书、课程、论文、网站：为什么、什么时候看。一样都不是必需的。

    \b
    wenjin resources
    wenjin resources --topic self-attention
    """,
    """Books, courses, papers and sites: why, and when in the course. None is required.

    \b
    wenjin resources
    wenjin resources --topic self-attention
    """,
)
CAREER = Text(
    """一个职业要会什么、拿什么证明、你还差多少；不写名字就列出全部。

    \b
    wenjin career
    wenjin career ai-engineer
    """,
    """What a role needs, what shows it, and how far you are from it; without a name, all roles.

    \b
    wenjin career
    wenjin career ai-engineer
    """,
)
TRACK = Text("路线；不写就是正在走的", "a track; without one, what you follow")
WEEKDAY = Text("每个工作日的小时数", "hours on each weekday")
WEEKEND = Text("整个周末的小时数", "hours on a whole weekend")
SHARE = Text("每天时间的百分之几给这条路线；0 就是排队", "percent of each day for this track; with 0 it waits its turn")
KEEP = Text("以后都按这个时间", "keep to these hours from now on")
FROM_TODAY = Text("从今天起重新算迟早", "count from today whether you are late")
MAP_TRACK = Text("标出这条路线的主题", "mark the topics of this track")
TOPIC = Text("只看这个主题的", "only those for this topic")
ROLE = Text("职业，如 ai-engineer", "a role, such as ai-engineer")
PATH = Text("其中一条路径", "a path through it")
