"""Tickets for event streams."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.json_answer import JsonAnswer
from api.messenger import BrokerAway
from api.problem_groups import BODY
from api.problem_types import DATABASE
from api.problems import problems
from api.services import Services, ServicesDep
from api.tickets import STREAM
from cnnservice import computations, job_queries
from cnnservice.computations import UnknownComputation
from cnnservice.errors import FieldError, InvalidError
from cnnservice.job_errors import UnknownJob
from cnnservice.specs.base import Spec

router = APIRouter(prefix="/v1/tickets", tags=["tickets"])


class TicketSpec(Spec):
    """What a ticket is to open."""

    path: Annotated[
        str,
        Field(
            max_length=200,
            description="an event stream's path",
            examples=["/v1/jobs/01990000-0000-7000-8000-000000000000/events"],
        ),
    ]


class TicketAnswer(JsonAnswer):
    """A ticket: whoever has it may open its path until it expires, any number of times."""

    ticket: str
    path: str
    url: str = Field(description="`path` with the ticket, as an EventSource takes it")
    expires_at: datetime


class NoStream(InvalidError):
    """There are no tickets for such a path."""

    code = "not-a-stream"
    title = "No event stream"

    def __init__(self, path: str) -> None:
        detail = (
            f"path is {path!r}; tickets are for event streams: /v1/jobs/<id>/events and /v1/computations/<id>/events, "
            "without a query."
        )
        super().__init__(detail, errors=(FieldError("/path", detail),))


@router.post(
    "",
    status_code=201,
    summary="Get a ticket for an event stream",
    responses=problems(*BODY, InvalidError, NoStream, UnknownJob, UnknownComputation, BrokerAway, DATABASE),
)
async def create_ticket(spec: TicketSpec, response: Response, services: ServicesDep) -> TicketAnswer:
    """For an EventSource, which can send no header: its URL carries the ticket. Get it right before it is used."""
    await run_in_threadpool(_check, spec.path, services)
    ticket = await services.tickets.issue(spec.path, None if services.key is None else services.key.id)
    response.headers["Cache-Control"] = "no-store"
    return TicketAnswer(
        ticket=ticket.text,
        path=ticket.path,
        url=f"{ticket.path}?ticket={ticket.text}",
        expires_at=datetime.fromtimestamp(ticket.expires_at, UTC),
    )


def _check(path: str, services: Services) -> None:
    """Raises NoStream, UnknownJob, UnknownComputation."""
    match = STREAM.fullmatch(path)
    if match is None:
        raise NoStream(path)
    kind, identity = match.groups()
    (job_queries if kind == "jobs" else computations).get(services.database, identity)
