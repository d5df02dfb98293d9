"""`wenjin poet data | tokenizer | pretrain | write | report`: the stages of a poet's life as commands.

Each can be stopped at any moment and run again: it goes on where it was. Progress goes to the error stream, results to
standard output. Nothing heavy is imported before a command runs.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from wenjin.poet.spoken import Say, clock

if TYPE_CHECKING:
    from wenjin.poet.places import Places
    from wenjin.stack.train.data_parallel import Group

Tongue = Literal["zh", "en"]
Spoken = Callable[[str, Mapping[str, Any]], str]  # what is wrong with a run, in words
Which = Literal["regular", "all"]
Form = Literal["5x4", "7x4", "5x8", "7x8", "ci", "other"]
STOPPED = 130  # the exit code of a command that was interrupted

ABOUT = (
    "一个会写古诗的小模型：从语料到成绩单，一步一个命令",
    "A small model that writes classical verse, a command a stage",
)
EXAMPLES = (
    """例子（在两个核上的大致用时）：
    wenjin poet data                              整理唐宋诗词：约一分钟
    wenjin poet tokenizer                         学分词器：约半分钟
    wenjin poet pretrain --minutes 15             训练；Ctrl-C 停下，再运行就接着训练
    wenjin poet write --title 月 --form 5x4       写一首五言绝句
    wenjin poet report                            成绩单，一页 HTML 和一份 Markdown：约两分钟""",
    """Examples (and about how long they take on two cores):
    wenjin poet data                              prepare Tang and Song verse: about a minute
    wenjin poet tokenizer                         learn the tokenizer: about half a minute
    wenjin poet pretrain --minutes 15             train; Ctrl-C stops it, running it again goes on
    wenjin poet write --title 月 --form 5x4       write a quatrain
    wenjin poet report                            the report card, HTML and Markdown: about two minutes""",
)


def register(app: typer.Typer, tongue: Callable[[], Tongue], spoken: Spoken) -> None:
    """Add the commands. `tongue`: the language of the terminal; `spoken`: says a cause of trouble in that language."""

    def say(zh: str, en: str) -> str:
        return zh if tongue() == "zh" else en

    poet = typer.Typer(help=say(*ABOUT), epilog="\b\n" + say(*EXAMPLES), no_args_is_help=True)
    app.add_typer(poet, name="poet")
    folder = typer.Option("--data", metavar="DIR", help=say("数据目录", "the data folder"), show_default=False)
    Data = Annotated[Path | None, folder]
    called = typer.Option("--name", metavar="NAME", help=say("诗人的名字", "the poet's name"))
    Name = Annotated[str, called]
    anew = typer.Option("--again", help=say("从头再做，不接着上次", "do it anew instead of going on"))
    Again = Annotated[bool, anew]

    @poet.command(help=say("整理语料：清洗、转简体、去重、划分", "Prepare the verse: clean, simplify, compare, divide"))
    def data(
        excerpt: Annotated[
            bool, typer.Option("--excerpt", help=say("只用随课程来的 320 首", "only the 320 poems that are shipped"))
        ] = False,
        again: Again = False,
        data: Data = None,
    ) -> None:
        with sentences(say):
            from wenjin.poet.data import prepare

            places = places_of(data)
            show(prepare(places.corpus, data=data, excerpt=excerpt, again=again), say)
            typer.echo(str(places.corpus))

    @poet.command(help=say("学一个分词器（字节级 BPE）", "Learn a tokenizer (byte-level BPE)"))
    def tokenizer(
        size: Annotated[int, typer.Option(help=say("最多几个词元", "how many tokens, at most"))] = 8192,
        again: Again = False,
        data: Data = None,
    ) -> None:
        with sentences(say):
            from wenjin.poet.tokenizer import learn

            places = places_of(data)
            show(learn(places, size=size, again=again), say)
            typer.echo(str(places.tokenizer))

    @poet.command(
        help=say(
            "训练。一个旋钮：--minutes 或 --depth，其余设置由它推出，逐条说明。\n\n"
            "\b\nwenjin poet pretrain --minutes 15\nwenjin poet pretrain                        接着训练\n"
            "wenjin poet pretrain --processes 2          两个进程分担每一批",
            "Train. One dial, --minutes or --depth; every other setting follows from it and is told.\n\n"
            "\b\nwenjin poet pretrain --minutes 15\nwenjin poet pretrain                        go on\n"
            "wenjin poet pretrain --processes 2          two processes share every batch",
        )
    )
    def pretrain(
        name: Name = "poet",
        minutes: Annotated[float | None, typer.Option(help=say("训练几分钟", "minutes to train"))] = None,
        depth: Annotated[int | None, typer.Option(help=say("模型几层", "layers of the model"))] = None,
        forms: Annotated[
            Which | None,
            typer.Option(
                help=say(
                    "读哪些诗：regular 只读绝句和律诗（默认），all 加上词和杂体",
                    "which verse it reads: regular forms alone (usual), or all, with lyrics and free forms",
                )
            ),
        ] = None,
        seed: Annotated[int, typer.Option(help=say("随机种子", "the seed"))] = 1,
        again: Again = False,
        force: Annotated[
            bool, typer.Option("--force", help=say("设置或代码变了也接着训练", "go on though settings or code changed"))
        ] = False,
        compiled: Annotated[
            bool, typer.Option("--compile/--no-compile", help=say("在后台编译训练步", "compile the step meanwhile"))
        ] = True,
        processes: Annotated[
            int,
            typer.Option(
                min=1,
                max=64,
                help=say(
                    "几个进程分担每一批；一个死了，全部从最近的检查点重来。也可用 torchrun 启动",
                    "how many share every batch; when one dies all start again from the last checkpoint. torchrun will "
                    "do as well",
                ),
            ),
        ] = 1,
        shard: Annotated[
            bool,
            typer.Option(
                "--shard",
                help=say("每个进程只存权重的一份（FSDP2）", "each process holds a part of the weights (FSDP2)"),
            ),
        ] = False,
        board: Annotated[
            Path | None, typer.Option("--board", metavar="DIR", help=say("另写 TensorBoard", "write TensorBoard, too"))
        ] = None,
        data: Data = None,
    ) -> None:
        flags = {"again": again, "force": force, "no-compile": not compiled, "shard": shard}
        given = {
            "name": name,
            "minutes": minutes,
            "depth": depth,
            "forms": forms,
            "seed": seed,
            "board": board,
            "data": data,
        }
        with sentences(say):
            if processes > 1:
                words = [
                    word for flag, value in given.items() if value is not None for word in (f"--{flag}", str(value))
                ]
                raise typer.Exit(together(processes, [*words, *(f"--{flag}" for flag, on in flags.items() if on)]))
        with worker(say) as group:
            from wenjin.poet import training

            places = places_of(data)
            state = training.train(
                places.home(name),
                places,
                say,
                spoken,
                board,
                group,
                minutes=minutes,
                depth=depth,
                forms=forms,
                seed=seed,
                again=again,
                force=force,
                compiled=compiled,
                shard=shard,
            )
            if state == "stopped":
                raise typer.Exit(STOPPED)

    @poet.command(
        help=say(
            "写诗，一个字一个字地出来。\n\n\b\nwenjin poet write --title 月 --form 5x4\n"
            "wenjin poet write --title 江南 --form 7x4 --temperature 0.7 --count 3",
            "Write verse, character by character.\n\n\b\nwenjin poet write --title 月 --form 5x4\n"
            "wenjin poet write --title 江南 --form 7x4 --temperature 0.7 --count 3",
        )
    )
    def write(
        title: Annotated[str, typer.Option(help=say("题目", "the title"))],
        form: Annotated[
            Form, typer.Option(help=say("每句字数 x 句数；ci 是词", "characters a line x lines; ci is lyrics"))
        ] = "5x4",
        name: Name = "poet",
        temperature: Annotated[float, typer.Option(help=say("温度，0 总取最可能的", "0 takes the likeliest"))] = 0.8,
        top_k: Annotated[int, typer.Option(help=say("只从最可能的几个里抽，0 不限", "0 keeps all"))] = 0,
        top_p: Annotated[float, typer.Option(help=say("只留概率之和达到它的", "1 keeps all"))] = 1.0,
        min_p: Annotated[float, typer.Option(help=say("不到最可能者的这个比例就去掉", "0 keeps all"))] = 0.0,
        penalty: Annotated[float, typer.Option(help=say("重复惩罚", "against repetition; 1 is none"))] = 1.0,
        seed: Annotated[int, typer.Option(help=say("随机种子", "the seed"))] = 0,
        count: Annotated[int, typer.Option(min=1, max=1000, help=say("几首", "how many"))] = 1,
        data: Data = None,
    ) -> None:
        with sentences(say):
            from wenjin.poet.write import Poet
            from wenjin.stack.infer.sampling import Sampler

            cuts = {"temperature": temperature, "top_p": top_p, "min_p": min_p, "penalty": penalty}
            samplers = [Sampler(**cuts, top_k=top_k, seed=seed + n) for n in range(count)]
            poet = Poet.load(places_of(data).home(name).model)
            for sampler in samplers:
                for piece in poet.write(title, form, sampler):
                    print(piece.replace("。", "。\n"), end="", flush=True)
                print(flush=True)

    @poet.command(
        help=say(
            "量它写的诗，写成绩单（card.html、card.md）。\n\n\b\nwenjin poet report",
            "Measure its verse and write the report card (card.html, card.md).\n\n\b\nwenjin poet report",
        )
    )
    def report(
        name: Name = "poet",
        poems: Annotated[int, typer.Option(min=1, max=20_000, help=say("量几首", "poems to measure"))] = 400,
        temperature: Annotated[float, typer.Option(help=say("温度", "temperature"))] = 0.8,
        seed: Annotated[int, typer.Option(help=say("随机种子", "the seed"))] = 0,
        data: Data = None,
    ) -> None:
        with sentences(say):
            from wenjin.poet import card
            from wenjin.poet import report as stage
            from wenjin.stack.data.verse import open_corpus
            from wenjin.stack.train.records import read

            places = places_of(data)
            home = places.home(name)
            steps = stage.judge(home, open_corpus(places.corpus), poems=poems, temperature=temperature, seed=seed)
            show(steps, say)
            facts = stage.read(home)
            curve = read(home.records).records if home.records.is_file() else []
            for file, made in (("card.html", card.html), ("card.md", card.markdown)):
                (home.folder / file).write_text(made(facts, curve, tongue()), encoding="utf-8")
                typer.echo(str(home.folder / file))


def together(processes: int, words: list[str]) -> int:
    """`wenjin poet pretrain` with these words in so many processes; returns the exit code. Raises TrainError."""
    from wenjin.stack.train.elastic import Stopped, launch

    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    try:
        return launch(["-P", "-m", "wenjin.cli", "poet", "pretrain", *words], workers=processes)
    except Stopped as stopped:
        return 128 + stopped.number


@contextmanager
def worker(say: Say) -> Iterator["Group"]:
    """This process among those that train together: alone, unless torchrun or `together` started it. The first one
    speaks for all. To be stopped or refused is meant, and ends all; only a death has them started again."""
    from wenjin.stack.train.data_parallel import CPU, Group
    from wenjin.stack.train.elastic import farewell
    from wenjin.stack.train.errors import GoneError

    meant = True
    try:
        with sentences(say, heard=os.environ.get("RANK", "0") == "0"):
            group = Group.join(device=CPU)
            try:
                yield group
            except GoneError:
                meant = False
                raise
            finally:
                group.leave()
    except typer.Exit as ended:
        raise typer.Exit(farewell(ended.exit_code, meant=meant)) from None


def places_of(data: Path | None) -> "Places":
    from wenjin.poet.places import Places

    return Places(data)


def show(steps: Iterator[Any], say: Say) -> None:
    """A bar with the time left on the error stream; a line for each new thing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    out = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}", markup=False))
    last = ""
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        for step in steps:
            what = say(step.zh, step.en)
            left = "" if step.left is None or step.done >= 1 else say("，还要 {}", ", {} left").format(clock(step.left))
            bar.update(task, completed=step.done, description=what + left)
            if not out.is_terminal and what != last:
                out.print(f"{step.done:4.0%} {what}")
            last = what
    if out.is_terminal:
        out.print(f"✓ {last}")


@contextmanager
def sentences(say: Say, *, heard: bool = True) -> Iterator[None]:
    """What is refused is a sentence: exceptions of the library carry it in both languages. Said where it is heard."""
    try:
        yield
    except KeyboardInterrupt:
        fail(say("停下了；再运行一次会接着做。", "Stopped; run it again to go on.") if heard else "", STOPPED)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        fail(f"{error.filename or ''}: {error.strerror or error}" if heard else "")
    except Exception as error:
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if not (isinstance(zh, str) and isinstance(en, str)):
            raise
        fail(say(zh, en) if heard else "")


def fail(text: str, code: int = 1) -> NoReturn:
    if text:
        print("".join(c for c in text if c.isprintable() or c == "\n"), file=sys.stderr)
    raise typer.Exit(code)
