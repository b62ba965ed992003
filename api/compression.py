"""Text is sent compressed to clients that can read it so.

Starlette's own middleware leaves the ETag as it is: one strong tag for two contents, which RFC 9110 (8.8.3) rules out.
Here the compressed form has a tag of its own, `"…-gzip"`, and both are strong, as the contract promises: zlib makes the
same bytes of the same bytes. A weak tag would have done for If-None-Match alone; but a client would then find another
kind of tag than the contract names, depending on its Accept-Encoding.
"""

from __future__ import annotations

import re
import zlib

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.negotiation import qualities

# Measured: 259 kB of activations as JSON become 63 kB in 1.3 ms; at level 6, 56 kB in 7.8 ms.
_LEVEL = 1
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
# From here on, half a millisecond or more, it is done in a thread; zlib lets others run meanwhile.
_THREAD_BYTES = 64 << 10
_TEXT = re.compile(rb"text/(?!event-stream)|application/(?:json|javascript|xml)\b|[a-z]+/[^;]+\+(?:json|xml)\b")
_GZIP_TAG = b'-gzip"'
# Without content, whatever the type that FastAPI names; and a part of what was compressed would be no part of it.
_AS_THEY_ARE = (204, 206)

Headers = list[tuple[bytes, bytes]]


class Compression:
    """gzip for text that is long enough; pictures, arrays, weights and event streams pass as they are.

    If-None-Match is understood with the tags of both forms, whatever form the client would now be sent: what it has
    is still the answer, in the coding that it came in.
    """

    def __init__(self, app: ASGIApp, *, min_bytes: int) -> None:
        self._app, self._min_bytes = app, min_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = known = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted += b"," + value
            elif name == b"if-none-match":
                known += b"," + value
        if _GZIP_TAG in known:
            others = [header for header in scope["headers"] if header[0] != b"if-none-match"]
            # The routes know of the tag without the suffix alone.
            scope = {**scope, "headers": [*others, (b"if-none-match", known[1:].replace(_GZIP_TAG, b'"'))]}
        await self._app(scope, receive, _Answer(send, self._min_bytes, accepted, known))


def _wants_gzip(accepted: bytes) -> bool:
    wanted = qualities(accepted.decode("latin-1"))
    quality = wanted.get("gzip", wanted.get("*", 0.0))
    return quality > 0 and quality >= wanted.get("identity", 0.0)


class _Answer:
    """Sends one answer, compressed where it is to be."""

    def __init__(self, send: Send, min_bytes: int, accepted: bytes, known: bytes) -> None:
        self._send, self._min_bytes, self._accepted, self._known = send, min_bytes, accepted, known
        self._start: Message | None = None
        self._compressor: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        """ASGI's send."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._compressor is not None and message["type"] == "http.response.body":
            await self._compress(message)
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        headers: Headers = list(message.get("headers", ()))
        found = dict(headers)
        if message["status"] == 304:
            tag = found.get(b"etag", b"")
            # The tag is that of the form the client has. What it has may be a picture, without a second form.
            if _of_gzip(tag) in self._known:
                message = {**message, "headers": _varied(_replaced(headers, b"etag", _of_gzip(tag)))}
        elif message["status"] not in _AS_THEY_ARE and _is_text(found):
            headers = _varied(headers)
            message = {**message, "headers": headers}
            long_enough = int(found.get(b"content-length", self._min_bytes)) >= self._min_bytes
            if long_enough and _wants_gzip(self._accepted):
                self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
                headers.append((b"content-encoding", b"gzip"))
                if b"etag" in found:
                    message["headers"] = _replaced(headers, b"etag", _of_gzip(found[b"etag"]))
                # Held back until it is known how long the compressed answer is.
                self._start = message
                return
        await self._send(message)

    async def _compress(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) < _THREAD_BYTES:
            compressed = self._deflated(body, more)
        else:
            compressed = await run_in_threadpool(self._deflated, body, more)
        if self._start is not None:
            headers = [header for header in self._start["headers"] if header[0] != b"content-length"]
            if not more:
                headers.append((b"content-length", str(len(compressed)).encode()))
            await self._send({**self._start, "headers": headers})
            self._start = None
        await self._send({**message, "body": compressed})

    def _deflated(self, body: bytes, more: bool) -> bytes:
        assert self._compressor is not None
        return self._compressor.compress(body) + (b"" if more else self._compressor.flush())


def _is_text(headers: dict[bytes, bytes]) -> bool:
    return b"content-encoding" not in headers and _TEXT.match(headers.get(b"content-type", b"")) is not None


def _of_gzip(tag: bytes) -> bytes:
    return tag.removesuffix(b'"') + _GZIP_TAG


def _replaced(headers: Headers, name: bytes, value: bytes) -> Headers:
    return [(known, value if known == name else old) for known, old in headers]


def _varied(headers: Headers) -> Headers:
    said = [value for name, value in headers if name == b"vary"]
    return [*(header for header in headers if header[0] != b"vary"), (b"vary", b", ".join([*said, b"Accept-Encoding"]))]
