"""What the Python client says when something is wrong."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from cnnservice.client import (
    BadAddress,
    Client,
    Job,
    Model,
    NoAnswer,
    NoSuchForm,
    NotThisService,
    ProblemError,
    following,
)
from live import free_port


def test_a_refusal_is_an_error_in_the_services_words(service: Client, client: httpx.Client, small_cnn: Model) -> None:
    raw = client.post("/v1/jobs", json={"dataset": "mnist", "epochs": 0, "seed": -1}).json()
    with pytest.raises(ProblemError) as refused:
        service.train("mnist", epochs=0, seed=-1)
    error = refused.value
    assert (error.status, error.type, error.title, error.detail) == (422, raw["type"], raw["title"], raw["detail"])
    assert [(field.pointer, field.detail) for field in error.errors] == [
        (field["pointer"], field["detail"]) for field in raw["errors"]
    ]
    for text in (raw["detail"], "/epochs", "/seed"):
        assert text in str(error)
    with pytest.raises(ProblemError, match=r"Conv9.*Conv1"):
        _ = small_cnn.layer("Conv9").filters().image
    with pytest.raises(ProblemError, match=r"\?colour"):
        _ = small_cnn.layer("Conv1").filters(colour="red").image  # type: ignore[call-arg]
    with pytest.raises(NoSuchForm, match="png"):
        _ = small_cnn.confusion().array


def test_where_nothing_answers_the_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with Client(address) as nobody:
        with pytest.raises(NoAnswer, match=f"{address} .*Does it run"):
            nobody.datasets()
        with pytest.raises(NoAnswer):
            nobody.ready()
        monkeypatch.setattr(following, "_PATIENCE", 1)
        document = {"id": "1", "status": "queued", "progress": 0}
        with pytest.raises(NoAnswer, match=address):
            Job(nobody._transport, document).wait()
    for nonsense in ("127.0.0.1:8000", "ftp://here", "", "http://"):
        with pytest.raises(BadAddress):
            Client(nonsense)


def test_another_server_is_told_apart_and_given_the_key() -> None:
    keys = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            status = 502 if self.path == "/v1/datasets" else 200
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"hi")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Client(f"http://127.0.0.1:{server.server_address[1]}", key="secret") as other:
        with pytest.raises(NotThisService, match="200, text/html"):
            other.job("x")
        with pytest.raises(ProblemError, match="502 Bad Gateway"):
            other.datasets()
        with pytest.raises(NotThisService):
            list(Job(other._transport, {"id": "1"}).watch())
    server.shutdown()
    server.server_close()
    assert keys == ["Bearer secret"] * 3
