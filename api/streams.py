"""What event streams have in common: who may open one, and where it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Query, Request

from api.services import ServicesDep


async def check_ticket(
    request: Request,
    services: ServicesDep,
    ticket: Annotated[
        str | None,
        Query(max_length=200, description="from `POST /v1/tickets`, for an EventSource, which can send no header"),
    ] = None,
) -> None:
    """Looked at when a stream is opened; it stays open when its ticket has lapsed. Without one it is open to all."""
    if ticket is not None:
        await services.tickets.check(ticket, request.url.path)


@dataclass(frozen=True)
class LastSeen:
    """The id of the last event that a client has seen, and how it told."""

    event_id: str
    pointer: str


async def last_seen(
    header: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="the id of the last event seen; the stream goes on after it"),
    ] = None,
    query: Annotated[
        str | None,
        Query(
            alias="last_event_id",
            max_length=200,
            description="the same, for an EventSource at its first connection; the header wins",
        ),
    ] = None,
) -> LastSeen | None:
    """The header wins: when an EventSource connects again by itself, its URL still has the older id."""
    if header is not None:
        return LastSeen(header, "header:Last-Event-ID")
    return LastSeen(query, "?last_event_id") if query is not None else None
