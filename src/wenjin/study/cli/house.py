"""Commands of the house itself: start, doctor, where, config show, bench."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import say

if TYPE_CHECKING:
    from wenjin.study.chat.commands import Commands

START = Text(
    """例子：
    wenjin start                     打开课程；已经在运行就打开那一个
    wenjin start --port 9000         用这个端口
    wenjin start --data ~/second     另一份学习记录""",
    """Examples:
    wenjin start                     open the course, or the one that is running
    wenjin start --port 9000         at this port
    wenjin start --data ~/second     another record""",
)
BENCH = Text(
    """例子：
    wenjin bench                     列出量什么
    wenjin bench verdict --json      量判题""",
    """Examples:
    wenjin bench                     list what is measured
    wenjin bench verdict --json      measure verdicts""",
)
DATA_HELP = Text("数据目录（默认见 wenjin where）", "data folder (wenjin where says the usual one)")
TOKEN_HELP = Text("只打印脚本用的令牌", "print only the token that scripts send")
FULL_HELP = Text("重复的测量做足次数（kill：200 次）", "repeat in full what is repeated (kill: 200 times)")
JSON_HELP = Text("输出 JSON", "print JSON")


def register(app: typer.Typer, models: "Callable[[], Commands]") -> None:
    """`models`: how those of this machine are listed and served, asked when the course starts."""
    data = typer.Option("--data", help=say(DATA_HELP), show_default=False)
    as_json = typer.Option("--json", help=say(JSON_HELP))

    about = Text("启动课程，打印并打开它的地址", "Start the course, print and open its address")

    @app.command(help=say(about), epilog="\b\n" + say(START))
    def start(
        port: Annotated[
            int | None,
            typer.Option(
                min=0,
                max=65535,
                show_default=False,
                help=say(Text("端口（默认 8423 起第一个空闲的）", "port (the first free one from 8423 on)")),
            ),
        ] = None,
        host: Annotated[
            str, typer.Option(help=say(Text("本机的哪个地址", "which address of this machine")))
        ] = "127.0.0.1",
        no_browser: Annotated[
            bool, typer.Option("--no-browser", help=say(Text("不打开浏览器", "do not open the browser")))
        ] = False,
        data: Annotated[Path | None, data] = None,
    ) -> None:
        from wenjin.study.cli import starting

        starting.start(host, port, browser=not no_browser, data=data, models=models)

    @app.command(help=say(Text("检查这台机器，每个毛病都说怎么办", "Examine this machine; each fault with its remedy")))
    def doctor(data: Annotated[Path | None, data] = None, json: Annotated[bool, as_json] = False) -> None:
        from wenjin.study.cli.doctor import report

        raise typer.Exit(report(data, as_json=json))

    @app.command(
        help=say(Text("数据、练习、日志在哪里；要卸载该删什么", "Where things lie; what to delete to remove it"))
    )
    def where(
        data: Annotated[Path | None, data] = None,
        json: Annotated[bool, as_json] = False,
        token: Annotated[bool, typer.Option("--token", help=say(TOKEN_HELP))] = False,
    ) -> None:
        from wenjin.study.cli import settings

        if token:
            settings.token(data)
            return
        settings.where(data, as_json=json)

    config = typer.Typer(help=say(Text("设置", "Settings")), no_args_is_help=True)
    app.add_typer(config, name="config")

    @config.command(help=say(Text("每项设置的值和来历", "Each setting with its value and where it comes from")))
    def show(data: Annotated[Path | None, data] = None, json: Annotated[bool, as_json] = False) -> None:
        from wenjin.study.cli import settings

        settings.show(data, as_json=json)

    about = Text("量一个数字，连同对手（不写名字：列出）", "Measure a figure beside its peer (no name: list)")

    @app.command(help=say(about), epilog="\b\n" + say(BENCH))
    def bench(
        name: Annotated[
            str | None,
            typer.Argument(metavar="[NAME]", show_default=False, help=say(Text("量什么", "what to measure"))),
        ] = None,
        json: Annotated[bool, as_json] = False,
        full: Annotated[bool, typer.Option("--full", help=say(FULL_HELP))] = False,
    ) -> None:
        from wenjin.study.cli.bench import run_or_list

        raise typer.Exit(run_or_list(name, as_json=json, full=full))
