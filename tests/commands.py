"""A command as it is typed, in this process."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from wenjin.cli import application


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def wenjin(data: Path, *words: str, tongue: str = "en", **environ: str) -> Done:
    """`wenjin WORDS` with one thread, on a data folder. Raises what the command did not foresee."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"WENJIN_DATA": str(data), "WENJIN_LANG": tongue, **environ}.items():
                patch.setenv(name, value)
            result = CliRunner().invoke(application(), list(words))
    finally:
        torch.set_num_threads(threads)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)
