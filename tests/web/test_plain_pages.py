"""The chat without JavaScript: plain forms, by keyboard, and nothing is stored."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.web_chat import (
    CRISIS,
    GARDENING,
    NEUTRAL_PAGE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll_of,
    tab_to,
)


def latest(page: Page) -> Locator:
    return page.locator("#latest")


def say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send").click()


def choose(page: Page, label: str) -> None:
    latest(page).get_by_role("button", name=label, exact=True).last.click()


def press(page: Page, button: Locator) -> None:
    """Press a button by keyboard and wait for the next page."""
    tab_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def start_again(page: Page) -> None:
    page.locator(".write").get_by_role("button", name="Start again").click()


def test_whole_journey_without_javascript(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/chat", java_script_enabled=False)
    tab_to(page, page.get_by_label("Your message"))
    page.keyboard.type(GARDENING)
    press(page, page.get_by_role("button", name="Send"))
    assert page.url == f"{app_url}/chat#latest"
    expect(page.get_by_text(f"You said: {GARDENING}")).to_be_visible()  # among the earlier messages
    card = latest(page).get_by_role("article").first
    name = card.get_by_role("heading", level=3).inner_text()
    expect(card.get_by_role("link", name="How to get there")).to_be_visible()
    press(page, card.get_by_role("button", name="Add to my list"))
    expect(latest(page)).to_contain_text(name)
    start_again(page)
    expect(page.get_by_text(name)).to_have_count(0)
    expect(page.get_by_text(GARDENING)).to_have_count(0)
    assert page.context.cookies() == []


def test_check_in_without_javascript(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/chat", java_script_enabled=False)
    choose(page, "Answer a few questions")
    choose(page, "Yes, I am 16 or over")
    choose(page, "Next")  # the browser requires an answer first
    assert latest(page).locator("input:invalid").count()
    for _ in range(12):
        if not latest(page).get_by_role("radio").count():
            break
        latest(page).get_by_role("radio").first.check()
        # Waits for the whole next page.
        with page.expect_navigation():
            choose(page, "Next")
    expect(latest(page)).to_contain_text("Here are your answers")
    choose(page, "Stop")
    expect(page.get_by_text("Here are your answers")).to_have_count(0)


def test_axe_finds_nothing_in_plain_pages(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/chat", width=320)
    say(page, GARDENING)
    expect(latest(page).get_by_role("article").first).to_be_visible()
    assert_accessible(page, "listings")
    assert_no_sideways_scroll_of(page, "html")
    say(page, CRISIS)
    expect(latest(page).get_by_role("link", name="116 123")).to_be_visible()
    assert_accessible(page, "help lines")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page).to_have_title(re.compile("^Error: "))
    assert_accessible(page, "an error")
    start_again(page)
    choose(page, "Answer a few questions")
    choose(page, "Yes, I am 16 or over")
    expect(page.get_by_role("radio").first).to_be_visible()
    assert_accessible(page, "a question")
    assert_no_sideways_scroll_of(page, "html")


def test_leaving_a_plain_page_forgets_the_conversation(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/chat", java_script_enabled=False)
    say(page, "is there a choir near here")
    page.get_by_role("button", name="Leave this page quickly").click()
    page.wait_for_url(NEUTRAL_PAGE)
