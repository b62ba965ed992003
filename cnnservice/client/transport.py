"""How the client speaks HTTP: one pool of connections, and errors in the words of the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from httpx_sse import EventSource, connect_sse

from cnnservice.client.problems import BadAddress, NoAnswer, NotThisService, ProblemError, problem_of

# Longer than the service takes for anything before it answers 202, or gives up; a silent event stream has a comment
# every 15 s.
_TIMEOUT = httpx.Timeout(90.0, connect=10.0)
_HERE = ("127.0.0.1", "::1", "localhost")
Parameters = Mapping[str, str]


class Transport:
    """Requests to one service. Raises ProblemError, NoAnswer and NotThisService; BadAddress when it is made."""

    def __init__(self, url: str, key: str | None) -> None:
        try:
            address = httpx.URL(url)
        except (httpx.InvalidURL, TypeError):
            raise BadAddress(url) from None
        if address.scheme not in ("http", "https") or not address.host:
            raise BadAddress(url)
        self.address = str(address).rstrip("/")
        self._http = httpx.Client(
            base_url=address,
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
            timeout=_TIMEOUT,
            # Whatever proxy the environment names, it does not lead to this machine.
            trust_env=address.host not in _HERE,
        )

    def close(self) -> None:
        """Close the connections; what is sent later fails."""
        self._http.close()

    def url(self, path: str, parameters: Parameters) -> str:
        """The whole address of what is at a path."""
        return str(self._http.build_request("GET", path, params=parameters or None).url)

    def get(self, path: str, parameters: Parameters | None = None) -> httpx.Response:
        """What is at a path. A status of 202 is no error."""
        return self._send(self._http.build_request("GET", path, params=parameters or None))

    def get_json(self, path: str, parameters: Parameters | None = None) -> Any:
        """The JSON at a path."""
        return self.json(self.get(path, parameters))

    def post(self, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        """Send JSON; returns the JSON of the answer."""
        return self.json(self._send(self._http.build_request("POST", path, json=body, headers=headers)))

    def send_file(self, path: str, name: str, content: bytes, fields: Mapping[str, str] | None = None) -> Any:
        """Send a file as the part `file` of a form; returns the JSON of the answer."""
        request = self._http.build_request("POST", path, data=dict(fields or {}), files={"file": (name, content)})
        return self.json(self._send(request))

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._send(self._http.build_request("DELETE", path))

    @contextmanager
    def events(self, path: str, last_id: str) -> Iterator[EventSource | None]:
        """An event stream from after an event; None where there is no more to come.

        Unlike the other methods it lets httpx's errors of a connection pass, which who follows takes for a cut.
        """
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with connect_sse(self._http, "GET", path, headers=headers) as source:
            if not source.response.is_success:
                source.response.read()
                raise problem_of(source.response)
            if source.response.status_code == 204:
                yield None
            elif not source.response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise NotThisService(self.address, source.response)
            else:
                yield source

    def json(self, response: httpx.Response) -> Any:
        """The JSON of an answer."""
        try:
            return response.json()
        except ValueError:
            raise NotThisService(self.address, response) from None

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            raise NoAnswer(self.address, error) from error
        if not response.is_success:
            raise problem_of(response)
        return response


def answers(transport: Transport) -> bool:
    """Whether every part of the service answers. Raises NoAnswer."""
    try:
        transport.get("/readyz")
    except ProblemError:
        return False
    return True
