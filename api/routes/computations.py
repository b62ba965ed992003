"""Long computations: how far they are, their events, and their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.computation_schemas import ComputationAnswer, computation_answer
from api.event_hub import rung
from api.problem_groups import STREAM
from api.problem_types import DATABASE, REFERENCE
from api.problems import problems
from api.services import ServicesDep
from api.streams import LastSeen, check_ticket, last_seen
from cnnservice import computations
from cnnservice.computations import UnknownComputation
from cnnservice.database.engine import OUTAGES
from cnnservice.database.tables import Computation
from cnnservice.results import delete_result
from cnnservice.store import StoreUnavailable

router = APIRouter(prefix="/v1/computations", tags=["computations"])
_END = "end"


@router.get("/{computation_id}", summary="One long computation", responses=problems(UnknownComputation, DATABASE))
def get_computation(computation_id: str, services: ServicesDep) -> ComputationAnswer:
    """Its status, how far it is, and where its result is to be had."""
    return computation_answer(computations.get(services.database, computation_id))


@router.delete(
    "/{computation_id}",
    status_code=204,
    summary="Stop a computation, and delete its result",
    responses=problems(UnknownComputation, StoreUnavailable, DATABASE),
)
def delete_computation(computation_id: str, services: ServicesDep) -> None:
    """One that runs stops when it tells the next time how far it is. Asked for again, it is begun anew."""
    deleted = computations.remove(services.database, computation_id)
    delete_result(services.checkpoints.store, deleted.model_id, computation_id)
    services.events.ring(computation_id)


def _unfinished(
    computation_id: str, services: ServicesDep, seen: Annotated[LastSeen | None, Depends(last_seen)]
) -> None:
    """204 tells an EventSource that has seen the end to stop reconnecting."""
    computation = computations.get(services.database, computation_id)
    if seen is not None and seen.event_id == _END and computation.status in computations.ENDED:
        raise HTTPException(204)


@router.get(
    "/{computation_id}/events",
    summary="A computation's events as they happen",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "`status`, `progress` and `end`",
            "content": {"text/event-stream": {"schema": {"$ref": f"{REFERENCE}ComputationEvent"}}},
        },
        204: {"description": "The computation has ended, and Last-Event-ID is its end"},
        **problems(*STREAM, UnknownComputation),
    },
    dependencies=[Depends(check_ticket), Depends(_unfinished)],
)
async def stream_computation_events(computation_id: str, services: ServicesDep) -> AsyncIterator[ServerSentEvent]:
    """It begins with how things stand, whatever a client has seen before, and ends with the computation."""
    told: dict[str, Any] = {}
    with services.hub.bell(computation_id) as bell:
        while not services.hub.closing and _END not in told:
            bell.clear()
            try:
                computation = await run_in_threadpool(computations.get, services.database, computation_id)
            except OUTAGES:
                pass  # what comes meanwhile is not lost: all there is to tell is in the row
            except UnknownComputation:
                return  # deleted meanwhile: who comes back is told that there is none
            else:
                for event, body in _events(computation).items():
                    if told.get(event) != body:
                        told[event] = body
                        yield ServerSentEvent(data=body, event=event, id=event)
            if _END not in told:
                await rung(bell)


def _events(computation: Computation) -> dict[str, dict[str, Any]]:
    """What its row tells, by the kind of event."""
    status = {"status": computation.status, "attempt": computation.attempt}
    if computation.status in computations.ENDED:
        answer = computation_answer(computation).model_dump(mode="json")
        return {_END: {name: answer[name] for name in ("status", "error", "links")}}
    return {"status": status, "progress": {"progress": computation.progress, "message": computation.message}}
