"""Typing and sending: the length limit, lost connections and server errors."""

from playwright.sync_api import expect

from tests.support.web_chat import (
    ANSWER_MS,
    GARDENING,
    SENDING,
    OpenPage,
    answers,
    chat_on,
    say,
    wait_for_answer,
    wait_for_greeting,
)


def test_text_over_the_limit_is_refused_before_sending(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.method))
    field = chat.get_by_label("Your message")
    text = "🌱" * 1001  # one character each, but two UTF-16 code units in JavaScript
    field.fill(text)
    field.press("Enter")
    expect(chat.get_by_role("alert")).to_contain_text("1,001")
    expect(chat.get_by_role("alert")).to_contain_text("1,000")
    expect(field).to_have_value(text)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert posts == []
    assert chat.evaluate("(element, text) => element.send(text)", text) is False
    field.fill(GARDENING)
    expect(chat.get_by_role("alert")).to_be_empty()
    chat.get_by_role("button", name="Send").click()
    expect(field).to_be_focused()
    wait_for_answer(chat)
    assert posts.count("POST") == 1


def test_offline_keeps_the_message_and_tries_again(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    page.context.set_offline(True)
    say(chat, GARDENING)
    log = chat.get_by_role("log")
    expect(log.get_by_text("This was not sent")).to_be_visible()
    expect(log.get_by_text(GARDENING)).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(log.get_by_text(GARDENING)).to_be_visible()
    log.get_by_role("button", name="Try again").click()
    expect(answers(chat)).not_to_have_count(1, timeout=ANSWER_MS)
    expect(log.get_by_role("button", name="Try again")).to_have_count(0)
    expect(log.get_by_text(GARDENING)).to_have_count(1)


def test_server_refusal_is_shown_in_its_own_words(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    sentence = "You are sending messages very fast. Please wait a minute."
    page.route(
        SENDING,
        lambda route: route.fulfill(status=429, json={"error": sentence}),
        times=1,
    )
    say(chat, GARDENING)
    expect(chat.get_by_text(sentence)).to_be_visible()
    chat.get_by_role("button", name="Try again").click()
    expect(chat.get_by_text(sentence)).to_have_count(0)
    wait_for_answer(chat)
    expect(answers(chat)).not_to_have_count(1)
