"""Pages of other origins, where a setting lets them read."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.around import wrap

_METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")
_REQUEST_HEADERS = (
    "Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "X-Request-Id",
)  # fmt: skip
# What a script is told beside Cache-Control, Content-Length and Content-Type, which it always is.
_RESPONSE_HEADERS = (
    "Allow", "Content-Disposition", "ETag", "Last-Modified", "Link", "Location", "Retry-After", "X-Request-Id",
)  # fmt: skip
_PREFLIGHT_SECONDS = 600


def allow(app: FastAPI, origins: Sequence[str]) -> None:
    """Let the pages of these origins read every answer, also the errors.

    Around the whole of the application: a page should be able to read the answer to what nobody expected, too.
    `Vary: Origin` is on every answer, so that a picture cached for an `<img>`, which sends no Origin, is not given to a
    script, which needs the headers that are then missing from it.
    """
    wrap(
        app,
        lambda inner: CORSMiddleware(
            inner,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        ),
    )
