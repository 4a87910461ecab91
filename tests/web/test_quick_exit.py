"""Quick exit: it leaves at once and leaves no trace."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from bot.responses import Responses
from tests.support.service import Talk, words
from tests.support.web_chat import (
    ANSWER_MS,
    FORGETTING,
    GARDENING,
    NEUTRAL_PAGE,
    STORED,
    OpenPage,
    answers,
    chat_on,
    find_listings,
    say,
    wait_for_greeting,
)


def assert_leaves_no_trace(page: Page, app_url: str, leave: Callable[[], None]) -> None:
    with page.expect_request(FORGETTING):
        leave()
    page.wait_for_url(NEUTRAL_PAGE)
    page.go_back()
    assert not page.url.startswith(app_url)
    page.goto(f"{app_url}/widget/page.css")  # the same origin, without our scripts
    assert page.evaluate(STORED) == []


def test_pressing_shift_three_times_leaves_no_trace(app_url: str, open_page: OpenPage) -> None:
    app_url = app_url.rstrip("/")
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, GARDENING)
    chat.get_by_label("Your message").press_sequentially("I AM IN", delay=0)
    for key in ("Shift", "Shift", "a", "Shift"):  # Shift for capital letters does not count
        page.keyboard.press(key)
    assert page.url.rstrip("/") == app_url

    def press_three_times() -> None:
        for _ in range(3):
            page.keyboard.press("Shift")

    page.keyboard.press("Tab")
    assert_leaves_no_trace(page, app_url, press_three_times)


def test_the_leave_link_leaves_no_trace(app_url: str, open_page: OpenPage) -> None:
    app_url = app_url.rstrip("/")
    page = open_page(app_url)
    wait_for_greeting(chat_on(page))
    link = page.get_by_role("link", name="Leave this page quickly")
    assert_leaves_no_trace(page, app_url, link.click)


def test_the_leave_button_opens_the_sites_exit_page(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/hostile.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    with page.expect_request(FORGETTING):
        chat.get_by_role("button", name="Leave now").click()
    page.wait_for_url("https://www.example.org/")
    page.goto(f"{host_url}/hostile.css")
    assert page.evaluate(STORED) == []


def test_leaving_another_site_forgets_on_the_server(
    host_url: str, app_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    find_listings(chat)
    session = page.evaluate("() => JSON.parse(Object.values(sessionStorage)[0])")
    chat.get_by_role("button", name="Leave now").click()
    page.wait_for_url(NEUTRAL_PAGE)
    talk = Talk(app_url)
    talk.conversation = session["conversation"]
    forgotten = Responses().templates["utter_nothing_to_refine"]["text"]
    deadline = time.monotonic() + 10
    while forgotten not in words(talk.say("the first one")):
        assert time.monotonic() < deadline, "the server has not forgotten the conversation"
    talk.start_again()
    talk.close()


def test_leaving_empties_every_tab(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, GARDENING)
    with page.expect_popup() as opened:
        page.evaluate("() => void open(location.href)")  # gets a copy of the tab's session
    duplicate = opened.value
    expect(chat_on(duplicate).get_by_text(GARDENING)).to_be_visible()
    separate, elsewhere = page.context.new_page(), page.context.new_page()
    for tab in (separate, elsewhere):
        tab.goto(app_url)
        wait_for_greeting(chat_on(tab))
        say(chat_on(tab), GARDENING)
    elsewhere.goto(NEUTRAL_PAGE)
    with duplicate.expect_request(FORGETTING), separate.expect_request(FORGETTING):
        page.get_by_role("link", name="Leave this page quickly").click()
    elsewhere.go_back()
    for tab in (duplicate, separate, elsewhere):
        expect(answers(chat_on(tab))).to_have_count(1, timeout=ANSWER_MS)  # a new greeting
        expect(tab.get_by_text(GARDENING)).to_have_count(0)
        assert GARDENING not in tab.evaluate("() => JSON.stringify(sessionStorage)")


def test_leaving_closes_the_chat_in_other_tabs(host_url: str, open_page: OpenPage) -> None:
    tabs = [open_page(f"{host_url}/library.html")]
    tabs.append(tabs[0].context.new_page())
    tabs[1].goto(f"{host_url}/library.html?again")
    for tab in tabs:
        chat_on(tab).locator(".launcher").click()
        wait_for_greeting(chat_on(tab))
        say(chat_on(tab), GARDENING)
    chat_on(tabs[0]).get_by_role("button", name="Leave now").click()
    expect(chat_on(tabs[1]).locator(".launcher")).to_be_visible()
    expect(tabs[1].get_by_text(GARDENING)).to_have_count(0)
    assert tabs[1].evaluate(STORED) == []


def test_a_page_restored_from_memory_shows_nothing(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    say(chat, GARDENING)
    page.evaluate("""() => {
        sessionStorage.clear();
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    }""")
    expect(chat.get_by_text(GARDENING)).to_have_count(0)
    expect(chat.locator(".launcher")).to_be_visible()
