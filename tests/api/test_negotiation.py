"""What a client wants, by Accept."""

from __future__ import annotations

import pytest
from fastapi import Request

from api.negotiation import NotAcceptable, preferred

CHROMIUM_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
CHROMIUM_PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JSON, PNG = "application/json", "image/png"


def asking(*accept: str) -> Request:
    headers = [(b"accept", value.encode()) for value in accept]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ((), JSON),
        (("",), JSON),
        (("*/*",), JSON),
        (("*/*;q=0.1",), JSON),
        (("image/png",), PNG),
        (("IMAGE/PNG",), PNG),
        (("image/*",), PNG),
        (("image/*;q=0.2",), PNG),
        (("image/png, application/json",), JSON),
        (("image/png", "application/json;q=0.9"), PNG),
        (("image/png;q=0.5, application/json;q=0.4",), PNG),
        (("image/png, */*;q=0.1",), PNG),
        (("application/*;q=0.3, image/*;q=0.7",), PNG),
        (("*/*, application/json;q=0",), PNG),
        (("image/*, image/png;q=0, */*;q=0.1",), JSON),
        (("image/png ; q=0.1 , application/json ; q=0.2",), JSON),
        (("application/json; charset=utf-8",), JSON),
        (("application/json, text/plain, */*",), JSON),
        ((CHROMIUM_IMAGE,), PNG),
        ((CHROMIUM_PAGE,), JSON),
        (("image/png;q=high, application/json;q=0.1",), JSON),
    ],
)
def test_the_form_that_is_liked_best_is_chosen(accept: tuple[str, ...], form: str) -> None:
    assert preferred(asking(*accept), JSON, PNG) == form


@pytest.mark.parametrize("accept", ["text/html", "image/webp", "*/*;q=0", "image/*;q=0, text/*", "png"])
def test_where_nothing_fits_it_is_said_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        preferred(asking(accept), JSON, PNG)
    assert refused.value.detail == f"Accept is {accept!r}; here there is application/json or image/png."
