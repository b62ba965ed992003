"""Who one is here, and a browser's session."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.json_answer import JsonAnswer
from api.messenger import BrokerAway
from api.problem_types import DATABASE
from api.problems import problems
from api.services import Services, ServicesDep
from api.sessions import COOKIE
from cnnservice import quotas
from cnnservice.keys import Scope

router = APIRouter(prefix="/v1/session", tags=["session"])


class SessionAnswer(JsonAnswer):
    """Whose key a request came with, what it is good for, and how much of what its owner may have is taken."""

    keys: bool = Field(description="whether keys are needed here; without them all else is null")
    owner: str | None = None
    scope: Scope | None = Field(None, description="each holds those before it: read, train, admin")
    live_jobs: int | None = Field(None, description="queued and running")
    max_live_jobs: int | None = None
    stored_bytes: int | None = Field(None, description="the weights of all models of the owner")
    max_stored_bytes: int | None = None


@router.get("", summary="Whose key this is", responses=problems(DATABASE))
async def get_session(services: ServicesDep) -> SessionAnswer:
    """With what its owner may have, and has."""
    return await run_in_threadpool(_answer, services)


@router.post("", status_code=201, summary="Let a browser in without a header", responses=problems(BrokerAway, DATABASE))
async def create_session(request: Request, response: Response, services: ServicesDep) -> SessionAnswer:
    """Sets a cookie that stands for the key of this request, to read alone: for `<img>` and whatever sends no header.

    Where keys are not needed nothing is set.
    """
    if services.key is not None:
        text, secure = await services.sessions.begin(services.key.id), request.url.scheme == "https"
        response.set_cookie(
            COOKIE, text, max_age=services.sessions.seconds, httponly=True, samesite="strict", secure=secure
        )
    return await run_in_threadpool(_answer, services)


@router.delete("", status_code=204, summary="End a browser's session", responses=problems(BrokerAway))
async def delete_session(request: Request, response: Response, services: ServicesDep) -> None:
    """The cookie is good for nothing any more, and is taken back."""
    if (text := request.cookies.get(COOKIE)) is not None:
        await services.sessions.end(text)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def _answer(services: Services) -> SessionAnswer:
    key, settings = services.key, services.settings
    if key is None:
        return SessionAnswer(keys=False)
    with services.database.read() as session:
        return SessionAnswer(
            keys=True,
            owner=key.owner,
            scope=key.scope,
            live_jobs=quotas.live_jobs(session, key.owner),
            max_live_jobs=settings.max_owner_live_jobs,
            stored_bytes=quotas.stored_bytes(session, key.owner),
            max_stored_bytes=settings.max_owner_stored_bytes,
        )
