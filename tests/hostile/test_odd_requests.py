"""Whatever comes instead of HTTP, or is HTTP and makes no sense, has an answer that says so, and harms nothing."""

from __future__ import annotations

import pytest

from live import Stack

from .sockets import ask

HEAD = b"Host: localhost\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"
PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhello\r\n--B--\r\n'


def get(path: bytes, *headers: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def post(path: bytes, content: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n%b\r\n%b" % (path, HEAD, len(content), lines, content)


def job(text: bytes) -> bytes:
    return post(b"/v1/jobs", text, JSON[:-2])


def form(content: bytes, kind: bytes = b"boundary=B") -> bytes:
    return post(b"/v1/images", content, b"Content-Type: multipart/form-data; " + kind)


RATE = b'{"dataset":"mnist","compile":{"optimizer":{"name":"sgd","learning_rate":%b}}}'
IMAGE = b"/v1/datasets/mnist/test/0.png"
MALFORMED = {
    "nothing of HTTP": b"\x16\x03\x01\x02\x00\x01\x00" + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a byte in the path": get(b"/v1/jobs/\xff"),
    "NUL in the path": get(b"/v1/jobs/\0"),
    "a line in a header": get(b"/healthz", b"X-Request-Id: a\r\n\tb"),
    "no colon": get(b"/healthz", b"hello"),
    "space in a name": get(b"/healthz", b"X Y: 1"),
    "bare newlines": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "length below zero": b"POST /v1/jobs HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n",
    "length beyond all": b"POST /v1/jobs HTTP/1.1\r\n" + HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "two lengths": post(b"/v1/jobs", b"{}", JSON[:-2], b"Content-Length: 3"),
    "a length and chunks": post(b"/v1/jobs", b"2\r\n{}\r\n0\r\n\r\n", JSON[:-2], b"Transfer-Encoding: chunked"),
    "an unknown coding": b"POST /v1/jobs HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a chunk of no length": b"POST /v1/jobs HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "CONNECT": b"CONNECT example.org:443 HTTP/1.1\r\n" + HEAD + b"\r\n",
}
# Each with the statuses that fit.
ODD: dict[str, tuple[bytes, set[int]]] = {
    "out of the root": (get(b"/v1/../../etc/passwd"), {404}),
    "out of the page": (get(b"/page/..%2f..%2fmain.py"), {404}),
    "slash in an id": (get(b"/v1/jobs/a%2Fb"), {404}),
    "NUL in an id": (get(b"/v1/jobs/%00"), {404}),
    "NUL in a layer": (get(b"/v1/models/x/layers/%00/filters.png"), {404}),
    "no UTF-8 in an id": (get(b"/v1/jobs/%ff%fe"), {404}),
    "NUL in a tag": (get(b"/v1/jobs?tag=%00"), {200}),
    "no UTF-8 in a tag": (get(b"/v1/jobs?tag=%ff"), {200}),
    "said twice": (get(b"/v1/jobs?limit=1&limit=2"), {200, 422}),
    "infinite": (get(b"/v1/jobs?limit=1e400"), {422}),
    "greater than all": (get(b"/v1/jobs?limit=" + b"9" * 5000), {422}),
    "an index of 70 bits": (get(b"/v1/datasets/mnist/test/1180591620717411303424.json"), {404}),
    "a seed of 70 bits": (get(b"/v1/datasets/mnist/test/images.png?seed=1180591620717411303424"), {200, 422}),
    "digits of another script": (get(b"/v1/jobs?limit=%D9%A1"), {200, 422}),
    "a whole URL": (get(b"http://example.org/healthz"), {200}),
    "a slash at the end": (get(b"/v1/jobs/").replace(b"localhost", b"evil.example"), {404}),
    "two slashes": (get(b"//evil.example/v1/jobs"), {404}),
    "TRACE": (b"TRACE /v1/jobs HTTP/1.1\r\n" + HEAD + b"\r\n", {405}),
    "OPTIONS of all": (b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"\r\n", {404}),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", {200}),
    "a host of its own": (get(b"/v1/jobs?limit=1").replace(b"localhost", b'a b"<script>'), {200}),
    "WebSocket": (get(b"/v1/jobs?limit=1", b"Connection: Upgrade", b"Upgrade: websocket"), {200}),
    "HTTP/2 by upgrade": (get(b"/healthz", b"Connection: Upgrade", b"Upgrade: h2c"), {200}),
    "a range": (get(IMAGE, b"Range: bytes=0-3"), {200}),
    "five thousand ranges": (get(IMAGE, b"Range: bytes=" + b"0-," * 5000), {200}),
    "Accept of nothing": (get(b"/v1/datasets", b"Accept: ;;;,,,q=9", b"Accept-Encoding: gzip;q=nan,\xff"), {200}),
    "ETags of anything": (get(IMAGE, b'If-None-Match: W/"\xff, "'), {200, 304}),
    "nine thousand ETags": (get(IMAGE, b"If-None-Match: " + b'"a",' * 9000), {200}),
    "last event": (get(b"/v1/jobs/x/events", b"Last-Event-ID: 99999999999999999999-\xff"), {404, 422}),
    "request id": (get(b"/healthz", b"X-Request-Id: a\tb\xff<script>"), {200}),
    "who asks": (get(b"/healthz", b"Authorization: Bearer \xff", b"X-Forwarded-Proto: evil:", b"Origin: \xff"), {200}),
    "deep lists": (job(b"[" * 100_000), {400, 422}),
    "deep objects": (job(b'{"a":' * 100_000), {400, 422}),
    "deep architecture": (job(b'{"dataset":"mnist","architecture":' + b'{"layers":[' * 99 + b"]}" * 99 + b"}"), {422}),
    "no number": (job(b'{"dataset":"mnist","epochs":NaN}'), {400, 422}),
    "no number for a rate": (job(RATE % b"NaN"), {422}),
    "an infinite rate": (job(RATE % b"1e400"), {422}),
    "five thousand digits": (job(b'{"dataset":"mnist","epochs":' + b"9" * 5000 + b"}"), {400, 422}),
    "70 bits": (job(b'{"dataset":"mnist","seed":1180591620717411303424}'), {422}),
    "an epoch of 70 bits": (
        job(b'{"dataset":"mnist","continue_from":{"model_id":"x","epoch":1180591620717411303424}}'),
        {422},
    ),
    "said twice, with no data set the second time": (job(b'{"dataset":"mnist","dataset":"none"}'), {422}),
    "half a character for a name": (job(b'{"dataset":"mnist","\\ud800":1}'), {422}),
    "half a character for a value": (job(b'{"dataset":"\\ud800"}'), {422}),
    "NUL for a value": (job(b'{"dataset":"\\u0000"}'), {422}),
    "UTF-16": (job('{"dataset":"none"}'.encode("utf-16")), {400, 422}),
    "Latin-1": (job(b'{"dataset":"\xe9"}'), {400, 422}),
    "a wrong charset": (post(b"/v1/jobs", b"{}", b"Content-Type: application/json; charset=undefined"), {422}),
    "packed": (post(b"/v1/jobs", b"\x1f\x8b\x08\0", JSON[:-2], b"Content-Encoding: gzip"), {400, 415, 422}),
    "a form for JSON": (post(b"/v1/jobs", PART, b"Content-Type: multipart/form-data; boundary=B"), {400, 415, 422}),
    "two kinds": (post(b"/v1/images", PART, b"Content-Type: text/plain", b"Content-Type: multipart/form-data"), {422}),
    "no boundary": (form(PART, b"x=y"), {400}),
    "a boundary of ten thousand": (form(PART, b"boundary=" + b"B" * 10_000), {400}),
    "no name": (form(PART.replace(b'name="file"; ', b"")), {400}),
    "a charset that reads nothing": (form(PART.replace(b'"x"', b'"\xff"'), b"boundary=B; charset=undefined"), {400}),
    "a charset that is none": (form(PART, b"boundary=B; charset=rot13"), {400, 422}),
    "a long header of a part": (form(PART.replace(b"\r\n\r\n", b"\r\nX: " + b"a" * 5_000_000 + b"\r\n\r\n", 1)), {400}),
    "many headers of a part": (form(PART.replace(b"\r\n\r\n", b"\r\nX: a" * 500_000 + b"\r\n\r\n", 1)), {400}),
    "a file name in pieces": (form(PART.replace(b'filename="x"', b"filename*0=a; filename*999999999=b")), {400, 422}),
}  # fmt: skip


def test_what_is_no_http_is_told_so(stack: Stack) -> None:
    for what, request in MALFORMED.items():
        answer = ask(stack.url, request)
        assert answer is not None, what
        assert answer.status == 400, (what, answer)
        assert answer.problem["type"] == "/problems/bad-request", what


def test_what_is_http_and_odd_is_answered(stack: Stack) -> None:
    for what, (request, statuses) in ODD.items():
        answer = ask(stack.url, request)
        assert answer is not None, what
        assert answer.status in statuses, (what, answer)
        if answer.status >= 400:
            assert answer.problem["detail"], what
        # Nothing that was sent is a header of the answer.
        assert not any("script" in value or "evil" in value for value in answer.headers.values()), (
            what,
            answer.headers,
        )


@pytest.mark.parametrize("route", [b"/predictions", b"/activations?layer=FC1"])
def test_a_form_that_a_route_reads_itself_is_answered_alike(stack: Stack, tiny_model: str, route: bytes) -> None:
    for what, (request, statuses) in ODD.items():
        if b"multipart" in request and b"/v1/images" in request:
            answer = ask(stack.url, request.replace(b"/v1/images", tiny_model.encode() + route))
            assert answer is not None, what
            assert answer.status in statuses | {415, 422}, (what, answer)
            assert answer.problem["detail"], what


def test_a_head_beyond_the_limit_is_refused_and_one_below_it_is_read(stack: Stack) -> None:
    limit = stack.settings.max_head_bytes
    for head in (b"X: " + b"a" * (limit - 500), b"\r\n".join([b"X: a"] * (limit // 6 - 100))):
        answer = ask(stack.url, get(b"/healthz", head))
        assert answer is not None
        assert answer.status == 200
    for head in (b"X: " + b"a" * (20 * limit), b"\r\n".join([b"X: a"] * 4 * limit)):
        answer = ask(stack.url, get(b"/healthz", head))
        # What is still being sent when the connection is closed may take the answer with it.
        assert answer is None or answer.problem["type"] == "/problems/head-too-large", answer
