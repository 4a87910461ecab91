"""What the browser tab stores, for how long, and what it never stores."""

import re

from playwright.sync_api import Route, expect

from tests.support.web_chat import (
    CRISIS,
    FORGETTING,
    GARDENING,
    SENDING,
    OpenPage,
    answers,
    chat_on,
    find_listings,
    say,
    start_again_button,
    wait_for_greeting,
)


def test_a_session_survives_a_reload_and_is_not_announced_again(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    names = chat.get_by_role("article").get_by_role("heading").all_inner_texts()
    stored = page.evaluate("() => JSON.stringify(sessionStorage)")
    assert GARDENING in stored
    # Stops the clock, so that a short-lived state can be checked.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.reload()
    expect(chat.get_by_role("article")).to_have_count(len(names))
    log = chat.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "off")
    page.clock.run_for(1000)
    expect(log).to_have_attribute("aria-live", "polite")
    assert chat.get_by_role("article").get_by_role("heading").all_inner_texts() == names
    expect(chat.get_by_text(GARDENING)).to_be_visible()
    page.clock.resume()
    say(chat, CRISIS)
    expect(chat.get_by_role("log").get_by_role("link", name=re.compile("116 123"))).to_be_visible()


def test_an_open_chat_stays_open_on_the_next_page(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    chat.locator(".launcher").click()
    wait_for_greeting(chat)
    greeting = answers(chat).first.inner_text()
    page.get_by_role("link", name="Another page").click()
    page.wait_for_url("**/library.html?again")
    expect(answers(chat)).to_have_count(1)
    assert answers(chat).first.inner_text() == greeting
    expect(chat.get_by_label("Your message")).to_be_visible()
    expect(chat.get_by_label("Your message")).not_to_be_focused()


def test_taps_and_check_ins_are_not_stored(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    entries = page.evaluate(
        "() => Object.values(sessionStorage).flatMap((value) => JSON.parse(value).entries)"
    )
    typed = [entry["text"] for entry in entries if "text" in entry]
    assert typed == [GARDENING]
    stored = page.evaluate(
        """async () => {
            const { writeSession } = await import("/widget/session.js");
            const choices = (tap) => ({ reply: { type: "choices", text: tap,
                                                 options: [{ label: "Often", tap }] } });
            const entries = [choices("ci:start"), choices("ci:aBcD"), choices("greet"),
                { text: "Often", message: { tap: "ci:aBcD" }, state: "sent" }];
            writeSession("sentinel", { conversation: null, open: true, entries });
            return JSON.parse(sessionStorage.getItem("sentinel")).entries;
        }"""
    )
    assert [entry["reply"]["text"] for entry in stored] == ["ci:start", "greet"]


def test_start_again_clears_here_and_on_the_server(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, GARDENING)
    with page.expect_response(FORGETTING) as forgotten:
        start_again_button(chat).click()
    assert forgotten.value.status == 204
    expect(chat.get_by_text(GARDENING)).to_have_count(0)
    expect(answers(chat)).to_have_count(1)
    expect(chat.get_by_label("Your message")).to_be_focused()
    assert GARDENING not in page.evaluate("() => JSON.stringify(sessionStorage)")


def test_start_again_drops_answers_on_their_way(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    pending: list[Route] = []
    posts: list[str] = []
    page.route(SENDING, lambda route: pending.append(route), times=1)
    page.on("request", lambda request: posts.append(request.post_data or ""))
    field = chat.get_by_label("Your message")
    field.fill(GARDENING)
    with page.expect_request(SENDING):
        field.press("Enter")
    field.fill("a second message, in the queue")
    field.press("Enter")
    start_again_button(chat).click()
    wait_for_greeting(chat)
    with page.expect_request(FORGETTING) as forgotten:
        pending[0].continue_()
    assert forgotten.value.response() is not None
    expect(answers(chat)).to_have_count(1)
    expect(chat.locator(".mine").filter(visible=True)).to_have_count(0)
    assert not [post for post in posts if "in the queue" in post]
