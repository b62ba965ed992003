"""The OpenAPI document, from which clients are generated without edits."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response

from api.attribution_query import parameters_in_openapi


def complete(app: FastAPI) -> None:
    """Serve the document at /openapi.json, made of FastAPI's own.

    It is made when it is first asked for, as the API's start is not to wait for it, and on another thread than the one
    that answers everybody else.
    """
    generate = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        return _completed(generate())

    @cache
    def content() -> bytes:
        return json.dumps(openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    def serve(_: Request) -> Response:
        return Response(content(), media_type="application/json")

    app.openapi = openapi  # type: ignore[method-assign]
    app.add_route("/openapi.json", serve, include_in_schema=False)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    # Not at the start: most processes are never asked.
    from api.document import contents, illustrate, names, problems, security

    for path, methods in document["paths"].items():
        if "/attributions/{method}." in path:
            # Their query is read by the method, which FastAPI does not know of.
            for operation in methods.values():
                operation["parameters"] += parameters_in_openapi()
    security.add_security(document)
    problems.add_problems(document)
    contents.add_events(document)
    contents.describe_files(document)
    contents.describe_conditions(document)
    names.rename(document)
    names.name_unions(document)
    illustrate.illustrate(document)
    return document
