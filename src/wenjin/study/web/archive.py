"""The learner's records as one file: taken along, brought back, shown before it is taken in; and the backups.

Omits   how it is done (moving.py), how a file comes (upload.py)
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wenjin.study.store import archive, backups
from wenjin.study.store.backups import Backup
from wenjin.study.store.daily import Daily
from wenjin.study.store.database import SCHEMA
from wenjin.study.store.log import StoreError
from wenjin.study.web import results, upload
from wenjin.study.web.moving import Move, Moves
from wenjin.study.web.site import Site

KINDS = ("attempt", "review", "note", "question", "run", "chat")  # told one by one; the rest as one number
SHOWN = 20  # files that are named; the rest are counted


def router(site: Site, moves: Moves, daily: Daily) -> APIRouter:
    routes = APIRouter()

    def find(name: str) -> Backup:
        found = next((one for one in backups.backups(site.places) if one.name == name), None)
        if found is None:
            raise HTTPException(404)
        return found

    def begun(request: Request, begin: Callable[[], Move]) -> Response:
        try:
            begin()
        except StoreError as error:
            return site.refuse(request, 409, "bad", error.text)
        return RedirectResponse("/archive/work", 303)

    @routes.get("/archive")
    def page(request: Request) -> Response:
        rows = [(one, spelled(one.size), _held(one, one.size)) for one in backups.backups(site.places)]
        going = moves.now if moves.now and moves.now.state not in ("done", "refused", "failed") else None
        return site.page(
            request, "archive.html", place="settings", backups=rows, fault=daily.fault, going=going, most=most()
        )

    @routes.get("/archive/wenjin.zip")
    def download(request: Request) -> Response:
        """Written to the disk first, so that it is whole or refused with a sentence, then sent piece by piece."""
        descriptor, name = tempfile.mkstemp(dir=site.places.data, prefix=".archive-", suffix=".zip")
        os.close(descriptor)
        path = Path(name)
        try:
            archive.write(path, site.log, site.places, schema=SCHEMA)
            file = path.open("rb")
        finally:
            with suppress(OSError):  # an open file stays readable without its name
                path.unlink()
        return sent(file, "wenjin.zip")

    @routes.post("/archive/import")
    async def come(request: Request) -> Response:
        """The file of the form. The guard has seen to it that our own page sends it."""
        folder = moves.folder()
        try:
            file = await upload.receive(request, folder)
            await run_in_threadpool(moves.arrived, file)
        except StoreError as error:
            shutil.rmtree(folder, ignore_errors=True)
            try:
                moves.refuse("", error.text)
            except StoreError as busy:
                return site.refuse(request, 409, "bad", busy.text)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return RedirectResponse("/archive/work", 303)

    @routes.get("/archive/work")
    def work(request: Request) -> Response:
        move = replace(moves.now) if moves.now else None  # as it is now: the work goes on meanwhile
        left = move.left if move and move.going else None
        holds = move.holds if move else None
        named = {kind: holds.kinds.get(kind, 0) for kind in KINDS} if holds else {}
        return site.page(
            request,
            "archive_work.html",
            place="settings",
            move=move,
            left="" if left is None else results.duration(left, site.speaks(request)),
            kinds={kind: n for kind, n in named.items() if n},
            rest=holds.events - sum(named.values()) if holds else 0,
            shown=SHOWN,
        )

    @routes.post("/archive/work/take")
    def take(request: Request, id: Annotated[str, Form()]) -> Response:
        return begun(request, lambda: moves.take(id))

    @routes.post("/archive/work/drop")
    def drop(request: Request, id: Annotated[str, Form()]) -> Response:
        moves.drop(id)
        return RedirectResponse("/archive", 303)

    @routes.post("/archive/backups")
    def make(request: Request) -> Response:
        return begun(request, moves.make)

    @routes.get("/archive/backups/{backup}")
    def look(request: Request, backup: str) -> Response:
        """What a backup holds; it is read to its end and compared with its digests before it is offered."""
        found = find(backup)
        fault, last, counts = None, None, [0, 0, 0]
        try:
            with backups.source(found, site.places) as (events, drafts, opened):
                for event in events:
                    counts[0] += 1
                    last = max(last or event.at, event.at)
                counts[1], counts[2] = sum(1 for _ in drafts), len(opened.files) if opened else 0
        except StoreError as error:
            fault = error.text
        return site.page(
            request,
            "backup.html",
            place="settings",
            backup=found,
            size=spelled(found.size),
            counts=counts,
            last=last,
            fault=fault,
        )

    @routes.get("/archive/backups/{backup}/file")
    def fetch(request: Request, backup: str) -> Response:
        found = find(backup)
        try:
            return sent(found.path.open("rb"), found.path.name)
        except OSError as error:
            raise HTTPException(404) from error

    @routes.post("/archive/backups/{backup}/restore")
    def restore(request: Request, backup: str) -> Response:
        found = find(backup)
        return begun(request, lambda: moves.restore(found))

    return routes


def sent(file: IO[bytes], name: str) -> Response:
    """An open file, piece by piece, as a download."""
    size = os.fstat(file.fileno()).st_size

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(archive.PIECE):
                yield piece

    headers = {"content-disposition": f'attachment; filename="{name}"', "content-length": str(size)}
    kind = "application/zip" if name.endswith(".zip") else "application/octet-stream"
    return StreamingResponse(pieces(), media_type=kind, headers=headers)


def most() -> str:
    """What the page takes."""
    return f"{upload.LONGEST >> 30} GiB"


def spelled(size: int) -> str:
    return f"{max(1, round(size / 1024))} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"


@lru_cache(200)
def _held(backup: Backup, size: int) -> tuple[int, int, int] | None:
    """A backup is never written again: what it holds is read once."""
    return backups.held(backup)
