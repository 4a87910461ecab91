"""Helpers for browser tests: find the parts of the chat on a page, and use it."""

import json
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

ANSWER_MS = 20_000  # a real answer, on a busy machine
GARDENING = "somewhere to do a bit of gardening with other people"
CRISIS = "i dont want to be here anymore"
SENDING = "**/api/chat/stream"
FORGETTING = "**/api/chat/*/forget"
NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"
STORED = """() => [sessionStorage, localStorage].flatMap((storage) => Object.keys(storage))
    .filter((key) => key.startsWith("community-connector"))"""
DEEP_FOCUS = """() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
}"""

OpenPage = Callable[..., Page]


def format_events(*events: tuple[str, dict[str, Any]]) -> str:
    """The body of a response of server-sent events, each with a name and its content."""
    return "".join(f"event: {name}\ndata: {json.dumps(content)}\n\n" for name, content in events)


def chat_on(page: Page) -> Locator:
    return page.locator("community-connector")


def start_again_button(chat: Locator) -> Locator:
    # The chat's replies can have a button with the same name.
    return chat.locator(".head").get_by_role("button", name="Start again")


def answers(chat: Locator) -> Locator:
    return chat.locator(".turn:not(.mine)")


def wait_for_answer(chat: Locator) -> None:
    """Wait until the typing dots disappear: they show while an answer is on its way."""
    expect(chat.locator(".typing")).to_be_hidden(timeout=ANSWER_MS)


def wait_for_greeting(chat: Locator) -> None:
    expect(answers(chat).first).to_be_visible(timeout=ANSWER_MS)
    wait_for_answer(chat)


def say(chat: Locator, text: str) -> None:
    field = chat.get_by_label("Your message")
    field.fill(text)
    field.press("Enter")
    wait_for_answer(chat)


def find_listings(chat: Locator) -> None:
    say(chat, GARDENING)
    expect(chat.get_by_role("article").first).to_be_visible()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; fails if it never gets it."""
    expect(target).to_be_visible()
    for _ in range(80):
        focused = page.evaluate_handle(DEEP_FOCUS)
        if target.evaluate("(element, focused) => element === focused", focused):
            return
        page.keyboard.press(key)
    raise AssertionError(f"not reached with the keyboard: {target}")


def assert_accessible(page: Page, state: str = "") -> None:
    """axe-core finds no violations in the page and its shadow trees."""
    axe = Axe()
    if page.evaluate("'axe' in window"):
        axe.axe_script = ""  # already loaded; it is half a megabyte
    results = axe.run(page)
    assert results.violations_count == 0, f"{state}\n{results.generate_report()}"


def assert_no_sideways_scroll(page: Page) -> None:
    for selector in ("html", "community-connector .log", "community-connector .panel"):
        assert_no_sideways_scroll_of(page, selector)


def assert_no_sideways_scroll_of(page: Page, selector: str) -> None:
    overflow = page.locator(selector).first.evaluate("e => e.scrollWidth - e.clientWidth")
    assert overflow <= 0, f"{selector} scrolls {overflow} px sideways"
