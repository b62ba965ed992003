"""A job's events: a Redis stream to read from, and a channel that says when to look.

An event's id is its stream id, `<milliseconds>-<durable>`, where `durable` counts the events that must not be lost
which a reader of this one has seen: the epochs finished so far, and one more for the job's end. So an id alone
says which epochs a client still lacks, even when Redis has forgotten the stream; those come from the database.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, cast

import redis

from cnnservice.settings import Settings

EventType = Literal["status", "batch", "epoch", "end"]
CHANNEL_PREFIX = "cnnservice:events:"
# Rings when cancelling was asked of some job, so that its worker need not wait for its next heartbeat to learn it.
CANCEL_CHANNEL = "cnnservice:cancel"
ID_PATTERN = re.compile(r"^(\d{1,18})-(\d{1,9})$")

# An explicit id must grow, whatever the clocks of those who write; so the server's own clock, and the last id, decide.
_APPEND = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last > 0 then
  local previous = tonumber(string.match(last[1][1], '^(%d+)'))
  if now <= previous then now = previous + 1 end
end
local id = string.format('%d-%s', now, ARGV[1])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], id, 'type', ARGV[3], 'body', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[1], id)
return id
"""


@dataclass(frozen=True)
class EventId:
    """Where a reader stands. Ordered as Redis orders stream ids."""

    milliseconds: int
    durable: int

    @classmethod
    def parse(cls, text: str) -> EventId | None:
        """The id, or None when the text is none."""
        match = ID_PATTERN.match(text)
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.durable}"


@dataclass(frozen=True)
class Event:
    """One event as it stands in the stream."""

    id: EventId
    type: EventType
    body: dict[str, Any]


def stream_key(job_id: str) -> str:
    """The stream of a job, and the channel that rings when it grows."""
    return f"{CHANNEL_PREFIX}{job_id}"


class EventWriter:
    """Appends events. Redis may be away: an event then is lost here, and a reader takes it from the database."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._append = client.register_script(_APPEND)

    def append(self, job_id: str, event: EventType, durable: int, body: dict[str, Any]) -> None:
        """Write one event, best effort."""
        settings = self._settings
        arguments = [durable, settings.event_stream_entries, event, json.dumps(body), settings.event_stream_seconds]
        try:
            self._append(keys=[stream_key(job_id)], args=arguments)
        except redis.RedisError:
            return

    def ring(self, identity: str) -> None:
        """Say that there is something new to see in the database of what has this id, best effort."""
        try:
            self._client.publish(stream_key(identity), b"")
        except redis.RedisError:
            return

    def ring_cancel(self, job_id: str) -> None:
        """Say that a running job's cancellation stands in the database, best effort."""
        try:
            self._client.publish(CANCEL_CHANNEL, job_id)
        except redis.RedisError:
            return


def parse_entry(entry: Any) -> Event:
    """An entry as XRANGE gives it: an id and fields, in bytes."""
    raw_id, fields = entry
    identity = EventId.parse(raw_id.decode())
    assert identity is not None, f"an id of a stream written here: {raw_id!r}"
    return Event(identity, cast("EventType", fields[b"type"].decode()), json.loads(fields[b"body"]))
