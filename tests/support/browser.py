"""A real browser whose pages fail the test on any script error.

The fixture `browser` lasts for one module; the tests in tests/web share one browser.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from bot.settings import ROOT
from tests.support.outcomes import has_failed
from tests.support.web_chat import (
    ANSWER_MS,
    OpenPage,
)

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


@contextmanager
def run_browser() -> Iterator[Browser]:
    """Chromium. Close it soon, because the driver's event loop blocks asynchronous tests."""
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with run_browser() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens a URL in a new browser context; fails the test on any script error.

    The trace of a failed test is saved in var/traces: open it with `playwright show-trace FILE`.
    """
    contexts = []
    errors: list[str] = []

    def open_url(url: str, *, width: int = 1100, height: int = 850, **settings: Any) -> Page:
        settings = {"reduced_motion": "reduce"} | settings
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        context.set_default_timeout(ANSWER_MS)
        context.tracing.start(snapshots=True)
        context.add_init_script(COLLECT_VIOLATIONS)
        # Stubs for the only other sites that the widget opens.
        context.route("https://www.bbc.co.uk/**", serve_weather)
        context.route("https://www.example.org/**", serve_weather)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield open_url
    for number, context in enumerate(contexts):
        failed = has_failed(request.node) or errors
        trace = TRACES / f"{request.node.name}-{number}.zip".replace("/", "-")
        context.tracing.stop(path=trace if failed else None)
        context.close()
    assert errors == []


def serve_weather(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>Weather</title>", content_type="text/html")


IMAGES = ROOT / "docs" / "images"


def save_screenshot(page: Page, name: str, folder: Path) -> None:
    """Save a screenshot in the folder, or in docs/images with CONNECTOR_SCREENSHOTS set."""
    if os.environ.get("CONNECTOR_SCREENSHOTS"):
        folder = IMAGES
        folder.mkdir(exist_ok=True)
    picture = page.screenshot(path=folder / name)
    assert len(picture) > 20_000, "the screenshot is nearly empty"
