"""Without keys the service listens to its own machine alone, unless it is told to trust its network."""

from __future__ import annotations

import ipaddress

from cnnservice import keys
from cnnservice.database.engine import Database
from cnnservice.settings import Settings


class ExposedWithoutKeys(Exception):
    """The service would be open to others, and anybody could do anything."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Not listening on {host}: no key has been made, so that whoever reaches this address could do anything. "
            "Make one with `cnnservice keys create NAME --scope admin`, or set CNNSERVICE_ALLOW_WITHOUT_KEYS=true "
            "where the network itself keeps others away."
        )


def check_exposure(settings: Settings, database: Database) -> None:
    """Raises ExposedWithoutKeys."""
    if not (is_loopback(settings.host) or settings.allow_without_keys or keys.are_on(database)):
        raise ExposedWithoutKeys(settings.host)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is that of this machine to itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
