"""What a request must come with where keys have been made, and how it is turned away."""

from __future__ import annotations

from typing import Any

from api.document.walk import Document
from api.gate import NotGranted, needed_scope
from api.messenger import BrokerAway
from api.problem_types import DATABASE
from api.problems import problems
from api.rates import TooManyRequests
from api.sessions import COOKIE, UnknownSession
from cnnservice.keys import BadKey

_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "an API key, `cnn_<id>_<secret>`; needed where keys have been made",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "from `POST /v1/session`, for what sends no header; good for what needs the scope `read` alone",
    },
}


def add_security(document: Document) -> None:
    """The schemes, which of them each operation takes, and the problems of who comes without."""
    document["components"]["securitySchemes"] = _SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            needed = needed_scope(method.upper(), path)
            if needed is None:
                continue
            reads = needed == "read"
            # Nothing is needed before the first key has been made.
            operation["security"] = [{}, {"key": [needed]}, *([{"session": []}] if reads else [])]
            turned_away = (
                BadKey,
                NotGranted,
                TooManyRequests,
                DATABASE,
                *((UnknownSession, BrokerAway) if reads else ()),
            )
            for status, response in problems(*turned_away).items():
                _merge(operation["responses"], str(status), response)


def _merge(responses: dict[str, Any], status: str, response: dict[str, Any]) -> None:
    """Add the kinds of a response to those that an operation has already."""
    if status not in responses:
        responses[status] = response
        return
    contents = responses[status]["content"]
    ((media_type, added),) = response["content"].items()
    here = contents.setdefault(media_type, added)["schema"]
    kinds = {kind["$ref"]: kind for schema in (here, added["schema"]) for kind in schema.get("oneOf", [schema])}
    ordered = [kinds[reference] for reference in sorted(kinds)]
    contents[media_type]["schema"] = ordered[0] if len(ordered) == 1 else {"oneOf": ordered}
