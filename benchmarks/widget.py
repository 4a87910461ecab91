"""The time from a click to the first reply on the screen, and the bytes loaded for it.

The peer is `deep-chat`, installed by npm into the temporary folder. Both widgets use the same
address of the same server, which answers at once, so that only the widgets differ. Each visit is
a browser's first: its cache is empty.
"""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvicorn
from fastapi.responses import FileResponse, HTMLResponse
from playwright.sync_api import Browser, sync_playwright
from starlette.routing import Route

from benchmarks.tables import LeftOutError, Table
from benchmarks.timing import Timings
from bot.health import Health
from bot.messages import Message, Reply, Text
from bot.web.app import create_app

_PEER = "deep-chat"
_VERSION = "2.4.2"
_ANSWER = "Message received."
_INSTALL_TIMEOUT = 120
_OURS = "ours"

_PAGE = """<!doctype html><html lang="en"><title>Library</title>
<main><h1>Library</h1><button id="talk">Talk to us</button></main>
<script>
const begin = %s;
document.getElementById("talk").addEventListener("click", () => {
  const clicked = performance.now();
  const root = begin();
  const look = () => {
    if (root()?.textContent.includes("%s")) window.taken = performance.now() - clicked;
    else requestAnimationFrame(look);
  };
  look();
});
</script></html>"""
# On the click, each loads its script, shows the chat and gets one reply.
_BEGIN_OURS = """() => {
  const script = document.createElement("script");
  script.src = "/widget.js";
  document.body.append(script);
  const find = () => document.querySelector("community-connector");
  customElements.whenDefined("community-connector").then(() => find().open());
  return () => find()?.shadowRoot?.querySelector(".log");
}"""
_BEGIN_PEER = """() => {
  const script = document.createElement("script");
  Object.assign(script, { type: "module", src: "/peer.js" });
  document.body.append(script);
  let chat;
  customElements.whenDefined("deep-chat").then(() => {
    chat = document.createElement("deep-chat");
    chat.connect = { url: "/api/chat", method: "POST" };
    chat.requestInterceptor = (details) => {
      details.body = { conversation: null, message: { text: details.body.messages[0].text } };
      return details;
    };
    chat.responseInterceptor = ({ replies }) => ({ text: replies[0].text });
    // On a slow processor it is rendered before it accepts messages, so this is repeated.
    const ask = () => {
      if (chat.shadowRoot.textContent.includes("hello")) return;
      chat.submitUserMessage?.({ text: "hello" });
      setTimeout(ask, 20);
    };
    chat.onComponentRender = ask;
    document.body.append(chat);
    setTimeout(ask, 20);
  });
  return () => chat?.shadowRoot;
}"""
# Lighthouse's phone: a slow 4G line and a processor a quarter as fast.
_PHONE = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
_CPU_SLOWDOWN = 4


class _InstantReplies:
    """A conversation that answers at once and stores nothing."""

    async def answer(self, _sender: str, _message: Message, **_options: object) -> list[Reply]:
        return [Text(_ANSWER)]

    async def forget(self, _sender: str) -> None:
        return None


def measure(folder: Path, *, quick: bool) -> list[Table]:
    """One table: bytes and times of both widgets. Raises LeftOutError."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        raise LeftOutError("no Chromium is installed")
    bundle = _install(folder)
    rounds = 3 if quick else 15
    with _serve(bundle) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        visits: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}
        for number in range(-1, rounds):
            for phone in (False, True):
                for name in (_OURS, _PEER) if number % 2 else (_PEER, _OURS):
                    visit = _visit(browser, f"{url}/{name}", phone=phone)
                    if number >= 0:
                        visits.setdefault((name, phone), []).append(visit)
        browser.close()
    return [_tabulate(visits, rounds)]


def _install(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise LeftOutError(f"npm, which installs {_PEER}, is missing")
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder]
    try:
        process = subprocess.run(
            [*command, f"{_PEER}@{_VERSION}"], capture_output=True, timeout=_INSTALL_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise LeftOutError(f"{_PEER} did not install in {_INSTALL_TIMEOUT} s") from None
    bundle = folder / "node_modules" / _PEER / "dist" / "deepChat.bundle.js"
    if process.returncode or not bundle.exists():
        raise LeftOutError(f"{_PEER} {_VERSION} could not be installed by npm")
    return bundle


@contextmanager
def _serve(bundle: Path) -> Iterator[str]:
    app = create_app(
        _InstantReplies(),
        origins=[],
        secret=b"unused",
        health=Health(str, {}),
    )
    # deep-chat writes styles into the page, which our own policy forbids.
    lenient = {
        "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
    }
    for name, begin in ((_OURS, _BEGIN_OURS), (_PEER, _BEGIN_PEER)):
        page = HTMLResponse(_PAGE % (begin, _ANSWER), headers=lenient)
        app.routes.insert(0, Route(f"/{name}", lambda _request, page=page: page))
    app.routes.insert(0, Route("/peer.js", lambda _request: FileResponse(bundle)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _visit(browser: Browser, address: str, *, phone: bool) -> tuple[float, int, int]:
    """Seconds from the click to the reply, and the bytes and requests that were loaded."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(address)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    if phone:
        session.send("Network.emulateNetworkConditions", {"offline": False, **_PHONE})
        session.send("Emulation.setCPUThrottlingRate", {"rate": _CPU_SLOWDOWN})
    page.click("#talk")
    page.wait_for_function("window.taken", timeout=20_000)
    milliseconds: float = page.evaluate("window.taken")
    context.close()
    return milliseconds / 1000, sum(sizes), len(sizes)


def _tabulate(visits: dict[tuple[str, bool], list[tuple[float, int, int]]], rounds: int) -> Table:
    def get_timings(name: str, *, phone: bool) -> Timings:
        return Timings(np.array([[seconds for seconds, _, _ in visits[name, phone]]]))

    rows = []
    for name in (_OURS, _PEER):
        _, size, requests = visits[name, False][-1]
        desktop, phone = get_timings(name, phone=False), get_timings(name, phone=True)
        rows.append(
            (
                name if name == _OURS else f"{name} {_VERSION}",
                f"{size / 1000:.1f}",
                str(requests),
                *(f"{value:.0f}" for value in (desktop.p50, desktop.p95, phone.p50, phone.p95)),
            )
        )
    columns = ("widget", "kB", "requests", "p50 ms", "p95 ms", "phone p50 ms", "phone p95 ms")
    return Table(
        "Widget, from a click to the first reply",
        columns,
        tuple(rows),
        f"{rounds} first visits each, in turn. kB and requests were loaded over the network, "
        "compressed, including the reply. The phone has a processor a quarter as fast and a slow "
        "4G line (150 ms, 1.6 Mbit/s).",
    )
