"""Which methods a path has, all its routes together."""

from __future__ import annotations

from fastapi import Request
from starlette.routing import Match
from starlette.types import Scope

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed_methods(request: Request) -> str:
    """The value of `Allow` for the request's path."""
    routes = request.app.routes

    def answers(method: str) -> bool:
        scope: Scope = {"type": "http", "method": method, "path": request.url.path, "root_path": ""}
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

    found = [method for method in _METHODS if answers(method)]
    return ", ".join([*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"])
