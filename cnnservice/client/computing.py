"""What takes long: the service answers 202 and where to look; it is followed to its end and asked for again."""

from __future__ import annotations

import httpx

from cnnservice.client.following import follow
from cnnservice.client.transport import Parameters, Transport


def computed(transport: Transport, path: str, parameters: Parameters) -> httpx.Response:
    """What is at a path, waited for if it has to be computed first. Raises ProblemError, also when that fails."""
    response = transport.get(path, parameters)
    while response.status_code == 202:
        links = transport.json(response)["links"]
        for _ in follow(transport, links["events"]):
            pass
        response = transport.get(links["result"])
    return response
