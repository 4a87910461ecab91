"""One browser for all tests of the web chat, and a site of another origin that embeds it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import run_browser

HOST_PAGES = Path(__file__).parent / "widget_host"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with run_browser() as browser:
        yield browser


class HostSite(SimpleHTTPRequestHandler):
    """Another organisation's site. Its Content-Security-Policy allows the widget's origin."""

    app_url = ""

    def send_head(self) -> Any:
        if not self.path.split("?")[0].endswith(".html"):
            return super().send_head()
        page = (HOST_PAGES / self.path.split("?")[0].lstrip("/")).read_text(encoding="utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self' {self.app_url}; connect-src {self.app_url}; "
            "style-src 'self'; base-uri 'none'; form-action 'none'; "
            "require-trusted-types-for 'script'",
        )
        self.end_headers()
        self.wfile.write(page.replace("{{APP}}", self.app_url).encode())
        return None

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture(scope="package")
def host_url(app_url: str) -> Iterator[str]:
    handler = type("Host", (HostSite,), {"app_url": app_url.rstrip("/")})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=HOST_PAGES)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
