"""What the routes stand on, made once in each process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import redis.asyncio
from fastapi import Depends, Request

from api.dispatch import Dispatcher
from api.event_hub import EventHub
from api.inspector import Inspector
from api.messenger import Messenger
from api.numbers import Numbers
from api.tickets import Tickets
from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.telemetry.askers import Askers
from cnnservice.weights import CheckpointStore


@dataclass(frozen=True)
class Services:
    """Connections and the tasks behind them."""

    settings: Settings
    database: Database
    checkpoints: CheckpointStore
    catalogue: Catalogue
    redis: redis.asyncio.Redis
    events: EventWriter
    hub: EventHub
    dispatcher: Dispatcher
    inspector: Inspector
    messenger: Messenger
    tickets: Tickets
    askers: Askers
    numbers: Numbers


async def _services(request: Request) -> Services:
    # A coroutine, though it waits for nothing: FastAPI would call a function on another thread, for every request.
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]
