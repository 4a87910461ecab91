"""One browser for all the pages, a site that embeds the chat, and a trace of what failed."""

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from bot.settings import ROOT
from tests.web.chat import ANSWER_MS, OpenPage

HOST_PAGES = Path(__file__).parent / "widget_host"
TRACES = ROOT / "var" / "traces"
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COLLECT_VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation",
        (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


# Closed with these tests: the driver's event loop would stop asynchronous ones.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        reason = "no Chromium is installed: these tests need a real browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens an address in a browser of its own; fails the test on any script error.

    Of a test that failed a trace is kept in var/traces: `playwright show-trace FILE`.
    """
    contexts = []
    errors: list[str] = []

    def open_address(
        address: str, *, width: int = 1100, height: int = 850, **settings: Any
    ) -> Page:
        settings = {"reduced_motion": "reduce"} | settings
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        context.set_default_timeout(ANSWER_MS)
        context.tracing.start(snapshots=True)
        context.add_init_script(COLLECT_VIOLATIONS)
        # The one outside site the widget ever goes to stands in for itself.
        context.route("https://www.bbc.co.uk/**", answer_weather)
        context.route("https://www.example.org/**", answer_weather)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_address
    for number, context in enumerate(contexts):
        failed = request.node.stash.get(FAILED, False) or errors
        kept = TRACES / f"{request.node.name}-{number}.zip".replace("/", "-")
        context.tracing.stop(path=kept if failed else None)
        context.close()
    assert errors == []


def answer_weather(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>Weather</title>", content_type="text/html")


class HostSite(SimpleHTTPRequestHandler):
    """Another organisation's site: its policy allows the widget's origin and itself."""

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
