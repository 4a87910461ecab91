"""The page of a release in a real browser: for everybody, at every width, on paper."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.browser import save_screenshot
from tests.support.release_figures import write


def open_report(browser: Browser, folder: Path, town: str, width: int, scheme: str) -> Page:
    (folder / "report.html").write_bytes(write(town)["report.html"])
    # The page forbids scripts, axe's among them.
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
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    browser: Browser, tmp_path: Path, town: str, width: int, scheme: str
) -> None:
    page = open_report(browser, tmp_path, town, width, scheme)
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    finally:
        page.close()


def test_a_rate_is_drawn_where_its_numbers_say(browser: Browser, tmp_path: Path) -> None:
    """Dots, ends of ranges and the national line, measured on the screen."""
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
            shown = re.findall(r"(\d+)%", row["text"])
            percent, low, high = map(int, shown)
            assert row["dot"] == pytest.approx(percent, abs=0.6)
            assert row["caps"] == pytest.approx([low, high], abs=0.6)
            assert row["england"] == pytest.approx(62, abs=0.6)
    finally:
        page.close()


def test_it_prints_on_a4_without_the_contents(browser: Browser, tmp_path: Path) -> None:
    page = open_report(browser, tmp_path, "year", 794, "dark")
    try:
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    finally:
        page.close()


def test_the_picture_in_the_docs(browser: Browser, tmp_path: Path) -> None:
    """Kept under docs/images by `make screenshots`."""
    page = open_report(browser, tmp_path, "year", 1000, "light")
    try:
        page.set_viewport_size({"width": 1000, "height": 1400})
        save_screenshot(page, "report.png", tmp_path)
    finally:
        page.close()
