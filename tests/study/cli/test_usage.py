"""What typer refuses is told in the language of the terminal, in one sentence that names the place."""

import os
import re
import subprocess
import sys

import pytest

REFUSED = (
    ("week check --theory 0", "--theory：不能小于 1。", "--theory: must not be less than 1."),
    ("week check --theory 11", "--theory：不能大于 10。", "--theory: must not be more than 10."),
    ("review --more x", "--more：要写整数。", "--more: must be a whole number."),
    ("note history", "缺了 TOPIC。", "TOPIC is missing."),
    ("ask x", "缺了 --at；它必须写明。", "--at is missing; it must be given."),
    ("note list --zzzz", "没有选项 --zzzz。", "There is no option --zzzz."),
    ("note list --dat", "没有选项 --dat；相近的有 --data。", "There is no option --dat; near it are --data."),
    ("note list --data", "--data 后面要有一个值。", "--data needs a value behind it."),
    ("note list --json=3", "--json 后面不跟值。", "--json takes no value."),
    ("note list a b c", "多写了 b c。", "b c is too much."),
    ("nonsense", "没有命令 nonsense。", "There is no command nonsense."),
    (
        "questions anser",
        "没有命令 anser；是不是 answer？",
        "There is no command anser; did you mean answer?",
    ),
)
PROGRAM = """
import io, json, sys
from contextlib import redirect_stderr
from wenjin import cli
for line in sys.argv[1:]:
    sys.argv = ["wenjin", *line.split()]
    with redirect_stderr(io.StringIO()) as told:
        try:
            cli.main()
        except SystemExit as end:
            print(json.dumps([end.code, told.getvalue()]))
"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_typer_refuses_is_a_sentence_in_the_language_of_the_terminal(language: str) -> None:
    import json

    environ = {**os.environ, "WENJIN_LANG": language, "COLUMNS": "100"}
    lines = [line for line, *_ in REFUSED]
    command = [sys.executable, "-P", "-c", PROGRAM, *lines]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=120)
    for (line, zh, en), row in zip(REFUSED, done.stdout.splitlines(), strict=True):
        code, told = json.loads(row)
        assert code == 2, line
        assert told.rstrip("\n").split("\n")[-1] == (zh if language == "zh" else en)
        if language == "zh":
            assert not re.search("Usage|Error|Try|Missing|Input|Invalid|OPTIONS|No such", told), told


def test_a_group_without_a_command_shows_its_help() -> None:
    environ = {**os.environ, "WENJIN_LANG": "zh"}
    done = subprocess.run(
        [sys.executable, "-m", "wenjin.cli", "note"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("用法：wenjin note [选项] 命令 [参数]...")
