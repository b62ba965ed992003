"""Pages of other origins: not by default, and where they may read, also what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.settings import Settings

ORIGIN = "https://example.org"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,idempotency-key"}


def client(tmp_path: Path, **settings: object) -> TestClient:
    """Of an API of which nothing is started: what is asked of it here needs nothing else."""
    app = create_app(Settings.model_validate({"data_dir": tmp_path, **settings}))

    async def fail() -> None:
        raise RuntimeError("nobody expected this")

    app.add_api_route("/fault", fail)
    return TestClient(app, raise_server_exceptions=False, headers={"Origin": ORIGIN})


def names(headers: object) -> set[str]:
    return {name for name in headers if name.startswith("access-control")}  # type: ignore[attr-defined]


def test_by_default_nothing_is_said_of_other_origins(tmp_path: Path) -> None:
    silent = client(tmp_path)
    for answer in (silent.get("/healthz"), silent.get("/fault"), silent.options("/v1/jobs", headers=PREFLIGHT)):
        assert not names(answer.headers)
        assert "origin" not in answer.headers.get("vary", "").lower()
    assert silent.options("/v1/jobs", headers=PREFLIGHT).status_code == 204


@pytest.mark.parametrize("origins", [ORIGIN, "*"])
def test_errors_can_be_read_too(tmp_path: Path, origins: str) -> None:
    allowing = client(tmp_path, cors_origins=origins, max_body_bytes=1024)
    upgrade(Database(Settings(data_dir=tmp_path).resolved_database_url))  # who comes is looked up in it
    answers = [
        allowing.get("/healthz"),
        allowing.get("/fault"),
        allowing.get("/nothing"),
        allowing.put("/v1/jobs"),
        allowing.post("/v1/jobs", json={"dataset": "x" * 2048}),
        allowing.post("/v1/jobs", json={}),
    ]
    assert [answer.status_code for answer in answers] == [200, 500, 404, 405, 413, 422]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == origins
        assert {"ETag", "Location", "Retry-After"} <= set(answer.headers["access-control-expose-headers"].split(", "))
        assert "Origin" in answer.headers["vary"]
    assert answers[1].json()["type"] == "/problems/internal"


def test_what_the_api_takes_may_be_sent(tmp_path: Path) -> None:
    allowing = client(tmp_path, cors_origins=ORIGIN)
    for method in ("GET", "HEAD", "POST", "DELETE"):
        asked = {**PREFLIGHT, "Access-Control-Request-Method": method}
        asked["Access-Control-Request-Headers"] = (
            "accept,authorization,content-type,idempotency-key,if-none-match,last-event-id"
        )
        answer = allowing.options("/v1/jobs", headers=asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN), method


def test_another_origin_is_refused(tmp_path: Path) -> None:
    allowing = client(tmp_path, cors_origins=ORIGIN)
    other = {"Origin": "https://example.com"}
    assert "access-control-allow-origin" not in allowing.get("/healthz", headers=other).headers
    assert allowing.options("/v1/jobs", headers={**other, **PREFLIGHT}).status_code == 400
    # So that no cache gives what was meant for one origin, or for none, to another.
    assert "Origin" in allowing.get("/healthz", headers=other).headers["vary"]
    assert "Origin" in TestClient(allowing.app).get("/healthz").headers["vary"]
