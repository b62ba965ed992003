"""What stands before a bucket and keeps its quota: S3's own servers answer 507 to what they have no room for."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

_NO_ROOM = b"<Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold.</Message></Error>"  # noqa: E501
_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


class Gate:
    """Passes every request on; while `full` is set, it takes half of what is to be written and refuses it then."""

    def __init__(self, endpoint: str) -> None:
        self.full = threading.Event()
        behind, full = urlsplit(endpoint).netloc, self.full

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if full.is_set() and self.command in ("PUT", "POST"):
                    self.rfile.read(length // 2)
                    self._answer(507, {}, _NO_ROOM)
                    self.close_connection = True
                    return
                connection = HTTPConnection(behind, timeout=60)
                connection.request(self.command, self.path, self.rfile.read(length), dict(self.headers))
                answer = connection.getresponse()
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
                self._answer(answer.status, headers, answer.read())
                connection.close()

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response_only(status)
                # Of what is asked for by HEAD, the length is told and nothing sent.
                if not (self.command == "HEAD" and any(name.lower() == "content-length" for name in headers)):
                    headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
                    headers["Content-Length"] = str(len(body))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Gate:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
