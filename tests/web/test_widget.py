"""The widget in a real browser: its keys, its words to screen readers, what it forgets.

Each test opens pages of the running application, or of another site that embeds it
under a strict Content-Security-Policy.
"""

import gzip
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

HOST_PAGES = Path(__file__).parent / "widget_host"
SIZE_LIMIT_BYTES = 30_000
ANSWER_MS = 20_000  # a real answer, on a busy machine
GARDENING = "somewhere to do a bit of gardening with other people"
CRISIS = "i dont want to be here anymore"
NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"
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
STORED = "() => Object.keys(sessionStorage).filter((key) => key.startsWith('community-connector'))"
DEEP_FOCUS = """() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
}"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        reason = "no Chromium is installed: these tests need a real browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Closed with the module: the driver's event loop would stop asynchronous tests.
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a browser of its own; fails the test on any script error."""
    contexts = []
    errors: list[str] = []

    def open_address(
        address: str, *, width: int = 1100, height: int = 850, **settings: Any
    ) -> Page:
        settings = {"reduced_motion": "reduce"} | settings
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        context.set_default_timeout(ANSWER_MS)
        context.add_init_script(COLLECT_VIOLATIONS)
        # The one outside site the widget ever goes to stands in for itself.
        context.route("https://www.bbc.co.uk/**", answer_weather)
        context.route("https://www.example.org/**", answer_weather)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_address
    for context in contexts:
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


@pytest.fixture(scope="module")
def host_url(app_url: str) -> Iterator[str]:
    handler = type("Host", (HostSite,), {"app_url": app_url.rstrip("/")})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=HOST_PAGES)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def chat_on(page: Page) -> Locator:
    return page.locator("community-connector")


def start_again_button(chat: Locator) -> Locator:
    # The chat itself may offer a choice of the same name.
    return chat.locator(".head").get_by_role("button", name="Start again")


def answers(chat: Locator) -> Locator:
    return chat.locator(".turn:not(.mine)")


def wait_for_answer(chat: Locator) -> None:
    """Until nothing is on its way: the dots come with the message and go with the answer."""
    expect(chat.locator(".typing")).to_be_hidden(timeout=ANSWER_MS)


def wait_for_greeting(chat: Locator) -> None:
    expect(answers(chat).first).to_be_visible(timeout=ANSWER_MS)
    wait_for_answer(chat)


def say(chat: Locator, text: str) -> None:
    field = chat.get_by_label("Your message")
    field.fill(text)
    field.press("Enter")
    wait_for_answer(chat)


def answer_until_listings(chat: Locator, press: Callable[[Locator], None]) -> None:
    """Skips the questions that come before listings, with `press` for the button."""
    for _ in range(4):
        if chat.get_by_role("article").count():
            break
        press(chat.get_by_role("button", name="Skip", exact=True).last)
        wait_for_answer(chat)
    expect(chat.get_by_role("article").first).to_be_visible()


