"""Errors become RFC 9457 problem documents, here and nowhere else."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from obstore.exceptions import BaseError
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.json_answer import JsonAnswer
from api.methods import allowed_methods
from api.problem_types import INTERNAL, REFERENCE, ProblemType, status_of, told
from cnnservice.database.engine import OUTAGES
from cnnservice.errors import CorruptError, DomainError, FieldError, NotFoundError, TooManyError
from cnnservice.models import EpochName, open_snapshot
from cnnservice.specs.pointers import escaped
from cnnservice.store import StoreUnavailable

_log = logging.getLogger(__name__)
_MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = "5"
# Types that some operation may answer with, by the names of their schemas.
KNOWN: dict[str, ProblemType] = {}


class ProblemField(JsonAnswer):
    """One offending part of a request."""

    pointer: str = Field(description="JSON pointer into the body, or `?name` for a query parameter")
    detail: str


class Problem(JsonAnswer):
    """RFC 9457: what was wrong and what is allowed. The OpenAPI document has a schema for each type of them."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemField] | None = None


_MEANING = {
    400: "Cannot be read as what it says it is",
    401: "Nobody is known by what was sent; the detail says what to send",
    403: "Allowed for something else, not for this",
    404: "What is named does not exist; the detail says what does",
    406: "None of the forms that there are is among those in Accept",
    408: "What was announced did not come in time",
    409: "Does not fit the state that things are in",
    413: "More was sent than a limit admits",
    415: "Of a kind that is not read here",
    422: "Not allowed; the detail and `errors` say what is",
    429: "Too many at once or in a time; try again after Retry-After seconds",
    500: "Stored data are damaged, or a fault of the service",
    503: "A part that is needed does not answer; try again after Retry-After seconds",
}


_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": {"schema": {"type": "integer"}}},
    503: {"Retry-After": {"schema": {"type": "integer"}}},
}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not changed since the ETag sent in If-None-Match"},
}
LOCATED: dict[str, Any] = {"headers": {"Location": {"description": "where it is", "schema": {"type": "string"}}}}


def problems(*kinds: type[DomainError] | ProblemType) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail in these ways. A fault of the service itself is always one of them."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status, types in told((*kinds, INTERNAL)).items():
        KNOWN.update({kind.schema_name: kind for kind in types})
        references = [{"$ref": f"{REFERENCE}{kind.schema_name}"} for kind in types]
        schema = references[0] if len(references) == 1 else {"oneOf": references}
        documented[status] = {"description": _MEANING[status], "content": {_MEDIA_TYPE: {"schema": schema}}}
        if status in _HEADERS:
            documented[status]["headers"] = _HEADERS[status]
    return documented


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(DomainError)
    async def _domain(request: Request, error: DomainError) -> JSONResponse:
        if isinstance(error, CorruptError):
            error = await run_in_threadpool(_unless_deleted, request, error)
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [FieldError(pointer_of(item["loc"], error.body), message_of(item)) for item in error.errors()]
        detail = "; ".join(f"{field.pointer}: {field.detail}" for field in fields[:3])
        return _response(request, 422, "invalid", "Invalid request", detail, fields)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=error.headers)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # The framework names the methods of one route, and a path may have several; none of them has OPTIONS.
            headers["Allow"] = allowed_methods(request)
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=headers)
        phrase = HTTPStatus(error.status_code).phrase
        detail = _routing_detail(request, error, headers)
        code = phrase.lower().replace(" ", "-")
        return _response(request, error.status_code, code, phrase, detail, headers=headers)

    async def _database(request: Request, error: Exception) -> JSONResponse:
        return answer_outage(request, error)

    for outage in OUTAGES:
        app.add_exception_handler(outage, _database)

    @app.exception_handler(BaseError)
    async def _store(request: Request, error: BaseError) -> JSONResponse:
        return await _domain(request, StoreUnavailable(error))

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, _error: Exception) -> JSONResponse:
        detail = "The service failed at this request; its log says why."
        return _response(request, 500, "internal", "Internal error", detail)


def answer(request: Request, error: DomainError) -> JSONResponse:
    """An error of the domain as a problem document."""
    status = status_of(type(error))
    if status >= 500:
        _log.error("%s: %s", error.code, error.detail)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyError) else None
    return _response(request, status, error.code, error.title, error.detail, error.errors, headers)


def answer_outage(request: Request, error: Exception) -> JSONResponse:
    """What one of the database's OUTAGES is answered with."""
    _log.error("database: %s", error)
    detail = (
        "The database does not answer now. Try again; a job that is posted again with the same Idempotency-Key "
        "is made once."
    )
    return _response(request, 503, "database-unavailable", "Temporarily unavailable", detail)


def _unless_deleted(request: Request, error: CorruptError) -> DomainError:
    """The error; but a model or epoch whose files are not there may have been dropped while they were looked for."""
    model_id, epoch = request.path_params.get("model_id"), request.query_params.get("epoch", "last")
    if model_id is not None:
        with contextlib.suppress(*OUTAGES):
            try:
                number: EpochName = int(epoch) if epoch.isdigit() else "last"
                open_snapshot(request.app.state.services.database, model_id, number).check_kept()
            except NotFoundError as dropped:
                return dropped
    return error


def _response(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    fields: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"/problems/{code}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=[ProblemField(pointer=field.pointer, detail=field.detail) for field in fields] or None,
    )
    all_headers = dict(headers or {})
    if status == 503:
        all_headers["Retry-After"] = _RETRY_AFTER_SECONDS
    if status == 408:
        # The rest of the body may still come, and is no request.
        all_headers["Connection"] = "close"
    if status == 401:
        all_headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.model_dump(exclude_none=True), status, all_headers, _MEDIA_TYPE)


def _routing_detail(request: Request, error: HTTPException, headers: Mapping[str, str]) -> str:
    if error.status_code == 404:
        return f"There is nothing at {request.url.path}; /openapi.json describes what there is."
    if error.status_code == 405:
        return f"{request.method} is not allowed at {request.url.path}; allowed: {headers['Allow']}."
    return str(error.detail)


def pointer_of(location: Sequence[int | str], body: Any) -> str:
    """Where the offending value is. pydantic puts a union's chosen tag into the path; a client did not write it."""
    place, *path = location
    if place != "body":
        return f"?{path[0]}" if place == "query" and path else f"{place}:{'/'.join(map(str, path))}"
    pointer, here = "", body
    for position, part in enumerate(path):
        if str(part).startswith(("<", "[key]")) or (
            isinstance(here, dict) and part not in here and position < len(path) - 1
        ):
            continue
        if here is not body and not isinstance(here, dict | list):
            break  # what stands after a number or a text is which kind of value it was taken for
        pointer += f"/{escaped(str(part))}"
        here = _step(here, part)
    return pointer or "/"


def _step(here: Any, part: int | str) -> Any:
    if isinstance(here, dict):
        return here.get(part)
    if isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
        return here[part]
    return None


def message_of(item: Any) -> str:
    """What pydantic found wrong, in words for a client."""
    message: str = item["msg"]
    if item["type"] == "extra_forbidden":
        return "is not a known field; remove it or check its spelling"
    return message.removeprefix("Value error, ")
