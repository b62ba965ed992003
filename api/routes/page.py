"""The inspector: one page and the files it is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

router = APIRouter(tags=["system"])
_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# The page asks nobody but this service, and nobody may put it into a page of theirs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class _Assets:
    """The files of the page, and a digest of them all."""

    content: Mapping[str, bytes]
    digest: str


@router.get("/", summary="The inspector page", response_class=HTMLResponse)
def get_page(request: Request) -> Response:
    """One page to train, watch, look inside and compare; a client of this API and nothing more."""
    assets = _assets()
    tag = f'"{assets.digest}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    page = assets.content["index.html"].replace(b"{{assets}}", f"/page/{assets.digest}".encode())
    return HTMLResponse(page, headers=headers)


@router.get("/page/{digest}/{path:path}", include_in_schema=False)
def get_page_file(digest: str, path: str) -> Response:
    """A file of the page, under an address that changes with any of them and is therefore kept for ever."""
    assets = _assets()
    if digest != assets.digest or path not in assets.content:
        raise HTTPException(404)
    return Response(
        assets.content[path],
        media_type=_MEDIA_TYPES[PurePosixPath(path).suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
    )


@cache
def _assets() -> _Assets:
    content = dict(_read(files("api.page"), ""))
    digest = hashlib.sha256()
    for path in sorted(content):
        digest.update(f"{path} {len(content[path])} ".encode() + content[path])
    return _Assets(content, digest.hexdigest()[:16])


def _read(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _read(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in _MEDIA_TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
