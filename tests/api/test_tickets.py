"""Tickets where Redis is away."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from api.main import create_app
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.settings import Settings


def test_without_redis_a_ticket_cannot_be_looked_up_and_the_client_is_told_to_come_back(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, redis_url=f"unix://{tmp_path}/nothing.sock")
    upgrade(Database(settings.resolved_database_url))
    answer = TestClient(create_app(settings)).get("/v1/jobs/1/events?ticket=x")
    assert (answer.status_code, answer.json()["status"], answer.headers["retry-after"]) == (503, 503, "5")
