"""The chat embedded in other sites: size, isolation, attributes and events."""

import gzip
import re

import pytest
from playwright.sync_api import expect

from bot.settings import ROOT
from tests.support.web_chat import (
    GARDENING,
    STORED,
    OpenPage,
    answers,
    assert_accessible,
    assert_no_sideways_scroll_of,
    chat_on,
    say,
    wait_for_answer,
    wait_for_greeting,
)

SIZE_LIMIT_BYTES = 30_000


def test_the_first_load_is_small_and_from_our_server_only(
    app_url: str, host_url: str, open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    page = open_page("about:blank")
    sizes: dict[str, int] = {}
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))

    page.goto(app_url)
    wait_for_greeting(chat_on(page))
    page.goto(f"{host_url}/library.html")
    chat_on(page).locator(".launcher").click()
    wait_for_greeting(chat_on(page))
    for url in urls:
        if "/api/" not in url and url.startswith(app_url.rstrip("/")):
            sizes[url] = len(gzip.compress(page.request.get(url).body()))
    foreign = [url for url in urls if not url.startswith((app_url, host_url))]
    assert foreign == []
    assert page.context.cookies() == []
    assert len(sizes) >= 5
    total = sum(sizes.values())
    with capsys.disabled():
        print(f"\nwidget and its page, gzip: {total} bytes in {len(sizes)} files")
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
    assert len(page.evaluate(STORED)) == 3  # two sessions, and the mark that tabs share
    assert_accessible(page)
    assert page.evaluate("window.violations") == []
    page.reload()
    expect(first.get_by_text(GARDENING)).to_be_visible()
    expect(answers(second)).to_have_count(1)


def test_a_hostile_page_cannot_break_or_overhear_the_chat(
    host_url: str, open_page: OpenPage
) -> None:
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
    assert box["x"] < 100  # the end of the line is on the left in right-to-left text
    chat.get_by_role("button", name="Close chat").click()
    expect(chat.locator(".launcher")).to_be_focused()


def test_a_floating_chat_is_not_printed(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    expect(chat_on(page).locator(".launcher")).to_be_visible()
    page.emulate_media(media="print")
    expect(chat_on(page).locator(".launcher")).to_be_hidden()


def test_methods_and_events(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    expect(chat.locator(".launcher")).to_be_visible()
    chat.evaluate("""element => {
        window.events = [];
        for (const type of ["open", "close", "message"]) {
            element.addEventListener(type, (event) => window.events.push([type, event.detail]));
        }
        element.open();
    }""")
    wait_for_greeting(chat)
    assert chat.evaluate("(element, text) => element.send(text)", GARDENING) is True
    wait_for_answer(chat)
    chat.evaluate("element => element.close()")
    events = page.evaluate("window.events")
    assert [events[0][0], events[-1][0]] == ["open", "close"]
    # Events hold no text, so that the page's analytics cannot record the conversation.
    details = [detail for event_type, detail in events if event_type == "message"]
    assert {"from": "person"} in details
    assert all(detail in ({"from": "person"}, {"from": "chat"}) for detail in details)
    chat.evaluate("element => element.send('hello')")
    wait_for_answer(chat)
    expect(chat.locator(".launcher")).to_have_accessible_name(re.compile(r"\d+ new message"))


def test_the_page_shows_help_if_the_chat_cannot_start(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url, width=320, java_script_enabled=False)
    expect(page.get_by_role("heading", name="The chat has not started")).to_be_visible()
    expect(page.get_by_role("link", name="Chat on plain pages instead")).to_be_visible()
    numbers = page.locator(".instead li a").evaluate_all("all => all.map((a) => a.href)")
    assert numbers == ["tel:999", "tel:111", "tel:116123"]
    expect(page.get_by_role("link", name="Leave this page quickly")).to_be_visible()
    assert_no_sideways_scroll_of(page, "html")


def test_attributes_set_position_title_and_open_state(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/attributes.html")
    chats = page.locator("community-connector")
    expect(chats).to_have_count(1)
    chat = chats.first
    wait_for_greeting(chat)  # opens when the page loads
    expect(chat.get_by_role("heading", name="Ask here", level=3)).to_be_visible()
    panel = chat.locator(".panel")
    assert (panel.bounding_box() or {})["x"] < 100
    # The language is not supported, so the chat is in English and declares it.
    expect(chat.locator("section")).to_have_attribute("lang", "en")
    send = chat.get_by_role("button", name="Send")
    expect(send).to_have_css("background-color", "rgb(255, 215, 0)")
    expect(send).to_have_css("color", "rgb(0, 0, 0)")  # white on gold has too little contrast
    chat.get_by_role("button", name="Close chat").click()
    page.reload()
    expect(chat.locator(".launcher")).to_be_visible()  # the person's choice overrides data-open
    expect(panel).to_be_hidden()


def test_the_chat_does_not_open_by_itself_on_a_narrow_screen(
    host_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{host_url}/attributes.html", width=390)
    expect(chat_on(page).locator(".launcher")).to_be_visible()


def test_custom_properties_set_colours_corners_and_fonts(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/widget")
    themed = page.locator("#themed")
    wait_for_greeting(themed)
    send = themed.get_by_role("button", name="Send")
    expect(send).to_have_css("background-color", "rgb(122, 31, 162)")
    expect(send).to_have_css("border-radius", "4px")
    expect(send).to_have_css("font-family", "Georgia, serif")


def test_the_guides_examples_work(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/widget")
    expect(page.locator("#line")).to_contain_text(f'src="{app_url}/widget.js"')
    floating = page.locator("community-connector[data-placed]")
    expect(floating.locator(".launcher")).to_be_visible()
    page.get_by_role("button", name="Open", exact=True).click()
    wait_for_greeting(floating)
    page.get_by_role("button", name="Send a message").click()
    wait_for_answer(floating)
    page.locator("main").get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("#events")).to_have_text(
        re.compile("^open, message from chat, message from person, .*message from chat, close$")
    )
    # Not those of the listings, which are in the widget's own tree.
    attributes = page.evaluate("[...document.querySelectorAll('dt')].map((term) => term.innerText)")
    assert attributes
    documented = (ROOT / "docs" / "how-to" / "embed-the-chat.md").read_text(encoding="utf-8")
    for attribute in attributes:
        assert f"| `{attribute.partition('=')[0]}`" in documented
    assert page.evaluate("window.violations") == []


def test_every_module_is_preloaded() -> None:
    folder = ROOT / "bot" / "widget"
    modules, queue = set(), ["chat"]
    while queue:
        name = queue.pop()
        modules.add(name)
        imported = re.findall(
            r'^import .*?"\./(\w+)\.js"', (folder / f"{name}.js").read_text(), re.M
        )
        queue += set(imported) - modules
    preloaded = re.search(
        r"MODULES = \[(.*?)\]", (folder / "widget.js").read_text(encoding="utf-8"), re.S
    )
    assert preloaded
    assert set(re.findall(r'"(\w+)"', preloaded[1])) == modules