def find_listings(chat: Locator) -> None:
    say(chat, GARDENING)
    answer_until_listings(chat, lambda button: button.click())


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Presses Tab until the focus is on the target; fails if it never comes there."""
    expect(target).to_be_visible()
    for _ in range(80):
        focused = page.evaluate_handle(DEEP_FOCUS)
        if target.evaluate("(element, focused) => element === focused", focused):
            return
        page.keyboard.press(key)
    raise AssertionError(f"not reached with the keyboard: {target}")


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def assert_no_sideways_scroll(page: Page) -> None:
    for selector in ("html", "community-connector .log", "community-connector .panel"):
        assert_no_sideways_scroll_of(page, selector)


def assert_no_sideways_scroll_of(page: Page, selector: str) -> None:
    overflow = page.locator(selector).first.evaluate("e => e.scrollWidth - e.clientWidth")
    assert overflow <= 0, f"{selector} scrolls {overflow} px sideways"


def test_whole_job_by_keyboard(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    launcher = chat.get_by_role("button", name="Community Connector")
    tab_to(page, launcher)
    page.keyboard.press("Enter")
    field = chat.get_by_label("Your message")
    expect(field).to_be_focused()
    wait_for_greeting(chat)

    page.keyboard.type("a line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and another")
    expect(field).to_have_value("a line\nand another")
    field.fill("")
    page.keyboard.type(GARDENING)
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    wait_for_answer(chat)

    def press(button: Locator) -> None:
        tab_to(page, button, key="Shift+Tab")
        assert button.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        page.keyboard.press("Enter")

    answer_until_listings(chat, press)
    before = answers(chat).count()
    card_button = chat.get_by_role("article").first.get_by_role("button").first
    tab_to(page, card_button)
    page.keyboard.press("Space")
    expect(chat.locator(".mine").last).to_contain_text(card_button.inner_text())
    wait_for_answer(chat)
    assert answers(chat).count() > before

    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()
    expect(field).to_be_hidden()


def test_page_links_come_in_a_sensible_order(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    for target in (
        page.get_by_role("link", name="Skip to the chat"),
        page.get_by_role("link", name="Leave this page quickly"),
        start_again_button(chat),
        chat.get_by_role("log"),
        answers(chat).get_by_role("button").first,
    ):
        page.keyboard.press("Tab")
        expect(target).to_be_focused()
    headings = page.get_by_role("heading").evaluate_all("all => all.map((e) => e.tagName)")
    assert headings[:2] == ["H1", "H2"]


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 320])
def test_axe_finds_nothing_in_the_page(
    app_url: str, open_page: OpenPage, colour_scheme: str, width: int
) -> None:
    page = open_page(app_url, color_scheme=colour_scheme, width=width)
    chat = chat_on(page)
    wait_for_greeting(chat)
    assert_accessible(page)
    find_listings(chat)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    say(chat, CRISIS)
    expect(chat.get_by_role("link", name=re.compile("116 123"))).to_be_visible()
    assert_accessible(page)
    chat.get_by_label("Your message").fill("a" * 1001)
    chat.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("alert")).not_to_be_empty()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize("page_name", ["library.html", "hostile.html"])
def test_axe_finds_nothing_in_other_sites(
    host_url: str, open_page: OpenPage, colour_scheme: str, page_name: str
) -> None:
    page = open_page(f"{host_url}/{page_name}", color_scheme=colour_scheme, width=320)
    chat = chat_on(page)
    launcher = chat.locator(".launcher")
    expect(launcher).to_be_visible()
    assert_accessible(page)
    launcher.click()
    wait_for_greeting(chat)
    assert_accessible(page)
    find_listings(chat)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert page.evaluate("window.violations") == []


def test_forced_colours_keep_edges(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url, forced_colors="active")
    chat = chat_on(page)
    wait_for_greeting(chat)
    for control in (chat.get_by_role("button", name="Send"), chat.get_by_label("Your message")):
        style, width = control.evaluate(
            "e => [getComputedStyle(e).borderStyle, parseFloat(getComputedStyle(e).borderWidth)]"
        )
        assert (style, width >= 1) == ("solid", True)


def test_touch_targets(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html", width=320, has_touch=True, is_mobile=True)
    chat = chat_on(page)
    chat.locator(".launcher").tap()
    wait_for_greeting(chat)
    expect(chat.get_by_role("heading", level=2)).to_be_focused()  # no keyboard over the greeting
    find_listings(chat)
    buttons = chat.get_by_role("button").filter(visible=True)
    small = [
        (button.inner_text(), box)
        for button in buttons.all()
        if (box := button.bounding_box()) and min(box["width"], box["height"]) < 44
    ]
    assert small == []


def test_crisis_answer_stands_out_and_can_be_called(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, CRISIS)
    log = chat.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    samaritans = log.get_by_role("link", name=re.compile("116 123"))
    expect(samaritans).to_be_in_viewport()
    assert re.fullmatch(r"tel:\+?\d+", samaritans.get_attribute("href") or "")
    expect(log.get_by_role("heading", name="Help now")).to_be_visible()


def test_session_survives_reload_and_is_not_read_out_again(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    names = chat.get_by_role("article").get_by_role("heading").all_inner_texts()
    stored = page.evaluate("() => JSON.stringify(sessionStorage)")
    assert GARDENING in stored
    # Stops the clock, so that what is only so for a moment can be looked at.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.reload()
    expect(chat.get_by_role("article")).to_have_count(len(names))
    log = chat.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "off")
    page.clock.run_for(1000)
    expect(log).to_have_attribute("aria-live", "polite")
    assert chat.get_by_role("article").get_by_role("heading").all_inner_texts() == names
    expect(chat.get_by_text(GARDENING)).to_be_visible()
    page.clock.resume()
    say(chat, CRISIS)
    expect(chat.get_by_role("link", name=re.compile("116 123"))).to_be_visible()


def test_open_chat_follows_to_the_next_page(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    greeting = answers(chat).first.inner_text()
    page.get_by_role("link", name="Another page").click()
    page.wait_for_url("**/library.html?again")
    expect(answers(chat)).to_have_count(1)
    assert answers(chat).first.inner_text() == greeting
    expect(chat.get_by_label("Your message")).to_be_visible()
    expect(chat.get_by_label("Your message")).not_to_be_focused()


def test_taps_and_check_ins_are_not_stored(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    entries = page.evaluate(
        "() => Object.values(sessionStorage).flatMap((value) => JSON.parse(value).entries)"
    )
    typed = [entry["text"] for entry in entries if "text" in entry]
    assert typed == [GARDENING]
    kept = page.evaluate(
        """async () => {
            const { writeSession } = await import("/widget/session.js");
            const choices = (tap) => ({ reply: { type: "choices", text: tap,
                                                 options: [{ label: "Often", tap }] } });
            const entries = [choices("ci:start"), choices("ci:aBcD"), choices("greet"),
                { text: "Often", message: { tap: "ci:aBcD" }, state: "sent" }];
            writeSession("sentinel", { conversation: null, open: true, entries });
            return JSON.parse(sessionStorage.getItem("sentinel")).entries;
        }"""
    )
    assert [entry["reply"]["text"] for entry in kept] == ["ci:start", "greet"]


def test_start_again_clears_here_and_on_the_server(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, GARDENING)
    with page.expect_response(lambda response: response.request.method == "DELETE") as forgotten:
        start_again_button(chat).click()
    assert forgotten.value.status == 204
    expect(chat.get_by_text(GARDENING)).to_have_count(0)
    expect(answers(chat)).to_have_count(1)
    expect(chat.get_by_label("Your message")).to_be_focused()
    assert GARDENING not in page.evaluate("() => JSON.stringify(sessionStorage)")


def test_start_again_drops_what_is_on_its_way(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    held: list[Route] = []
    posts: list[str] = []
    page.route("**/api/chat", lambda route: held.append(route), times=1)
    page.on("request", lambda request: posts.append(request.post_data or ""))
    field = chat.get_by_label("Your message")
    field.fill(GARDENING)
    with page.expect_request("**/api/chat"):
        field.press("Enter")
    field.fill("a second message, in the queue")
    field.press("Enter")
    start_again_button(chat).click()
    wait_for_greeting(chat)
    with page.expect_request(lambda request: request.method == "DELETE") as forgotten:
        held[0].continue_()
    assert forgotten.value.response() is not None
    expect(answers(chat)).to_have_count(1)
    expect(chat.locator(".mine").filter(visible=True)).to_have_count(0)
    assert not [post for post in posts if "in the queue" in post]


def assert_left_without_trace(page: Page, app_url: str, act: Callable[[], None]) -> None:
    with page.expect_request(lambda request: request.method == "DELETE"):
        act()
    page.wait_for_url(NEUTRAL_PAGE)
    page.go_back()
    assert not page.url.startswith(app_url)
    page.goto(f"{app_url}/widget/page.css")  # the same site, with nothing of ours running
    assert page.evaluate(STORED) == []


def test_shift_three_times_leaves_without_trace(app_url: str, open_page: OpenPage) -> None:
    app_url = app_url.rstrip("/")
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, GARDENING)
    chat.get_by_label("Your message").press_sequentially("I AM IN", delay=0)
    for key in ("Shift", "Shift", "a", "Shift"):  # capitals are no wish to leave
        page.keyboard.press(key)
    assert page.url.rstrip("/") == app_url

    def press_three_times() -> None:
        for _ in range(3):
            page.keyboard.press("Shift")

    page.keyboard.press("Tab")
    assert_left_without_trace(page, app_url, press_three_times)


def test_leave_link_leaves_without_trace(app_url: str, open_page: OpenPage) -> None:
    app_url = app_url.rstrip("/")
    page = open_page(app_url)
    wait_for_greeting(chat_on(page))
    link = page.get_by_role("link", name="Leave this page quickly")
    assert_left_without_trace(page, app_url, link.click)


def test_leave_button_goes_where_the_site_says(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/hostile.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    with page.expect_request(lambda request: request.method == "DELETE"):
        chat.get_by_role("button", name="Leave now").click()
    page.wait_for_url("https://www.example.org/")
    page.goto(f"{host_url}/hostile.css")
    assert page.evaluate(STORED) == []


def test_page_brought_back_from_memory_shows_nothing(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    say(chat, GARDENING)
    page.evaluate("""() => {
        sessionStorage.clear();
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    expect(chat.get_by_text(GARDENING)).to_have_count(0)
    expect(chat.locator(".launcher")).to_be_visible()


def test_text_over_the_limit_is_refused_before_sending(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.method))
    field = chat.get_by_label("Your message")
    text = "🌱" * 1001  # one character each, though two in JavaScript's own count
    field.fill(text)
    field.press("Enter")
    expect(chat.get_by_role("alert")).to_contain_text("1,001")
    expect(chat.get_by_role("alert")).to_contain_text("1,000")
    expect(field).to_have_value(text)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert posts == []
    assert chat.evaluate("(element, text) => element.send(text)", text) is False
    field.fill(GARDENING)
    expect(chat.get_by_role("alert")).to_be_empty()
    chat.get_by_role("button", name="Send").click()
    expect(field).to_be_focused()
    wait_for_answer(chat)
    assert posts.count("POST") == 1


