"""Accessibility: axe-core, and what it cannot check (targets, zoom, spacing, contrast)."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from bot.settings import ROOT
from tests.support.web_chat import (
    CRISIS,
    GARDENING,
    OpenPage,
    answers,
    assert_accessible,
    assert_no_sideways_scroll,
    assert_no_sideways_scroll_of,
    chat_on,
    find_listings,
    say,
    start_again_button,
    tab_to,
    wait_for_greeting,
)
from tests.support.web_journey import press, visit_states


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
    expect(chat.get_by_role("log").get_by_role("link", name=re.compile("116 123"))).to_be_visible()
    assert_accessible(page)
    chat.get_by_label("Your message").fill("a" * 1001)
    chat.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("alert")).not_to_be_empty()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize(
    ("page_name", "settings"),
    [
        ("library.html", {}),
        ("two.html", {"color_scheme": "dark"}),
        ("hostile.html", {"color_scheme": "dark", "width": 320}),
    ],
)
def test_axe_finds_nothing_in_any_state(
    host_url: str, open_page: OpenPage, page_name: str, settings: dict[str, Any]
) -> None:
    page = open_page(f"{host_url}/{page_name}", **settings)
    for state in visit_states(page, chat_on(page).last):
        assert_accessible(page, state)
        assert_no_sideways_scroll_of(page, "html")
    assert page.evaluate("window.violations") == []


@pytest.mark.parametrize("path", ["widget", "chat"])
@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark", "width": 320}])
def test_axe_finds_nothing_in_our_other_pages(
    app_url: str, open_page: OpenPage, path: str, settings: dict[str, Any]
) -> None:
    page = open_page(f"{app_url}/{path}", **settings)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll_of(page, "html")


def test_no_sideways_scroll_at_400_percent_zoom(host_url: str, open_page: OpenPage) -> None:
    # 1280 by 1024 at 400%.
    page = open_page(f"{host_url}/library.html", width=320, height=256)
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    find_listings(chat)
    assert_no_sideways_scroll(page)
    for part in (chat.get_by_role("article").last, chat.get_by_label("Your message")):
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport()
    assert_accessible(page)


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_with_reduced_motion(
    host_url: str, open_page: OpenPage, motion: str, moves: bool
) -> None:
    page = open_page(f"{host_url}/library.html", reduced_motion=motion)
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    moving = chat.locator(".typing i").first.evaluate(
        "e => getComputedStyle(e).animationName !== 'none'"
    )
    assert moving is moves
    sliding = chat.locator(".launcher").evaluate(
        "e => getComputedStyle(e).transitionDuration !== '0s'"
    )
    assert sliding is moves


def test_the_log_announces_only_new_entries(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    log = chat.get_by_role("log")
    # A screen reader announces the nodes added while the log is a live region.
    log.evaluate("""log => {
        window.announced = [];
        new MutationObserver((changes) => {
            for (const { addedNodes } of changes) {
                if (log.getAttribute("aria-live") !== "polite") continue;
                for (const node of addedNodes) window.announced.push(node.textContent);
            }
        }).observe(log, { childList: true, subtree: true, characterData: true });
    }""")
    read_announced = "() => window.announced.splice(0)"
    say(chat, GARDENING)
    announced = page.evaluate(read_announced)
    assert announced[0] == f"You said: {GARDENING}"
    assert announced[1:] == answers(chat).all_text_contents()[1:]
    say(chat, "skip")
    announced = page.evaluate(read_announced)
    assert announced[0] == "You said: skip"
    assert GARDENING not in " ".join(announced)
    chat.get_by_role("button", name="Close chat").click()
    chat.locator(".launcher").click()
    assert page.evaluate(read_announced) == []
    expect(log).to_have_attribute("aria-live", "off")  # shown again without an announcement
    expect(log).to_have_attribute("aria-live", "polite")


def test_edges_are_visible_in_forced_colours(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url, forced_colors="active")
    chat = chat_on(page)
    wait_for_greeting(chat)
    for control in (chat.get_by_role("button", name="Send"), chat.get_by_label("Your message")):
        style, width = control.evaluate(
            "e => [getComputedStyle(e).borderStyle, parseFloat(getComputedStyle(e).borderWidth)]"
        )
        assert (style, width >= 1) == ("solid", True)


@pytest.mark.parametrize(("touch", "minimum"), [(True, 44), (False, 24)])
def test_targets_are_large_enough(
    host_url: str, open_page: OpenPage, touch: bool, minimum: int
) -> None:
    page = open_page(f"{host_url}/library.html", width=320, has_touch=touch, is_mobile=touch)
    chat = chat_on(page)
    launcher = chat.locator(".launcher")
    expect(launcher).to_be_visible()
    assert (launcher.bounding_box() or {})["height"] >= minimum
    launcher.tap() if touch else launcher.click()
    wait_for_greeting(chat)
    if touch:  # the on-screen keyboard must not cover the greeting
        expect(chat.get_by_role("heading", level=2)).to_be_focused()
    find_listings(chat)
    chat.locator("summary").first.click()
    expect(chat.get_by_role("img")).to_be_visible()
    targets = chat.locator("button, a, summary, textarea").filter(visible=True)
    small = [
        (target.inner_text(), box)
        for target in targets.all()
        if (box := target.bounding_box()) and min(box["width"], box["height"]) < minimum
    ]
    assert small == []
    start_again_button(chat).click()
    wait_for_greeting(chat)
    press(chat, "Answer a few questions")
    press(chat, "Yes, I am 16 or over")
    for label in chat.locator("label.answer").all():
        assert (label.bounding_box() or {})["height"] >= minimum


RATIO = """([one, other]) => {
    const lit = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const [dark, light] = [lit(one), lit(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}"""


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_edges_and_focus_rings_have_enough_contrast(
    app_url: str, open_page: OpenPage, colour_scheme: str
) -> None:
    page = open_page(app_url, color_scheme=colour_scheme)
    chat = chat_on(page)
    wait_for_greeting(chat)

    def style(part: Locator, name: str) -> str:
        return str(part.evaluate("(e, name) => getComputedStyle(e)[name]", name))

    field, option = chat.get_by_label("Your message"), chat.locator(".option").first
    form, log = chat.locator("form").last, chat.locator(".panel")
    for part, ground in ((field, form), (option, log)):
        pair = [style(part, "borderTopColor"), style(ground, "backgroundColor")]
        assert page.evaluate(RATIO, pair) >= 3, part
    for part, ground in (
        (field, form),
        (option, log),
        (start_again_button(chat), chat.locator(".head")),
        (chat.get_by_role("button", name="Send"), form),
    ):
        tab_to(page, part)
        assert style(part, "outlineStyle") == "solid"
        assert float(style(part, "outlineWidth").removesuffix("px")) >= 2
        pair = [style(part, "outlineColor"), style(ground, "backgroundColor")]
        assert page.evaluate(RATIO, pair) >= 3, part


def test_a_press_can_be_cancelled(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    launcher = chat.locator(".launcher")
    launcher.hover()
    page.mouse.down()
    expect(chat.get_by_role("dialog")).to_have_count(0)
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(chat.get_by_role("dialog")).to_have_count(0)
    launcher.click()
    expect(chat.get_by_role("dialog")).to_have_count(1)


def test_nothing_plays_flashes_or_times_out() -> None:
    """Nothing that these criteria are about occurs in the files sent to a browser."""
    forbidden = re.compile(
        r"<(audio|video|marquee|blink|object|embed|canvas)\b|new Audio|devicemotion|"
        r"deviceorientation|draggable|dragstart|touchmove|pointermove|http-equiv=.refresh|"
        r"orientation\s*:\s*(portrait|landscape)|user-scalable|maximum-scale|"
        r'autocomplete="(?!off)'
    )
    paths = [*(ROOT / "bot" / "widget").iterdir(), *(ROOT / "bot/web/templates").glob("*")]
    matches = {path.name: forbidden.search(path.read_text(encoding="utf-8")) for path in paths}
    assert [name for name, match in matches.items() if match] == []


def test_the_headings_of_page_and_chat_form_one_outline(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/inside.html")
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map((e) => e.tagName)")
    assert levels[:3] == ["H1", "H2", "H3"]
    assert set(levels[3:]) == {"H4"}


def test_wide_text_spacing_and_right_to_left_clip_nothing(
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
    clipped = chat.locator("button, a, dd, h2, h3, .bubble").evaluate_all(
        "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)"
        ".map((e) => e.textContent)"
    )
    assert clipped == []
