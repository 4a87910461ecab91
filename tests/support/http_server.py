"""A web server on loopback; each test sets its responses."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answering = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, answered as the server's `answering` says."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.requests.append((self.path, dict(self.headers.items())))
        server.answering(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def send(self, body: str | bytes = "", status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """A web server on loopback that records its requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answering: Answering = lambda request: request.send("{}")
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self.thread.start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.shutdown()
    server.server_close()
    server.thread.join()
