"""A job's events as they happen, resumable with none lost and none twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import redis
from fastapi import APIRouter, Depends, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.event_hub import rung
from api.problem_groups import STREAM
from api.problem_types import REFERENCE
from api.problems import problems
from api.services import Services, ServicesDep
from api.streams import LastSeen, check_ticket, last_seen
from cnnservice import job_queries, jobs
from cnnservice.database.engine import OUTAGES
from cnnservice.database.tables import Epoch, Job
from cnnservice.errors import FieldError, InvalidError
from cnnservice.events import Event, EventId, parse_entry, stream_key
from cnnservice.job_errors import UnknownJob

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_BATCH = 500


async def _position(seen: Annotated[LastSeen | None, Depends(last_seen)]) -> EventId | None:
    if seen is None:
        return None
    position = EventId.parse(seen.event_id)
    if position is None:
        detail = f"Last-Event-ID {seen.event_id[:80]!r} is not an id of this stream: <digits>-<digits>."
        raise InvalidError(detail, errors=(FieldError(seen.pointer, detail),))
    return position


def _unfinished(
    job_id: str, services: ServicesDep, position: Annotated[EventId | None, Depends(_position)]
) -> EventId | None:
    """The reader's position. 204 tells an EventSource that has seen the end to stop reconnecting."""
    job = job_queries.get(services.database, job_id)
    if position is not None and job.status in jobs.ENDED and position.durable > job.epochs_done:
        raise HTTPException(204)
    return position


@router.get(
    "/{job_id}/events",
    summary="A job's events as they happen",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "`status`, `batch` (at most 5 a second), `epoch` and `end`",
            "content": {"text/event-stream": {"schema": {"$ref": f"{REFERENCE}JobEvent"}}},
        },
        204: {"description": "The job has ended and Last-Event-ID is its last event"},
        **problems(*STREAM, UnknownJob),
    },
    dependencies=[Depends(check_ticket)],
)
async def stream_job_events(
    job_id: str, services: ServicesDep, position: Annotated[EventId | None, Depends(_unfinished)]
) -> AsyncIterator[ServerSentEvent]:
    """Without Last-Event-ID it begins with the status and every epoch so far; with it, after that event."""
    with services.hub.bell(job_id) as bell:
        reader = _Reader(services, job_id, position)
        while not services.hub.closing and not reader.ended:
            bell.clear()
            try:
                events = await reader.new_events()
            except OUTAGES:
                events = []  # nothing new can be told before the database is back; what comes meanwhile is not lost
            except UnknownJob:
                return  # deleted meanwhile: who comes back is told that there is no such job
            for event in events:
                yield ServerSentEvent(data=event.body, event=event.type, id=str(event.id))
            if not reader.ended:
                await rung(bell)


class _Reader:
    """One client's place in a job's events: the stream where it has them, the database where it has not."""

    def __init__(self, services: Services, job_id: str, position: EventId | None) -> None:
        self._services, self._job_id, self._position = services, job_id, position
        self.ended = False

    async def new_events(self) -> list[Event]:
        """What has come since the last call, in order, each once. When it raises, nothing of it counts as seen."""
        position, ended = self._position, self.ended
        try:
            if position is None:
                return await self._snapshot()
            events = [complete for event in await self._from_stream() for complete in await self._completed(event)]
            return events or await self._missed_by_the_stream()
        except BaseException:
            self._position, self.ended = position, ended
            raise

    async def _snapshot(self) -> list[Event]:
        newest = await self._newest()
        job = await self._job()
        at = newest.milliseconds if newest is not None else 0
        self._position = EventId(at, 0)
        body = {"status": job.status, "attempt": job.attempt, "epochs_done": job.epochs_done}
        events = [Event(EventId(at, 0), "status", body)]
        events += await self._epochs_to(job.epochs_done)
        return events + self._end_of(job)

    async def _completed(self, event: Event) -> list[Event]:
        """An event after the epochs before it that this client has not seen; nothing when it has seen it."""
        assert self._position is not None
        durable = event.type in ("epoch", "end")
        self._position = EventId(event.id.milliseconds, self._position.durable)
        if durable and event.id.durable <= self._position.durable:
            return []
        missing = await self._epochs_to(event.id.durable - durable)
        # Never an id that counts fewer epochs than the client has seen, or it would be sent them again.
        self._position = EventId(event.id.milliseconds, max(event.id.durable, self._position.durable))
        self.ended = event.type == "end"
        return [*missing, Event(self._position, event.type, event.body)]

    async def _missed_by_the_stream(self) -> list[Event]:
        """What the database knows and no event told, because Redis or a worker died in between."""
        job = await self._job()
        return [*await self._epochs_to(job.epochs_done), *self._end_of(job)]

    async def _epochs_to(self, epoch: int) -> list[Event]:
        assert self._position is not None
        if epoch <= self._position.durable:
            return []
        after, at = self._position.durable, self._position.milliseconds
        job = await self._job()
        # What is counted here are the job's own epochs; their numbers go on from where it began.
        first = job.start_epoch
        rows = await run_in_threadpool(
            job_queries.list_epochs, self._services.database, self._job_id, after=first + after, up_to=first + epoch
        )
        self._position = EventId(at, epoch)
        return [Event(EventId(at, row.epoch - first), "epoch", _epoch_body(row, job)) for row in rows]

    def _end_of(self, job: Job) -> list[Event]:
        if job.status not in jobs.ENDED:
            return []
        assert self._position is not None
        self.ended = True
        self._position = EventId(self._position.milliseconds, job.epochs_done + 1)
        return [
            Event(self._position, "end", {"status": job.status, "epochs_done": job.epochs_done, "error": job.error})
        ]

    async def _from_stream(self) -> list[Event]:
        try:
            entries = await self._services.redis.xrange(
                stream_key(self._job_id), min=f"({self._position}", max="+", count=_BATCH
            )
        except redis.RedisError:
            return []
        return [parse_entry(entry) for entry in entries or ()]

    async def _newest(self) -> EventId | None:
        try:
            entries = await self._services.redis.xrevrange(stream_key(self._job_id), count=1)
        except redis.RedisError:
            return None
        return parse_entry(entries[0]).id if entries else None

    async def _job(self) -> Job:
        return await run_in_threadpool(job_queries.get, self._services.database, self._job_id)


def _epoch_body(row: Epoch, job: Job) -> dict[str, float]:
    return {"epoch": row.epoch, "epochs": job.start_epoch + job.epochs, "seconds": row.seconds, **row.metrics}
