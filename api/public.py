"""What of a request may be written down."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

# Of use to whoever reads a log.
_SECRET = {"ticket"}


def public_query(scope: Scope) -> str:
    """The query without the values of secrets, quoted, so that it is one word on one line."""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return urlencode([(name, "***" if name in _SECRET else value) for name, value in asked], safe="*:")
