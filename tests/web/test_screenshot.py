"""The picture in the README: a real conversation in a real browser.

`make screenshots` keeps what these tests see under docs/images; otherwise they only look.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.settings import ROOT
from tests.web.test_widget import ANSWER_MS, GARDENING, OpenPage, browser, open_page

__all__ = ["browser", "open_page"]

IMAGES = ROOT / "docs" / "images"


def keep(page: Page, name: str, folder: Path) -> None:
    if os.environ.get("CONNECTOR_SCREENSHOTS"):
        folder = IMAGES
        folder.mkdir(exist_ok=True)
    picture = page.screenshot(path=folder / name)
    assert len(picture) > 20_000, "the picture is nearly empty"


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
    expect(page.get_by_text("Somebody near you may be glad of it.")).to_be_visible()
    field.fill("i used to be a joiner")
    field.press("Enter")
    expect(page.get_by_text("Type a place or a postcode")).to_be_visible()
    choose(page, "Harbourside")
    choose(page, "In the day")
    expect(page.get_by_text("And here you are needed.")).to_be_visible()
    expect(
        page.get_by_role("article").or_(page.get_by_text("Fictional example")).first
    ).to_be_visible()
    keep(page, name, tmp_path)