def test_offline_keeps_the_message_and_tries_again(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    page.context.set_offline(True)
    say(chat, GARDENING)
    log = chat.get_by_role("log")
    expect(log.get_by_text("This was not sent")).to_be_visible()
    expect(log.get_by_text(GARDENING)).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(log.get_by_text(GARDENING)).to_be_visible()
    log.get_by_role("button", name="Try again").click()
    expect(answers(chat)).not_to_have_count(1, timeout=ANSWER_MS)
    expect(log.get_by_role("button", name="Try again")).to_have_count(0)
    expect(log.get_by_text(GARDENING)).to_have_count(1)


def test_server_refusal_is_shown_in_its_own_words(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    sentence = "You are sending messages very fast. Please wait a minute."
    page.route(
        "**/api/chat",
        lambda route: route.fulfill(status=429, json={"error": sentence}),
        times=1,
    )
    say(chat, GARDENING)
    expect(chat.get_by_text(sentence)).to_be_visible()
    chat.get_by_role("button", name="Try again").click()
    expect(chat.get_by_text(sentence)).to_have_count(0)
    wait_for_answer(chat)
    expect(answers(chat)).not_to_have_count(1)


def test_first_load_is_small_and_only_ours(
    app_url: str, host_url: str, open_page: OpenPage
) -> None:
    page = open_page("about:blank")
    sizes: dict[str, int] = {}
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))

    page.goto(app_url)
    wait_for_greeting(chat_on(page))
    page.goto(f"{host_url}/library.html")
    chat_on(page).locator(".launcher").click()
    wait_for_greeting(chat_on(page))
    for url in addresses:
        if "/api/" not in url and url.startswith(app_url.rstrip("/")):
            sizes[url] = len(gzip.compress(page.request.get(url).body()))
    strangers = [url for url in addresses if not url.startswith((app_url, host_url))]
    assert strangers == []
    assert page.context.cookies() == []
    assert len(sizes) >= 5
    total = sum(sizes.values())
    print(f"widget and its page, gzip: {total} bytes in {len(sizes)} files")
    assert total <= SIZE_LIMIT_BYTES


