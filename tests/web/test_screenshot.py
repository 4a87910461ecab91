"""Screenshots of the chat for the documentation.

`make screenshots` saves them under docs/images; otherwise these tests only render the pages.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import save_screenshot
from tests.support.web_chat import (
    ANSWER_MS,
    GARDENING,
    OpenPage,
    chat_on,
    find_listings,
    wait_for_greeting,
)
from tests.support.web_journey import press


def choose(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()


@pytest.mark.parametrize(
    ("name", "width", "height"), [("chat.png", 1000, 1500), ("phone.png", 390, 1600)]
)
def test_a_conversation_in_the_browser(
    app_url: str, open_page: OpenPage, tmp_path: Path, name: str, width: int, height: int
) -> None:
    page = open_page(app_url, width=width, height=height)
    expect(page.get_by_text("What matters to you right now?")).to_be_visible(timeout=ANSWER_MS)
    field = page.get_by_role("textbox")
    field.fill(GARDENING)
    field.press("Enter")
    expect(page.get_by_text("Where are you?")).to_be_visible()
    choose(page, "Harbourside")
    expect(page.get_by_text("Somebody near you may be glad of it.")).to_be_visible()
    field.fill("i used to drive a van")
    field.press("Enter")
    expect(page.get_by_text("And here they would love your help.")).to_be_visible()
    expect(
        page.get_by_role("article").or_(page.get_by_text("Fictional example")).first
    ).to_be_visible()
    save_screenshot(page, name, tmp_path)


def test_the_widget_on_another_site(host_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{host_url}/attributes.html", width=1000, height=800, color_scheme="dark")
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    chat.locator("summary").first.click()
    expect(chat.get_by_role("img")).to_be_visible()
    chat.locator("details").first.scroll_into_view_if_needed()
    save_screenshot(page, "widget.png", tmp_path)


def test_a_question_of_the_check_in(app_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(app_url, width=390, height=900)
    chat = chat_on(page)
    wait_for_greeting(chat)
    press(chat, "Answer a few questions")
    press(chat, "Yes, I am 16 or over")
    chat.get_by_role("radio").first.check()
    save_screenshot(page, "checkin.png", tmp_path)


def test_the_plain_pages(app_url: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{app_url}/chat", width=800, height=1100, java_script_enabled=False)
    page.get_by_label("Your message").fill(GARDENING)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("article").first).to_be_visible()
    save_screenshot(page, "plain.png", tmp_path)
