"""Middleware around the whole of the application.

What nobody expected is answered outside of the middlewares that are added to an application; these see that, too.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp


def wrap(app: FastAPI, outer: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put the application, with what is around it already, into another one."""
    build = app.build_middleware_stack

    def build_wrapped() -> ASGIApp:
        return outer(build())

    app.build_middleware_stack = build_wrapped  # type: ignore[method-assign]
