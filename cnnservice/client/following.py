"""Follow an event stream to its end, through connections that are cut."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from cnnservice.client.problems import NoAnswer, ProblemError
from cnnservice.client.transport import Transport

_END = "end"
# What a proxy, or a service that starts or has lost its database, answers for a while.
_PASSING = (502, 503, 504)
_PATIENCE = 35  # connections in a row that bring nothing; about 30 s
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 1.0


@dataclass(frozen=True)
class Message:
    """One event as it came."""

    kind: str
    id: str
    body: dict[str, Any]


def follow(transport: Transport, path: str) -> Iterator[Message]:
    """Every event to the one named `end`, each once: after a cut it goes on behind the last event that was seen.

    Raises ProblemError where there is no such stream, NoAnswer when the service stays away.
    """
    last_id, barren = "", 0
    while True:
        cut = httpx.TransportError("it closes the connection at once")
        try:
            with transport.events(path, last_id) as source:
                if source is None:
                    return
                for event in source.iter_sse():
                    barren = 0
                    if not event.data:
                        continue  # what httpx-sse makes of the comment that keeps a silent stream open
                    last_id = event.id
                    yield Message(event.event, event.id, json.loads(event.data))
                    if event.event == _END:
                        return
        except httpx.TransportError as error:
            cut = error
        except ProblemError as problem:
            if problem.status not in _PASSING:
                raise
            cut = httpx.TransportError(str(problem))
        barren += 1
        if barren > _PATIENCE:
            raise NoAnswer(transport.address, cut) from cut
        time.sleep(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (barren - 1)))
