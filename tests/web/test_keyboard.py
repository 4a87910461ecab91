"""The chat by keyboard: tab order, focus and key handling."""

import re

from playwright.sync_api import expect

from tests.support.web_chat import (
    GARDENING,
    OpenPage,
    answers,
    chat_on,
    start_again_button,
    tab_to,
    wait_for_answer,
    wait_for_greeting,
)

# After the next frame, because the panel follows a resize in an event.
IS_MODAL = """panel => new Promise((done) => requestAnimationFrame(
    () => requestAnimationFrame(() => done(panel.matches(":modal")))))"""


def test_whole_journey_by_keyboard(host_url: str, open_page: OpenPage) -> None:
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

    expect(chat.get_by_role("article").first).to_be_visible()
    before = answers(chat).count()
    card_button = chat.get_by_role("article").first.get_by_role("button").first
    tab_to(page, card_button)
    assert card_button.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Space")
    expect(chat.locator(".mine").last).to_contain_text(card_button.inner_text())
    wait_for_answer(chat)
    assert answers(chat).count() > before

    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()
    expect(field).to_be_hidden()


def test_the_tab_order_of_the_page_is_sensible(app_url: str, open_page: OpenPage) -> None:
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


def test_focus_stays_in_a_chat_that_covers_the_page(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html", width=320)
    chat = chat_on(page)
    launcher = chat.locator(".launcher")
    tab_to(page, launcher)
    page.keyboard.press("Enter")
    wait_for_greeting(chat)
    panel = chat.get_by_role("dialog")
    assert panel.evaluate(IS_MODAL)
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.localName") in ("community-connector", "body")
    chat.get_by_label("Your message").focus()
    page.set_viewport_size({"width": 1100, "height": 850})
    expect(chat.get_by_label("Your message")).to_be_focused()
    assert not panel.evaluate(IS_MODAL)
    page.set_viewport_size({"width": 320, "height": 850})
    expect(chat.get_by_label("Your message")).to_be_focused()
    assert panel.evaluate(IS_MODAL)
    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()


def test_focus_beside_the_page_is_never_hidden(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    launcher = chat.locator(".launcher")
    expect(launcher).to_be_visible()
    page.evaluate("""() => {
        const link = document.createElement("a");
        Object.assign(link, { href: "#", textContent: "Below" });
        document.querySelector("main").append(link);
        link.attributeStyleMap.set("position", "fixed");
        link.attributeStyleMap.set("inset", "auto 60px 30px auto");
    }""")
    below = page.get_by_role("link", name="Below")
    tab_to(page, below)
    expect(launcher).to_have_css("opacity", "0")
    tab_to(page, launcher)
    expect(launcher).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    wait_for_greeting(chat)
    tab_to(page, below, key="Shift+Tab")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    expect(below).to_be_focused()


def test_check_in_by_keyboard(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)

    def press_key_on(name: str) -> None:
        tab_to(page, chat.get_by_role("button", name=name, exact=True).last)
        page.keyboard.press("Enter")
        wait_for_answer(chat)

    press_key_on("Answer a few questions")
    press_key_on("Yes, I am 16 or over")
    group = chat.locator("fieldset").last
    expect(group).to_have_accessible_name(re.compile("Which area"))
    radios = group.get_by_role("radio")
    tab_to(page, radios.first)
    page.keyboard.press("ArrowDown")
    expect(radios.nth(1)).to_be_checked()
    page.keyboard.press("Tab")
    expect(chat.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # as in any form
    wait_for_answer(chat)
    expect(chat.locator(".mine").last).to_contain_text("Old Town")
    expect(chat.locator(".question").last).to_contain_text("How old are you")
