"""Which answers are sent compressed, and under which tag."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.compression import Compression

MIN_BYTES = 100
TAG = '"0123"'


def answer(request: Request) -> Response:
    """As many bytes of a type as are asked for, in so many pieces, or 304 to who has them."""
    size, pieces = int(request.query_params["size"]), int(request.query_params.get("pieces", "1"))
    headers = {"ETag": TAG, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") in (TAG, f"W/{TAG}"):
        return Response(status_code=304, headers=headers)
    if size == 0:
        # As FastAPI answers a DELETE: without content, and so without its length, but with a type.
        empty = Response(status_code=204, headers={"Content-Type": request.query_params["type"]})
        assert "content-length" not in empty.headers
        return empty
    content = bytes(index % 7 + 65 for index in range(size))
    if pieces == 1:
        return Response(content, media_type=request.query_params["type"], headers=headers)

    def chunks() -> Iterator[bytes]:
        for start in range(0, size, -(-size // pieces)):
            yield content[start : start + -(-size // pieces)]

    return StreamingResponse(chunks(), media_type=request.query_params["type"], headers=headers)


@pytest.fixture
def client() -> TestClient:
    app = Starlette(routes=[Route("/", answer)])
    app.add_middleware(Compression, min_bytes=MIN_BYTES)
    return TestClient(app)


def ask(
    client: TestClient, media_type: str, size: int, accept: str | None = "gzip", *, pieces: int = 1, known: str = ""
) -> tuple[bytes, httpx.Response]:
    """The bytes on the wire, and the answer."""
    headers = {"Accept-Encoding": accept or "", **({"If-None-Match": known} if known else {})}
    query = {"type": media_type, "size": size, "pieces": pieces}
    with client.stream("GET", "/", params=query, headers=headers) as response:
        return b"".join(response.iter_raw()), response


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/problem+json",
        "application/x-ipynb+json",
        "text/html; charset=utf-8",
        "text/csv",
        "text/css",
        "text/javascript",
        "application/javascript",
        "text/plain; version=1.0.0",
        "image/svg+xml",
    ],
)
def test_text_is_compressed_from_the_least_size_on(client: TestClient, media_type: str) -> None:
    wire, whole = ask(client, media_type, MIN_BYTES)
    assert (whole.headers["content-encoding"], whole.headers["content-length"]) == ("gzip", str(len(wire)))
    assert gzip.decompress(wire) == bytes(index % 7 + 65 for index in range(MIN_BYTES))
    wire, short = ask(client, media_type, MIN_BYTES - 1)
    assert ("content-encoding" in short.headers, len(wire)) == (False, MIN_BYTES - 1)
    assert {whole.headers["vary"], short.headers["vary"]} == {"Accept-Encoding"}
    assert (whole.headers["etag"], short.headers["etag"]) == ('"0123-gzip"', TAG)


@pytest.mark.parametrize(
    "media_type",
    ["image/png", "image/gif", "image/webp", "application/octet-stream", "text/event-stream; charset=utf-8"],
)
def test_what_is_compressed_already_or_live_passes_as_it_is(client: TestClient, media_type: str) -> None:
    wire, response = ask(client, media_type, 5000)
    assert len(wire) == 5000
    assert (response.headers["etag"], response.headers["content-length"]) == (TAG, "5000")
    assert not {"content-encoding", "vary"} & set(response.headers)


@pytest.mark.parametrize(
    ("accept", "compressed"),
    [
        (None, False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip, deflate, br, zstd", True),
        ("GZip;q=0.1", True),
        ("*", True),
        ("br;q=1, *;q=0.1", True),
    ],
)
def test_only_a_client_that_takes_gzip_gets_it(client: TestClient, accept: str | None, compressed: bool) -> None:
    _, response = ask(client, "application/json", 5000, accept)
    assert ("content-encoding" in response.headers) == compressed
    assert response.headers["etag"] == ('"0123-gzip"' if compressed else TAG)
    assert response.headers["vary"] == "Accept-Encoding"


def test_an_answer_in_pieces_and_a_large_one_are_whole(client: TestClient) -> None:
    expected = bytes(index % 7 + 65 for index in range(500_000))
    for pieces in (1, 3):
        wire, response = ask(client, "text/csv", 500_000, pieces=pieces)
        assert gzip.decompress(wire) == expected
        assert ("content-length" in response.headers) == (pieces == 1)


@pytest.mark.parametrize("accept", ["gzip", None])
@pytest.mark.parametrize("form", [TAG, '"0123-gzip"', 'W/"0123-gzip"', 'W/"0123"'])
def test_either_form_that_a_client_has_is_still_good(client: TestClient, form: str, accept: str | None) -> None:
    wire, response = ask(client, "application/json", 5000, accept, known=form)
    assert (response.status_code, wire) == (304, b"")
    # The tag says which of the client's is meant.
    assert response.headers["etag"] == form.removeprefix("W/")
    other = ask(client, "application/json", 5000, accept, known='"4567-gzip"')[1]
    assert other.status_code == 200


def test_an_answer_without_content_stays_without(client: TestClient) -> None:
    wire, response = ask(client, "application/json", 0)
    assert (response.status_code, wire) == (204, b"")
    assert "content-encoding" not in response.headers
