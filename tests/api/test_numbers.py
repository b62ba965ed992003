"""Numbers are told whatever is away; what nobody expected is counted and named too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from api.look import Look
from api.main import create_app
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.settings import Settings

Told = dict[str, dict[str, float]]


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def ask(app: FastAPI, *paths: str) -> list[httpx.Response]:
    """The answers to requests one after the other."""

    async def ask_all() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask_all())


def told(answer: httpx.Response) -> Told:
    """Of each family the values by the values of its labels."""
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {each.name: {" ".join(s.labels.values()): s.value for s in each.samples} for each in families}


FROM_DATABASE = {"cnnservice_jobs", "cnnservice_sweeps"}
FROM_BROKER = {"cnnservice_workers", "cnnservice_epochs", "cnnservice_job_seconds", "cnnservice_lease_losses"}


def test_without_database_and_broker_the_rest_is_told(tmp_path: Path, silent_redis: str) -> None:
    settings = Settings(data_dir=tmp_path, redis_url=silent_redis, database_url=f"sqlite:///{tmp_path}/nowhere/db")
    for numbers in map(told, ask(create_app(settings), "/metrics", "/metrics")):
        assert numbers["cnnservice_up"] == {"database": 0, "broker": 0}
        assert "cnnservice_http_requests" in numbers
        assert not numbers.keys() & (FROM_DATABASE | FROM_BROKER | {"cnnservice_queue_depth"})


def test_without_broker_what_the_database_knows_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0")
    database = Database(settings.resolved_database_url)
    upgrade(database)
    database.close()
    (numbers,) = map(told, ask(create_app(settings), "/metrics"))
    assert numbers["cnnservice_up"] == {"database": 1, "broker": 0}
    assert numbers["cnnservice_queue_depth"] == {"train": 0, "train.gpu": 0, "computations": 0}
    assert numbers.keys() >= FROM_DATABASE
    assert not numbers.keys() & FROM_BROKER


def test_what_nobody_expected_is_counted_and_named(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0"))

    @app.get("/fault/{number}")
    async def fail(number: int) -> None:
        raise ZeroDivisionError(number)

    *faults, metrics = ask(app, "/fault/1", "/fault/2", "/metrics")
    assert [fault.status_code for fault in faults] == [500, 500]
    assert len({fault.headers["x-request-id"] for fault in faults}) == 2
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(metrics.text)
        for sample in family.samples
        if sample.name == "cnnservice_http_requests_total"
    }
    assert requests["/fault/{number}", "500"] == 2


def test_what_hangs_is_asked_once_and_its_answer_is_taken_when_it_comes() -> None:
    async def look_thrice() -> tuple[list[str | None], int]:
        asked, answer = 0, asyncio.Event()

        async def ask_it() -> str:
            nonlocal asked
            asked += 1
            await answer.wait()
            return "at last"

        look = Look(ask_it)
        seen = [await look.within(0.01), await look.within(0.01)]
        answer.set()
        return [*seen, await look.within(60)], asked

    assert asyncio.run(look_thrice()) == ([None, None, "at last"], 1)
