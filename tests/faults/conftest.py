"""A stack for each place, with short leases; the tests harm it and leave it well."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from live import Stack, wait_until
from places import NAMES, Place, open_place
from witness import Training, Witness, succeeded

# So that what takes a lease's time takes little, and harm done for a few seconds outlasts it.
SETTINGS = {
    "lease_seconds": "4",
    "heartbeat_seconds": "0.5",
    "reconcile_seconds": "0.5",
    "republish_after_seconds": "2",
    "database_timeout_seconds": "2",
    "store_patience_seconds": "6",
    "attempt_limit": "3",
    "max_job_memory_bytes": str(1500 << 20),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test everywhere in the full suite; in the short one, in one place unless it is about the places."""
    if "place" in metafunc.fixturenames:
        everywhere = metafunc.config.getoption("--full") or metafunc.definition.get_closest_marker("everywhere")
        metafunc.parametrize("place", NAMES if everywhere else NAMES[-1:], indirect=True, scope="session")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place by its name."""
    with open_place(request.param, tmp_path_factory.mktemp(request.param), **SETTINGS) as place:
        yield place


@pytest.fixture(scope="session")
def undisturbed(unharmed: Stack, begun: dict[str, str]) -> Training:
    """What comes of the delicate job when nothing happens to it, in any place."""
    job = begun["undisturbed"]
    with unharmed.client as client:
        succeeded(client, job)
    witness = Witness(unharmed)
    training = witness.training(job)
    witness.close()
    return training


@pytest.fixture
def stack(place: Place) -> Stack:
    """Its stack; all of it must be well when a test begins."""

    def ready() -> bool:
        try:
            return place.stack.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(ready, "the stack to be well again")
    return place.stack


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """A client of it."""
    with stack.client as client:
        yield client


@pytest.fixture
def witness(stack: Stack) -> Iterator[Witness]:
    """Reads what it has stored."""
    witness = Witness(stack)
    yield witness
    witness.close()
