"""The line of a request says whose key it came with, also of a HEAD, and nothing that could be used."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.access_log import AccessLog
from api.head import Head
from api.keyring import put_key
from cnnservice.keys import Key


async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
    """As the gate does."""
    put_key(scope, Key("0123456789ab", "somebody", "read", 0.0))
    await PlainTextResponse("x")(scope, receive, send)


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError


def ask(app: AccessLog, method: str, url: str) -> None:
    async def ask_it() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            await client.request(method, url, headers={"Authorization": "Bearer cnn_0123456789ab_topsecret"})

    asyncio.run(ask_it())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_key_is_named_and_its_secret_is_not(method: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access_log")
    ask(AccessLog(Head(let_in)), method, "/v1/a%20b?ticket=topsecret&epoch=3&tick%65t=topsecret")
    (record,) = caplog.records
    assert (record.method, record.status, record.key) == (method, 200, "0123456789ab")  # type: ignore[attr-defined]
    assert record.path == "/v1/a%20b?ticket=***&epoch=3&ticket=***"  # type: ignore[attr-defined]
    assert "topsecret" not in str(vars(record))
    assert record.getMessage().startswith(f"{method} /v1/a%20b?ticket=***&epoch=3&ticket=*** 200 ")


def test_a_line_cannot_be_made_up_by_a_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access_log")
    ask(AccessLog(Head(let_in)), "GET", "/x%0Aforged?q=%0Aforged")
    assert "\n" not in caplog.records[0].getMessage()


def test_what_is_raised_is_logged_as_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.access_log")
    ask(AccessLog(fail), "GET", "/")
    assert caplog.records[0].status == 0  # type: ignore[attr-defined]
