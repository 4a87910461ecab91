"""The desk in a real browser: keyboard use, narrow screens and accessibility."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bot.web.desk.permissions import SECTIONS
from tests.support.desk_forms import HEADER, add, send
from tests.support.desk_server import PASSWORD


def assert_page_is_accessible(page: Page) -> None:
    """No axe violations, no violations of the CSP, no sideways scroll, no small targets."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("window.violations") == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{page.url} is {overflow} pixels too wide"
    small = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, select, textarea')]
            .filter((element) => element.type !== 'hidden' && !element.closest('p, td, .skip'))
            .map((element) => [element.textContent, element.getBoundingClientRect().height])
            .filter(([, height]) => height < 24)"""
    )
    assert small == []


def test_sign_in_by_keyboard_without_scripts(desk, open_page):
    desk.make_person("Olga", "analyst").close()
    page = open_page(f"{desk.url}/desk/releases", java_script_enabled=False)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Olga")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Sign-in failed")
    assert page.title().startswith("Error: ")
    page.get_by_label("Name").focus()
    page.keyboard.type("Olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Releases", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Releases")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1100, "light")])
def test_every_page_is_accessible(desk, enter, navigator, width, scheme):
    desk.desk_services.notebook.add_note("suggestion", "There is a choir at the chapel.")
    desk.desk_services.notebook.add_unmet_need("gardening and growing", "Sandhills")
    listing_id = add(navigator, email="ukulele@larkhaven.example")
    send(navigator, HEADER + "y,A row to fix,gruop,Words.,,\n", source=f"wrong at {width}")
    imports = navigator.read("/desk/imports")
    contact = re.search(r"/desk/contact/[\w.-]+", navigator.read(f"/desk/listings/{listing_id}"))
    shared = re.search(
        r"/desk/shared/[\w.-]+", navigator.read(f"/desk/shortlist?listing={listing_id}")
    )
    fix_row = re.search(r'href="(/desk/imports/\d+)"', imports)
    assert contact
    assert shared
    assert fix_row
    page = enter("/desk", width=width, color_scheme=scheme)
    assert_page_is_accessible(page)
    for path in (
        *(f"/desk/{section.name}" for section in SECTIONS),
        f"/desk/listings/{listing_id}",
        f"/desk/listings/{listing_id}/edit",
        f"/desk/shortlist?listing={listing_id}",
        "/desk/try?q=music+with+other+people&near=Nowhere",
        fix_row[1],
        contact[0],
        shared[0],
        "/desk/nothing",
    ):
        page.goto(f"{desk.url}{path}")
        assert_page_is_accessible(page)


def test_a_listing_is_added_by_keyboard_and_errors_link_to_their_field(enter):
    page = enter("/desk/listings/new")
    page.get_by_label("Name (required)").focus()
    page.keyboard.type("Sea shanties")
    page.get_by_label("Kind (required)").focus()
    page.keyboard.press("g")
    page.get_by_label("Start time").focus()
    page.keyboard.type("half past")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.title().startswith("Error: ")
    assert_page_is_accessible(page)
    page.get_by_role("link", name="Description: is empty").press("Enter")
    expect(page.get_by_label("Description (required)")).to_be_focused()
    page.keyboard.type("We sing on the quay.")
    page.get_by_label("Start time").fill("19:30")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("heading", name="Preview: what residents will see")).to_be_visible()
    assert_page_is_accessible(page)
    page.get_by_role("button", name="Save listing").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Listing added.")
    page.get_by_role("button", name="Confirm: correct for six months").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("counts as correct for six months")


def test_the_sign_in_form_is_accessible(desk, open_page):
    for scheme in ("light", "dark"):
        page = open_page(f"{desk.url}/desk/sign-in", width=320, color_scheme=scheme)
        assert_page_is_accessible(page)
    page.get_by_label("Name").fill("Nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_page_is_accessible(page)


def test_the_report_opens_and_a_table_downloads(enter):
    page = enter("/desk/releases")
    with page.expect_download() as saved:
        page.get_by_role("link", name="checkins.csv of 2026-Q4").click()
    assert saved.value.suggested_filename == "2026-Q4-checkins.csv"
    page.get_by_role("link", name="report.html of 2026-Q4").click()
    heading = page.get_by_role("heading", name="Belonging")
    # The report's own policy allows its style.
    expect(heading).to_have_css("color", "rgb(0, 128, 128)")
