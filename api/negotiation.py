"""Which of several forms of an answer a client wants: `Accept` and `Accept-Encoding` (RFC 9110, 12.4 and 12.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import Request

from cnnservice.errors import NotAcceptableError

# Of every answer that was chosen so.
VARY = {"Vary": "Accept"}
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


class NotAcceptable(NotAcceptableError):
    """The client wants none of the forms that there are."""

    def __init__(self, wanted: str, offered: Sequence[str]) -> None:
        super().__init__(f"Accept is {wanted[:200]!r}; here there is {' or '.join(offered)}.")


def qualities(header: str) -> dict[str, float]:
    """How much each of the names in a header is wanted, 0 (not at all) to 1. What is malformed says nothing."""
    wanted: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((text[2:].strip() for text in parameters if text.startswith("q=")), "1")
        if name and _QUALITY.fullmatch(quality):
            wanted[name] = float(quality)
    return wanted


def preferred(request: Request, *offered: str) -> str:
    """The media type, of those offered, that the client likes best; of equals, the first offered.

    The most exact range that fits a type decides. Parameters of ranges are not looked at, as no type here has any.
    Raises NotAcceptable.
    """
    header = ",".join(request.headers.getlist("accept"))
    wanted = qualities(header) or {"*/*": 1.0}

    def quality(media_type: str) -> float:
        ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        return next((wanted[name] for name in ranges if name in wanted), 0.0)

    best = max(offered, key=quality)
    if not quality(best):
        raise NotAcceptable(header, offered)
    return best
