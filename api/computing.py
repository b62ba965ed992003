"""What takes long: its result where there is one, else a computation that is queued, and waited for a while."""

from __future__ import annotations

import contextlib
import logging
import time
from importlib.metadata import version
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from api.computation_schemas import ComputationAnswer, computation_answer
from api.event_hub import rung
from api.messenger import BrokerAway
from api.queries import WaitQuery
from api.services import Services
from cnnservice import computations
from cnnservice.broker import COMPUTE_TASK, INSPECT_QUEUE
from cnnservice.computations import Question
from cnnservice.database.tables import Computation
from cnnservice.errors import error_of
from cnnservice.results import Result, read_result
from cnnservice.specs.errors import LimitExceeded
from cnnservice.store import Altered

_log = logging.getLogger(__name__)
_VERSION = version("cnnservice")
_RETRY_AFTER_SECONDS = "2"
# What OpenAPI is told of a route that may answer so.
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": ComputationAnswer,
        "description": "It takes longer than `wait`. Location says where to look; ask again when it has succeeded",
        "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}},
    }
}


async def computed(
    services: Services, request: Request, question: Question, query: WaitQuery, **resolved: str | int
) -> Result | Response:
    """The result of a long computation; 202 when it is not there within the time that the request waits.

    resolved are parameters of the request by which the result is to be asked for again, instead of how they were
    said: the number of the epoch where it was `last`. Raises LimitExceeded, UnknownJob, EpochNotKept, StoreUnavailable,
    and what the computation failed with.
    """
    patience, place = _patience(services, query), _place(request, resolved)
    with services.hub.bell(question.identity(_VERSION)) as bell:
        computation = await run_in_threadpool(_submit, services, question, place)
        deadline = time.monotonic() + patience
        while True:
            if computation.status == "failed":
                assert computation.error is not None, "a failure says why"
                raise error_of(computation.error)
            if computation.status == "succeeded":
                result = await run_in_threadpool(_result, services, question, computation)
                if result is not None:
                    return result
            remaining = deadline - time.monotonic()
            if remaining <= 0 or services.hub.closing:
                return _accepted(computation, place)
            await rung(bell, remaining)
            bell.clear()
            computation = await run_in_threadpool(computations.get, services.database, computation.id)


async def begun(services: Services, question: Question, place: str) -> Response:
    """202 with a computation that is queued, or that was asked for before; place is where its result is to be had."""
    return _accepted(await run_in_threadpool(_submit, services, question, place), place)


def _submit(services: Services, question: Question, place: str) -> Computation:
    computation, queued = computations.submit(
        services.database,
        question,
        version=_VERSION,
        result_url=place,
        now=time.time(),
        retry_seconds=services.settings.computation_retry_seconds,
    )
    if queued:
        services.askers.note(computation.id)
        _log.info("computation %s (%s of model %s) queued", computation.id, computation.kind, computation.model_id)
        _wake(services)
    return computation


def _result(services: Services, question: Question, computation: Computation) -> Result | None:
    """What is stored; None when it is not there, or damaged, and has been queued anew."""
    try:
        return read_result(services.checkpoints.store, computation.model_id, computation.id)
    except FileNotFoundError:
        _log.warning("the result of computation %s is not there; it is computed anew", computation.id)
    except Altered:
        _log.error("the result of computation %s does not match its checksum; it is computed anew", computation.id)
    question.check_kept()
    if computations.queue_anew(services.database, computation, now=time.time())[1]:
        _wake(services)
    return None


def _wake(services: Services) -> None:
    """Best effort: the dispatcher sends a message for what has waited a while."""
    with contextlib.suppress(BrokerAway):
        services.messenger.send(COMPUTE_TASK, queue=INSPECT_QUEUE)


def _patience(services: Services, query: WaitQuery) -> float:
    settings = services.settings
    largest = settings.max_computation_wait_seconds
    if query.wait is None:
        return min(settings.computation_wait_seconds, largest)
    if query.wait > largest:
        raise LimitExceeded("?wait", "wait", query.wait, largest, "CNNSERVICE_MAX_COMPUTATION_WAIT_SECONDS")
    return query.wait


def _place(request: Request, resolved: dict[str, str | int]) -> str:
    """Path and query by which the same is asked for again, whatever has happened to the model meanwhile."""
    said = [(name, value) for name, value in request.query_params.multi_items() if name not in {"wait", *resolved}]
    return f"{request.url.path}?{QueryParams([*said, *((name, str(value)) for name, value in resolved.items())])}"


def _accepted(computation: Computation, place: str) -> Response:
    answer = computation_answer(computation, place)
    headers = {
        "Location": answer.links.self,
        "Retry-After": _RETRY_AFTER_SECONDS,
        # The same URL will have the result.
        "Cache-Control": "no-store",
    }
    return Response(answer.model_dump_json(), 202, headers, "application/json")
