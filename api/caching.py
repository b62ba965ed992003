"""Conditional requests: what is drawn is a function of the weights and the parameters, so its ETag needs no drawing."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version

from fastapi import Request, Response
from pydantic import BaseModel

from api.keyring import key_in
from cnnservice.models import EpochName

_VERSION = version("cnnservice")
_FOREVER = "max-age=31536000, immutable"


def forever(request: Request) -> str:
    """Cache-Control of what never changes. What only some may see is kept by their own browser alone."""
    return f"{'public' if key_in(request.scope) is None else 'private'}, {_FOREVER}"


class Conditional:
    """One request for something immutable, under the strong tag of its answer."""

    def __init__(self, request: Request, asked: EpochName, identity: str, parameters: BaseModel | None = None) -> None:
        """identity names the stored bytes the answer is made of; parameters are the query's.

        `epoch` is not among them: it is resolved into identity, so that `last` and its number share a tag; nor is
        `wait`, which changes no answer.
        """
        query = parameters.model_dump(mode="json", exclude={"epoch", "wait"}) if parameters is not None else {}
        parts = [_VERSION, request.url.path, identity, query]
        self.tag = f'"{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]}"'
        self._known = request.headers.get("if-none-match", "")
        self._headers = {"ETag": self.tag, "Cache-Control": "no-cache" if asked == "last" else forever(request)}

    def not_modified(self) -> Response | None:
        """304 when the client has these very bytes already, else None."""
        tags = {candidate.strip().removeprefix("W/") for candidate in self._known.split(",")}
        return Response(status_code=304, headers=self._headers) if tags & {self.tag, "*"} else None

    def respond(self, content: bytes | str | BaseModel, media_type: str) -> Response:
        """The answer, with what lets it be kept."""
        body = content.model_dump_json(by_alias=True) if isinstance(content, BaseModel) else content
        return Response(body, media_type=media_type, headers=self._headers)
