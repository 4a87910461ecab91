"""The report in a real browser: accessible, at every width, and in print."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.browser import save_screenshot
from tests.support.release_figures import write


def open_report(browser: Browser, folder: Path, town: str, width: int, scheme: str) -> Page:
    (folder / "report.html").write_bytes(write(town)["report.html"])
    # The page forbids all scripts, including axe's.
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,
    )
    page.goto((folder / "report.html").as_uri())
    return page


@pytest.mark.parametrize(
    ("town", "width", "scheme"),
    [
        ("year", 1100, "dark"),
        ("year", 320, "light"),
        ("hostile", 320, "dark"),
        ("nothing shown", 1100, "light"),
    ],
)
def test_the_page_is_accessible_and_never_wider_than_the_screen(
    browser: Browser, tmp_path: Path, town: str, width: int, scheme: str
) -> None:
    page = open_report(browser, tmp_path, town, width, scheme)
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        violations = Axe().run(page).response["violations"]
        assert not violations, [(v["id"], v["nodes"][0]["html"]) for v in violations]
    finally:
        page.close()


def test_a_rate_is_drawn_at_the_position_of_its_numbers(browser: Browser, tmp_path: Path) -> None:
    """Measures dots, ends of ranges and the national line on the screen."""
    page = open_report(browser, tmp_path, "year", 1100, "light")
    try:
        rows = page.locator("section[aria-labelledby=belonging] tbody tr")
        measured = rows.evaluate_all(
            """rows => rows.map(row => {
                const middle = shape => {
                    const box = shape.getBoundingClientRect();
                    return box.left + box.width / 2;
                };
                const [start, end] = ["base", "grid"].map(kind =>
                    [...row.querySelectorAll("." + kind)].map(middle)).map(all => Math.max(...all));
                const across = shape => shape && 100 * (middle(shape) - start) / (end - start);
                return {
                    text: row.innerText,
                    dot: across(row.querySelector(".dot")),
                    caps: [...row.querySelectorAll(".cap")].map(across),
                    england: across(row.querySelector(".england")),
                };
            })"""
        )
        drawn = [row for row in measured if row["dot"] is not None]
        assert len(drawn) > 3
        for row in drawn:
            percent, low, high = map(int, re.findall(r"(\d+)%", row["text"]))
            assert row["dot"] == pytest.approx(percent, abs=0.6)
            assert row["caps"] == pytest.approx([low, high], abs=0.6)
            assert row["england"] == pytest.approx(62, abs=0.6)
    finally:
        page.close()


def test_the_page_prints_on_a4_without_its_table_of_contents(
    browser: Browser, tmp_path: Path
) -> None:
    page = open_report(browser, tmp_path, "year", 794, "dark")
    try:
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(255, 255, 255)"
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    finally:
        page.close()


def test_the_screenshot_for_the_docs(browser: Browser, tmp_path: Path) -> None:
    """`make screenshots` stores it under docs/images."""
    page = open_report(browser, tmp_path, "year", 1000, "light")
    try:
        page.set_viewport_size({"width": 1000, "height": 1400})
        save_screenshot(page, "report.png", tmp_path)
    finally:
        page.close()
