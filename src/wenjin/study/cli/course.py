"""Commands for authors: `wenjin course check | new | preview | record`. Tracks have their own in tracks.py."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenjin.kit.text import Text
from wenjin.study.cli import tracks
from wenjin.study.cli.terminal import clean, language, say, sentences

if TYPE_CHECKING:
    from wenjin.study.course.faults import Fault
    from wenjin.study.course.graph import Course

ALL = Text("主题；不写就是全部写好的主题", "Topics; all that are written when none is named")
SHARE = Text("证明多少比例的错误组合；全部是 1", "Share of the pairs of mistakes to prove; 1 is all of them")
LAB = Text("只记录这个实验；none 是一个也不记", "Record this lab only; none records no lab")
BLOCKS = Text("运行 {run} 代码块", "Run the {run} blocks")
DATA = Text("数据目录（默认见 wenjin where）", "data folder (wenjin where says the usual one)")
PAIRS = 0.02  # keeps the check of one topic below half a minute; the tests in full depth prove every pair
Topics = Annotated[list[str] | None, typer.Argument(help=say(ALL))]
Root = Annotated[Path | None, typer.Option("--root", help=say(tracks.ROOT))]


def register(app: typer.Typer) -> None:
    """Add the commands `course …` and `track …`."""
    help = Text("给作者：检查、新建、记录、预览主题", "For authors: check, lay, record and preview topics")
    course = typer.Typer(no_args_is_help=True, help=say(help))
    for command, about in COMMANDS.items():
        course.command(command.__name__, help=say(about))(command)
    app.add_typer(course, name="course")
    tracks.register(app)


def check(
    topics: Topics = None,
    pairs: Annotated[float, typer.Option(help=say(SHARE))] = PAIRS,
    root: Root = None,
) -> None:
    from datetime import date

    from wenjin.study.author.check import Tools
    from wenjin.study.author.check import check as check_course
    from wenjin.study.course import syllabus
    from wenjin.study.course.listing import Listings
    from wenjin.study.course.load import CURRICULUM, load
    from wenjin.study.course.maths import Maths
    from wenjin.study.judge.client import local_judge

    folder = (root or CURRICULUM).resolve()
    maths = Maths(None)
    with sentences(), local_judge(folder) as judge:
        judge.warm()  # while the files are read
        tools = Tools(maths, Listings(), judge.prove, lambda text: typer.echo(f"· {say(text)}", err=True), date.today())
        try:
            faults = check_course(folder, tools, topics or (), pairs)
        finally:
            maths.close()
    tell(faults)
    if faults:
        raise typer.Exit(1)
    typer.echo("\n".join(syllabus.counts(load(folder))))
    typer.echo(say(Text("没有发现问题。", "Nothing is wrong.")))


def new(topic: str, root: Root = None) -> None:
    from wenjin.study.author.new import NewError
    from wenjin.study.author.new import new as lay
    from wenjin.study.course.load import load

    with sentences():
        try:
            folder = lay(load(root), topic)
        except NewError as error:
            tell([error.fault])
            raise typer.Exit(1) from None
    typer.echo(folder)
    typer.echo(say(Text(f"接下来：wenjin course check {topic}", f"Next: wenjin course check {topic}")))


def record(
    topics: Topics = None,
    labs: Annotated[list[str] | None, typer.Option("--lab", help=say(LAB))] = None,
    blocks: Annotated[bool, typer.Option(help=say(BLOCKS))] = True,
    data: Annotated[Path | None, typer.Option("--data", help=say(DATA))] = None,
    root: Root = None,
) -> None:
    from wenjin.study.author.labs import record as record_labs
    from wenjin.study.author.record import record as record_topic
    from wenjin.study.course.faults import Faults
    from wenjin.study.course.load import CURRICULUM, load
    from wenjin.study.store.places import places

    with sentences():
        course = load(root)
    faults = Faults(root or CURRICULUM)
    for name in topics or [topic.id for topic in course.topics.values() if topic.written]:
        if name not in course.topics or course.topics[name].folder is None:
            what = Text("没有这个写好的主题。", "There is no such written topic.")
            faults.add(name, what, Text("用 wenjin course new 建一个。", "Lay it with wenjin course new."))
            continue
        changed: list[str] = []
        if blocks:
            typer.echo(say(Text(f"· {name}：运行代码", f"· {name}: running its code")), err=True)
            changed += record_topic(course.topics[name], faults)
        if labs != ["none"]:
            folder = (root or CURRICULUM).resolve()
            changed += record_labs(course.topics[name], folder, places(data).data, tuple(labs or ()), tell_step, faults)
        shown = ", ".join(changed) or say(Text("没有变化", "nothing changed"))
        typer.echo(f"{name}: {shown}")
    tell(faults.found)
    if faults.found:
        raise typer.Exit(1)


def preview(
    port: Annotated[int | None, typer.Option(help=say(Text("端口", "The port")))] = None,
    browser: Annotated[bool, typer.Option(help=say(Text("打开浏览器", "Open the page")))] = True,
    root: Root = None,
) -> None:
    import tempfile
    import threading
    import webbrowser

    from wenjin.study.author.preview import Preview
    from wenjin.study.course.load import CURRICULUM, load
    from wenjin.study.judge.client import local_judge
    from wenjin.study.store.owner import open_log
    from wenjin.study.store.places import places
    from wenjin.study.web import serve
    from wenjin.study.web.app import create_app
    from wenjin.study.web.security import make_secret

    folder = (root or CURRICULUM).resolve()
    # A data folder of its own: what an author tries out is not part of anybody's record.
    with tempfile.TemporaryDirectory(prefix="wenjin-preview-") as data, sentences(), local_judge(folder) as judge:
        here = places(data=Path(data))
        course = load(folder)
        log = open_log(here, role="server")
        secret = make_secret(here.secret)

        def make(course: "Course") -> Any:
            return create_app(course, log, judge, here, secret=secret)

        def remake(course: "Course") -> Any:
            app = make(course)
            app.state.site.warm()
            return app

        def told(faults: "tuple[Fault, ...]") -> None:
            tell(faults)
            if not faults:
                typer.echo(say(Text("· 已更新", "· up to date")), err=True)

        stop = threading.Event()
        shown: Any = Preview(make(course), folder, remake, told)
        try:
            listener = serve.listen(port=port)
        except serve.ServeError as error:
            log.close()
            typer.echo(say(error.text), err=True)
            raise typer.Exit(1) from None
        url = serve.start_url(listener, secret)
        typer.echo(url)
        if browser:
            webbrowser.open(url)
        following = shown.follow(stop)
        try:
            serve.serve(shown, listener)
        finally:
            stop.set()
            following.join(5)
            log.close()


def tell_step(text: Text) -> None:
    typer.echo(f"· {say(text)}", err=True)


def tell(faults: "Iterable[Fault]") -> None:
    """Faults on the error stream: where, what, the remedy."""
    tongue = language()
    for fault in faults:
        typer.echo(clean(f"✗ {fault.where}\n  {fault.what[tongue]}\n  → {fault.remedy[tongue]}"), err=True)


COMMANDS: dict[Callable[..., None], Text] = {
    check: Text("检查课程：哪里、什么不对、怎么改", "Refuse what is wrong with the course: what, where and the remedy"),
    new: Text(
        "为大纲里的主题建文件夹，事实随之搬过去",
        "Lay the folder of a planned topic; its facts move out of the syllabus",
    ),
    record: Text(
        "运行 {run} 代码块和实验（五个种子），连同散列存下结果",
        "Run the {run} blocks, and the labs with five seeds, and keep what they say, with hashes",
    ),
    preview: Text("预览课程，保存即刷新", "Serve the course and follow every save"),
}
