"""Every setting of the course, with its origin; and where things lie."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wenjin.kit.text import Text
from wenjin.study.cli.terminal import clean, language, say
from wenjin.study.store.places import Places, places

ROOT = Path(__file__).resolve().parents[4]  # the checkout, where there is one


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable of ours, the option that wins over it, and what it is for."""

    variable: str
    option: str | None
    about: Text


SETTINGS = (
    Setting(
        "WENJIN_DATA",
        "--data",
        Text("数据目录：学习记录、备份、日志、模型", "data folder: the record, backups, the log, models"),
    ),
    Setting("WENJIN_WORKSPACE", None, Text("练习目录：你的答案文件", "workspace: your answers as files")),
    Setting("WENJIN_DATABASE_URL", None, Text("学习记录的数据库地址", "address of the database of the record")),
    Setting("WENJIN_API_KEY", "--key", Text("模型服务的密钥", "the key of the model server")),
    Setting("WENJIN_LANG", None, Text("终端的语言：zh 或 en", "language of the terminal: zh or en")),
    Setting("WENJIN_PYTHON", None, Text("用哪个 Python 建环境", "the Python that makes the environment")),
    Setting("WENJIN_TORCH_INDEX", "--torch-index", Text("取 torch 的索引", "the index that torch is taken from")),
    Setting("WENJIN_CHROMIUM", None, Text("浏览器测试用的 Chromium", "the Chromium of the browser tests")),
    Setting("WENJIN_TEST_DEPTH", "--full", Text("测试的深度：full 为全部", "depth of the tests: full for all")),
    Setting("WENJIN_SNAPSHOTS", None, Text("write：快照测试记下所见", "write: snapshot tests keep what they see")),
    Setting("WENJIN_PICTURES", None, Text("浏览器测试的截图放哪里", "where the browser tests leave pictures")),
)
SECRET = {"WENJIN_API_KEY"}  # told of, never shown
USUAL = Text("默认", "default")
REMOVE = Text(
    "要卸载：删掉下面三个目录。只想重来：删数据目录；你的答案在练习目录里。",
    "To remove the course delete these three folders. To begin anew delete the data folder; your answers are in the "
    "workspace.",
)
MODELS = Text(
    "只想腾地方：模型占得最多（{held}）。删一个：wenjin models remove 名字；它们都在 {folder}。",
    "To make room only: models take the most ({held}). Delete one: wenjin models remove NAME; they are in {folder}.",
)
UNSET = Text("未设", "not set")
NAMES = {
    "data": Text("数据目录", "data"),
    "workspace": Text("练习目录", "workspace"),
    "models": Text("模型", "models"),
    "course": Text("课程", "course"),
    "log": Text("日志", "log"),
    "backups": Text("备份", "backups"),
}


def token(data: Path | None) -> None:
    """Prints the token with which the learner's own scripts speak to the course."""
    from wenjin.study.web.security import api_token, make_secret

    here = places(data)
    here.data.mkdir(parents=True, exist_ok=True)
    print(api_token(make_secret(here.secret)))


def where(data: Path | None, *, as_json: bool) -> None:
    """Prints the places, and what to delete to remove the course."""
    from wenjin.study.cli import held

    here = places(data)
    rows = lying(here)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    from rich.cells import set_cell_size  # a Chinese letter is two columns wide

    for name, path in rows.items():
        there = "" if Path(path).exists() else say(Text("（还没有）", " (not there yet)"))
        print(clean(f"{set_cell_size(say(NAMES[name]), 10)}  {path}{there}"))
    print(f"\n{say(REMOVE)}\n  {rows['data']}\n  {rows['workspace']}\n  {rows['course']}")
    if found := held.models(here):
        print("\n" + clean(say(MODELS.format(held=held.told(found), folder=rows["models"]))))


def lying(here: Places) -> dict[str, str]:
    """Name -> path of everything that is the learner's or ours."""
    course = ROOT if (ROOT / "bootstrap.py").is_file() else Path(__file__).resolve().parents[2]
    found = {"data": here.data, "workspace": here.workspace, "models": here.data / "models", "course": course}
    found |= {"log": here.log, "backups": here.backups}
    return {name: str(path) for name, path in found.items()}


def show(data: Path | None, *, as_json: bool) -> None:
    rows = origins(data, os.environ)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print(clean(f"{row['setting']}\n    {row['value']}    ({row['origin']})    {row['about']}"))


def origins(data: Path | None, environ: Mapping[str, str]) -> list[dict[str, str]]:
    """Each setting with its value and where the value comes from. A password in an address is not shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    here = places(data, environ=environ)
    try:
        database = make_url(here.database_url).render_as_string(hide_password=True)
    except ArgumentError:
        database = here.database_url.split("@")[-1]
    known = {
        "WENJIN_DATA": str(here.data),
        "WENJIN_WORKSPACE": str(here.workspace),
        "WENJIN_DATABASE_URL": database,
        "WENJIN_LANG": language(environ),
    }
    rows = []
    for setting in SETTINGS:
        given = environ.get(setting.variable)
        origin = setting.variable if given else say(USUAL)
        if setting.option == "--data" and data is not None:
            origin = setting.option
        value = known.get(setting.variable) or given or say(UNSET)
        if given and setting.variable in SECRET:
            value = "•" * 8
        rows.append({"setting": setting.variable, "value": value, "origin": origin, "about": say(setting.about)})
    return rows
