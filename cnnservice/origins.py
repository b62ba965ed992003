"""Which origins' pages may read the answers of this service: what a setting says of them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer
from pydantic_settings import NoDecode

ANY = "*"
_ORIGIN = re.compile(r"(https?)://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::([1-9]\d{0,4}))?")
_OWN_PORT = {"http": 80, "https": 443}


def parse_origins(value: object) -> object:
    """A setting's text, origins between commas, as a tuple; empty where it names none.

    Raises ValueError for what no browser would send as an `Origin`, and for `*` beside others.
    """
    if not isinstance(value, str):
        return value
    origins = tuple(part.strip() for part in value.split(",") if part.strip())
    if ANY in origins and len(origins) > 1:
        raise ValueError(f"{ANY!r} stands for every origin, and alone")
    for origin in origins:
        if origin != ANY and not _is_origin(origin):
            raise ValueError(
                f"{origin!r} is no origin: allowed are '*', or scheme://host:port as a browser sends it, with http or "
                "https, a host in lower case, no port that is the scheme's own, no path and no slash at the end, for "
                "instance https://example.org,http://localhost:3000"
            )
    return origins


def _is_origin(text: str) -> bool:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return False
    scheme, port = match.groups()
    return port is None or (int(port) < 1 << 16 and int(port) != _OWN_PORT[scheme])


# Written as it is read, so that a process can hand its settings to another.
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_origins), PlainSerializer(",".join)]
