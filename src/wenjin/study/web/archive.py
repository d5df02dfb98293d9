"""The learner's records as one file to take along, and the backups: what there is, and how each is put back."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from wenjin.study.store import archive, backups
from wenjin.study.store.daily import Daily
from wenjin.study.store.database import SCHEMA
from wenjin.study.web.site import Site


def router(site: Site, daily: Daily) -> APIRouter:
    routes = APIRouter()

    @routes.get("/archive")
    def page(request: Request) -> Response:
        found = [(backup, spelled(backup.size)) for backup in backups.backups(site.places)]
        return site.page(request, "archive.html", place="settings", backups=found, fault=daily.fault)

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
        size = os.fstat(file.fileno()).st_size

        def pieces() -> Iterator[bytes]:
            with file:
                while piece := file.read(archive.PIECE):
                    yield piece

        headers = {"content-disposition": 'attachment; filename="wenjin.zip"', "content-length": str(size)}
        return StreamingResponse(pieces(), media_type="application/zip", headers=headers)

    return routes


def spelled(size: int) -> str:
    return f"{max(1, round(size / 1024))} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
