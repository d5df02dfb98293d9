"""What `wenjin/cli.py` hands in, since the school knows no machine: how models are listed and served, and what a poet
is asked. Also the list itself, as the command told it last."""

import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from wenjin.kit.text import visible
from wenjin.study.sandbox import launch
from wenjin.study.store.places import Places

Kind = Literal["chat", "poet", "text"]
KINDS: tuple[Kind, ...] = ("chat", "poet", "text")
PATIENCE = 30.0  # seconds for the list
LONGEST = 64  # characters of a model's name that are shown


@dataclass(frozen=True, slots=True)
class Commands:
    """
    listing  prints {"models": [{"name", "kind", "bytes", …}]} of a data folder, whose path is added as `--data PATH`
    serve    serves a model, added with `--data PATH --port 0 --until-eof`, with the key of WENJIN_API_KEY; when it is
             ready it prints a line of JSON, {"port", "model"}
    readable what a server may read beside the models: what it built earlier
    poem     what a poet reads before a poem, with {form} and {title}
    forms    what a learner chooses -> what the poet reads
    """

    listing: Sequence[str] = ()
    serve: Sequence[str] = ()
    readable: Sequence[Path] = ()
    poem: str = ""
    forms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """`kind`: chat has a template for conversations; a poet writes verse; text only goes on from what it reads. `path`:
    its files, where the name alone does not find them."""

    name: str
    kind: Kind
    bytes: int = 0
    path: str = ""


class Models:
    """The models of a data folder. The command is asked again when one was added or removed."""

    def __init__(self, commands: Commands, places: Places) -> None:
        self.commands, self.places = commands, places
        self._lock = threading.Lock()
        self._stamp: object = None
        self._found: tuple[Model, ...] = ()

    def folders(self) -> list[Path]:
        """Where models are: what a model server may read."""
        return [self.places.data / "models", self.places.data / "poet"]

    def all(self) -> tuple[Model, ...]:
        with self._lock:
            stamp = self._now()
            if stamp != self._stamp:
                self._found, self._stamp = self._ask() if stamp else (), stamp  # without a folder there is none
            return self._found

    def find(self, name: str) -> Model | None:
        return next((model for model in self.all() if model.name == name), None)

    def opens(self, name: str) -> str:
        """What the server is to open."""
        found = self.find(name)
        return found.path if found and found.path else name

    def _now(self) -> dict[str, int]:
        """Changes when a model is added or removed; empty where there is none."""
        looked = [*self.folders(), self.places.data / "poet" / "poets"]
        looked += [child for folder in looked if folder.is_dir() for child in folder.iterdir() if child.is_dir()]
        looked += [child / "model" for child in looked]
        return {str(path): path.stat().st_mtime_ns for path in looked if path.is_dir()}

    def _ask(self) -> tuple[Model, ...]:
        if not self.commands.listing:
            return ()
        argv = [*self.commands.listing, "--data", str(self.places.data)]
        done = launch.run_trusted(argv, cwd=Path("/"), environment=os.environ, timeout=PATIENCE)
        try:
            told = json.loads(done.output)
            rows = told["models"] if isinstance(told, dict) else told
            return tuple(model for row in rows if (model := read(row)))
        except (ValueError, KeyError, TypeError):
            return ()


def read(row: Mapping[str, Any]) -> Model | None:
    """A row of the list; None for one without a name."""
    name = row.get("name")
    if not isinstance(name, str) or not name or visible(name) != name:
        return None
    if row.get("state", "whole") != "whole":  # spoiled: `wenjin models list` says how
        return None
    kind = row.get("kind")
    path = row.get("path")
    return Model(
        name, kind if kind in KINDS else "text", int(row.get("bytes") or 0), path if isinstance(path, str) else ""
    )


Process = subprocess.Popen[bytes]