def test_loading_does_not_move_the_page(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    expect(chat_on(page).locator(".launcher")).to_be_visible()
    shift = page.evaluate("""() => new Promise((resolve) => {
        new PerformanceObserver((list) =>
            resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
        ).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
    })""")
    assert shift == 0
    assert page.locator("body").evaluate("e => e.scrollHeight - e.clientHeight") == 0


def test_two_chats_on_a_strict_page_stay_apart(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/two.html")
    first, second = page.locator("#first"), page.locator("#second")
    expect(page.locator("community-connector")).to_have_count(2)
    wait_for_greeting(first)
    say(first, GARDENING)
    second.get_by_role("button", name="Find help").click()
    wait_for_greeting(second)
    expect(second.get_by_text(GARDENING)).to_have_count(0)
    assert len(page.evaluate(STORED)) == 2
    assert_accessible(page)
    assert page.evaluate("window.violations") == []
    page.reload()
    expect(first.get_by_text(GARDENING)).to_be_visible()
    expect(answers(second)).to_have_count(1)


def test_hostile_page_neither_spoils_nor_hears_the_chat(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/hostile.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    field = chat.get_by_label("Your message")
    field.press_sequentially("just looking")
    assert page.evaluate("window.pageKeys") == []
    style = "e => [getComputedStyle(e).fontSize, getComputedStyle(e).textTransform]"
    for part in (field, answers(chat).first):
        assert part.evaluate(style) == ["16px", "none"]
    box = chat.locator(".panel").bounding_box()
    assert box is not None
    assert box["x"] < 100  # at the end of the line, which is the left from right to left
    chat.get_by_role("button", name="Close chat").click()
    expect(chat.locator(".launcher")).to_be_focused()


def test_wide_text_spacing_and_right_to_left_cut_nothing(
    host_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{host_url}/library.html", width=320)
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    find_listings(chat)
    chat.evaluate("""element => {
        element.style.letterSpacing = "0.12em";
        element.style.wordSpacing = "0.16em";
        element.dir = "rtl";
        for (const part of element.shadowRoot.querySelectorAll("[dir=ltr]")) part.dir = "rtl";
    }""")
    assert answers(chat).first.evaluate("e => getComputedStyle(e).letterSpacing") != "normal"
    assert_no_sideways_scroll(page)
    cut = chat.locator("button, a, dd, h2, h3, .bubble").evaluate_all(
        "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)"
        ".map((e) => e.textContent)"
    )
    assert cut == []


def test_print_leaves_a_floating_chat_out(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    expect(chat_on(page).locator(".launcher")).to_be_visible()
    page.emulate_media(media="print")
    expect(chat_on(page).locator(".launcher")).to_be_hidden()


def test_methods_and_events(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    expect(chat.locator(".launcher")).to_be_visible()
    chat.evaluate("""element => {
        window.heard = [];
        for (const type of ["open", "close", "message"]) {
            element.addEventListener(type, (event) => window.heard.push([type, event.detail]));
        }
        element.open();
    }""")
    wait_for_greeting(chat)
    assert chat.evaluate("(element, text) => element.send(text)", GARDENING) is True
    wait_for_answer(chat)
    chat.evaluate("element => element.close()")
    heard = page.evaluate("window.heard")
    assert [heard[0][0], heard[-1][0]] == ["open", "close"]
    # Who spoke, and no words: what is said here is not for the page's analytics.
    details = [detail for kind, detail in heard if kind == "message"]
    assert {"from": "person"} in details
    assert all(detail in ({"from": "person"}, {"from": "chat"}) for detail in details)
    chat.evaluate("element => element.send('hello')")
    wait_for_answer(chat)
    expect(chat.locator(".launcher")).to_have_accessible_name(re.compile(r"\d+ new message"))


def test_text_is_never_markup_and_links_are_only_web_links(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    card = {
        "type": "listing", "listing_id": 1, "name": markup, "kind": "group", "reasons": [markup],
        "organisation": markup, "when": markup, "where": "", "cost": "", "access": "",
        "alert": markup, "notice": markup, "description": markup, "phone": markup,
        "website": "javascript:alert(1)", "email": "a@b?bcc=c@d",
        "options": [{"label": markup, "tap": "x"}],
    }  # fmt: skip
    line = {"name": markup, "contact": "1", "link": "javascript:alert(1)"}
    lines = {"type": "help_lines", "text": markup, "lines": [line]}
    shown = page.evaluate(
        """async ([card, lines]) => {
            const { showReply } = await import("/widget/replies.js");
            const { wordsFor } = await import("/widget/words.js");
            const context = { ...wordsFor("en-GB"), heading: 3, tap() {} };
            const box = document.createElement("div");
            box.append(...[card, lines].map((reply) => showReply(reply, context)));
            return { foreign: box.querySelectorAll("img, b b, script").length,
                     links: [...box.querySelectorAll("a")].map((a) => a.href),
                     text: box.textContent };
        }""",
        [card, lines],
    )
    assert shown["foreign"] == 0
    assert [link for link in shown["links"] if not link.startswith("tel:")] == []
    assert markup in shown["text"]


def test_where_the_chat_cannot_start_the_page_says_where_help_is(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url, width=320, java_script_enabled=False)
    expect(page.get_by_role("heading", name="The chat has not started")).to_be_visible()
    numbers = page.locator(".instead a").evaluate_all("all => all.map((a) => a.href)")
    assert numbers == ["tel:999", "tel:111", "tel:116123"]
    expect(page.get_by_role("link", name="Leave this page quickly")).to_be_visible()
    assert_no_sideways_scroll_of(page, "html")
