"""What the command line asks of the service."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class RequestFailed(Exception):
    """What the service said is wrong, in its own words."""


def connect(url: str) -> httpx.AsyncClient:
    """A client without a proxy in between: the service is near. Raises RequestFailed."""
    try:
        return httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)
    except httpx.InvalidURL as error:
        raise RequestFailed(f"{url!r} is no URL: {error}.") from None


def check(response: httpx.Response) -> httpx.Response:
    """The response, unless it is a problem. Raises RequestFailed."""
    if response.is_success:
        return response
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"{response.status_code} from {response.request.url}"
    raise RequestFailed(detail)


async def ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The JSON that the service answers. Raises RequestFailed."""
    try:
        answer: dict[str, Any] = check(await client.request(method, path, json=body)).json()
    except httpx.TransportError as error:
        raise RequestFailed(f"No service answers at {client.base_url} ({error}). Is it up? --url says where.") from None
    except ValueError:
        raise RequestFailed(f"What answers at {client.base_url} is not this service. --url says where it is.") from None
    return answer


async def wait_until_ready(url: str) -> None:
    """Returns when every part of the service answers."""
    async with connect(url) as client:
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
