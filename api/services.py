"""What the routes stand on, made once in each process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import redis.asyncio
from fastapi import Depends, Request

from api.dispatch import Dispatcher
from api.event_hub import EventHub
from api.housekeeping import Housekeeping
from api.inspector import Inspector
from api.keyring import Keyring, key_in
from api.messenger import Messenger
from api.numbers import Numbers
from api.sessions import Sessions
from api.tickets import Tickets
from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.events import EventWriter
from cnnservice.keys import Key
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
    housekeeping: Housekeeping
    inspector: Inspector
    messenger: Messenger
    tickets: Tickets
    askers: Askers
    numbers: Numbers
    sessions: Sessions
    keyring: Keyring
    key: Key | None = None

    def seen_by(self, key: Key) -> Services:
        """The same for a request of who has this key: the database and the catalogue show what is its owner's."""
        viewer = key.viewer
        return replace(self, key=key, database=self.database.seen_by(viewer), catalogue=self.catalogue.seen_by(viewer))


async def _services(request: Request) -> Services:
    # A coroutine, though it waits for nothing: FastAPI would call a function on another thread, for every request.
    services: Services = request.app.state.services
    key = key_in(request.scope)
    return services if key is None else services.seen_by(key)


ServicesDep = Annotated[Services, Depends(_services)]
