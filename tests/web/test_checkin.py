"""The check-in in the web chat: typed answers, double presses, and buttons that never vanish."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.web_chat import (
    CRISIS,
    OpenPage,
    answers,
    chat_on,
    say,
    wait_for_answer,
    wait_for_greeting,
)
from tests.support.web_journey import press

ASK_AREA = "Which area do you live in"
ASK_AGE = "How old are you?"
TYPED = ("yes", "the second one", "im 72", "fairly")


def begin(page: Page) -> Locator:
    chat = chat_on(page)
    wait_for_greeting(chat)
    press(chat, "Answer a few questions")
    return chat


def test_a_check_in_is_typed_and_nothing_of_it_is_stored(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = begin(page)
    for text in TYPED:
        say(chat, text)
    expect(answers(chat).last).to_contain_text("Question 2 of 2")
    say(chat, CRISIS)
    expect(chat.get_by_role("log").get_by_role("link", name=re.compile("116 123"))).to_be_visible()
    stored = page.evaluate("() => JSON.stringify(sessionStorage)")
    assert "116 123" in stored
    assert "ci:" not in stored
    for text in TYPED:
        assert f'\\"{text}\\"' not in stored
    # The crisis was answered alone, and the question is still the open one.
    say(chat, "hardly ever")
    expect(answers(chat).last).to_contain_text("Here are your answers")
    say(chat, "stop")
    expect(answers(chat).last).to_contain_text("I kept nothing")
    say(chat, "thank you")
    assert "thank you" in page.evaluate("() => JSON.stringify(sessionStorage)")


def test_another_question_is_answered_and_the_open_one_comes_again(
    app_url: str, open_page: OpenPage
) -> None:
    chat = begin(open_page(app_url))
    say(chat, "yes")
    say(chat, "what do you do with my answers")
    expect(answers(chat).last).to_contain_text(ASK_AREA)
    expect(chat.get_by_text(ASK_AREA)).to_have_count(2)
    chat.get_by_role("radio", name="Old Town").last.check()
    press(chat, "Next")
    expect(answers(chat).last).to_contain_text(ASK_AGE)


def test_skip_pressed_twice_skips_one_question(app_url: str, open_page: OpenPage) -> None:
    chat = begin(open_page(app_url))
    for text in ("yes", "2", "prefer not to say"):
        say(chat, text)
    question = chat.locator(".question").last
    question.get_by_role("radio", name="Skip").check()
    question.get_by_role("button", name="Next").evaluate("e => { e.click(); e.click(); }")
    expect(chat.locator(".mine").filter(has_text="Skip")).to_have_count(2)
    wait_for_answer(chat)
    expect(answers(chat).last).to_contain_text("Question 2 of 2")
    # A button further up answers only its own question, which is answered.
    chat.locator(".question").filter(has_text=ASK_AGE).get_by_role("radio").first.check()
    chat.locator(".question").filter(has_text=ASK_AGE).get_by_role("button", name="Next").click()
    wait_for_answer(chat)
    expect(answers(chat).last).to_contain_text("You had answered that one")
    expect(answers(chat).last).to_contain_text("Question 2 of 2")


def test_starting_again_ends_it(app_url: str, open_page: OpenPage) -> None:
    chat = begin(open_page(app_url))
    say(chat, "yes")
    chat.locator(".head").get_by_role("button", name="Start again").click()
    wait_for_greeting(chat)
    say(chat, "thank you")
    expect(chat.get_by_text(ASK_AREA)).to_have_count(0)


def test_the_buttons_never_vanish_from_a_plain_page(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/chat", java_script_enabled=False)
    latest = page.locator("#latest")

    def send(text: str) -> None:
        page.get_by_label("Your message").fill(text)
        with page.expect_navigation():
            page.get_by_role("button", name="Send", exact=True).click()

    def choose(label: str) -> None:
        with page.expect_navigation():
            latest.get_by_role("button", name=label, exact=True).last.click()

    choose("Answer a few questions")
    send("yes")
    expect(latest).to_contain_text(ASK_AREA)
    for text in ("what do you do with my answers", "", "a" * 1001, "not sure", "hello"):
        send(text)
        expect(latest).to_contain_text(ASK_AREA)
        expect(latest.get_by_role("radio", name="Old Town")).to_have_count(1)
    expect(page.locator(".earlier")).to_contain_text("what do you do with my answers")
    expect(page.locator(".earlier")).not_to_contain_text(ASK_AREA)
    expect(page.locator(".earlier")).not_to_contain_text("not sure")
    send(CRISIS)
    expect(latest.get_by_role("link", name="116 123")).to_be_visible()
    expect(latest).not_to_contain_text(ASK_AREA)
    choose("Go on with the questions")
    send("old town")
    expect(latest).to_contain_text(ASK_AGE)
    send("stop")
    expect(latest).to_contain_text("I kept nothing")
    send("hello")
    expect(latest.get_by_role("radio")).to_have_count(0)


def test_a_plain_page_that_is_sent_twice_answers_its_own_question(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(f"{app_url}/chat", java_script_enabled=False)
    latest = page.locator("#latest")

    def choose(label: str) -> None:
        with page.expect_navigation():
            latest.get_by_role("button", name=label, exact=True).last.click()

    choose("Answer a few questions")
    choose("Yes, I am 16 or over")
    latest.get_by_role("radio", name="Old Town").check()
    choose("Next")
    latest.get_by_role("radio", name="Prefer not to say").check()
    choose("Next")
    latest.get_by_role("radio", name="Skip").check()
    choose("Next")
    expect(latest).to_contain_text("Question 2 of 2")
    page.reload()  # sends the form again
    expect(latest).to_contain_text("Question 2 of 2")
