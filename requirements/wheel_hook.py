"""Builds the front-end assets when they are missing, so that no wheel goes out without its pages."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "src")
        if not (source / "wenjin/study/web/static/dist/manifest.json").is_file():
            environment = {**os.environ, "PYTHONPATH": str(source)}
            subprocess.run([sys.executable, "-m", "wenjin.study.web.build"], env=environment, check=True)
