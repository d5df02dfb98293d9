"""The files that dress the pages: scripts and fonts as the build made them, and one style sheet of ours.

Every address carries the hash of what it names, so a browser keeps it for good and an update is seen at once.
"""

from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from wenjin.study.web.build import manifest

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """`assets("app.js")` is the address of a built or own file; None when the build has not made it."""

    def __init__(self, folder: Path = STATIC) -> None:
        self.folder = folder
        self.built = manifest(folder / "dist")
        self.sheet = "\n".join(
            path.read_text(encoding="utf-8") for path in sorted((folder / "style").glob("*.css"))
        ).encode()
        own = [path for path in folder.iterdir() if path.is_file()]
        self.own = {path.name: f"/static/{path.name}?v={digest(path.read_bytes())}" for path in own}
        self.own["style.css"] = f"/static/style.css?v={digest(self.sheet)}"

    def __call__(self, name: str) -> str | None:
        if name in self.built:
            return f"/static/dist/{self.built[name]}"
        return self.own.get(name)

    def style(self) -> Response:
        return Response(self.sheet, media_type="text/css", headers={"cache-control": FOREVER})


class Files(StaticFiles):
    """Static files; those whose address carries a hash are kept by the browser."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        hashed = path.startswith("dist/") or b"v=" in scope["query_string"]
        response.headers["cache-control"] = FOREVER if hashed and response.status_code == 200 else "no-cache"
        return response


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:10]
