"""Whether the service lives, whether it is ready, and its numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import obstore
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool

from api.json_answer import JsonAnswer
from api.problems import problems
from api.services import Services, ServicesDep
from cnnservice.broker import INSPECT_QUEUE, TRAIN_QUEUE, WORKER_SECONDS, worker_key

router = APIRouter(tags=["system"])


class Liveness(JsonAnswer):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Readiness(JsonAnswer):
    """Each part by name: `ok`, or what is wrong with it."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str] = Field(examples=[{"database": "ok", "broker": "ok", "store": "ok"}])


@router.get("/healthz", summary="Does the process live?", responses=problems())
async def check_health() -> Liveness:
    """200 while it does."""
    return Liveness()


@router.get(
    "/readyz",
    summary="Does everything answer that a job needs?",
    responses={
        503: {"model": Readiness, "description": "A part does not answer; `checks` names it"},
        **problems(),
    },
    response_model=Readiness,
)
async def check_readiness(services: ServicesDep) -> Response:
    """Database, broker, store and at least one live worker of each queue."""
    checks = {
        "database": await run_in_threadpool(_outcome, lambda: _ask_database(services)),
        "store": await run_in_threadpool(_outcome, lambda: _ask_store(services)),
        "broker": "ok",
    }
    try:
        now = time.time()
        for queue in (TRAIN_QUEUE, INSPECT_QUEUE):
            alive = await services.redis.zcount(worker_key(queue), now - WORKER_SECONDS, "+inf")
            checks[f"worker:{queue}"] = "ok" if alive else "no live worker of this queue"
    except Exception as error:
        checks["broker"] = f"does not answer ({type(error).__name__})"
    ready = all(outcome == "ok" for outcome in checks.values())
    answer = Readiness(status="ready" if ready else "not ready", checks=checks)
    return JSONResponse(answer.model_dump(), 200 if ready else 503)


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problems()},
)
async def get_metrics(services: ServicesDep) -> Response:
    """Prometheus text: of this process, and what all processes have counted together.

    When the database or the broker is away, what is known from it is absent, and `cnnservice_up` says so.
    """
    return Response(await services.numbers.text(), media_type=CONTENT_TYPE_LATEST)


def _outcome(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception as error:
        return f"does not answer ({type(error).__name__})"
    return "ok"


def _ask_database(services: Services) -> None:
    with services.database.read() as session:
        session.execute(text("SELECT count(*) FROM alembic_version"))


def _ask_store(services: Services) -> None:
    obstore.list_with_delimiter(services.checkpoints.store)
