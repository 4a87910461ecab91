"""A journey through every state of the chat, for tests that check each state."""

import re
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, Route, expect

from tests.support.web_chat import (
    CRISIS,
    SENDING,
    answers,
    find_listings,
    say,
    start_again_button,
    wait_for_answer,
    wait_for_greeting,
)


def press(chat: Locator, label: str) -> None:
    chat.get_by_role("button", name=label, exact=True).last.click()
    wait_for_answer(chat)


def visit_states(page: Page, chat: Locator) -> Iterator[str]:
    """Bring a floating chat into each state in turn, and yield the name of the state."""
    launcher = chat.locator(".launcher")
    expect(launcher).to_be_visible()
    yield "closed"
    chat.evaluate("element => element.send('hello')")
    wait_for_answer(chat)
    expect(launcher).to_have_accessible_name(re.compile("new message"))
    yield "closed, with an unread message"
    launcher.click()
    yield "opened"
    start_again_button(chat).click()
    wait_for_greeting(chat)
    yield "greeting"
    yield from _visit_listings(chat)
    start_again_button(chat).click()  # a short conversation is checked faster
    wait_for_greeting(chat)
    yield from _visit_errors(page, chat)
    yield from _visit_check_in(chat)
    say(chat, CRISIS)
    expect(chat.get_by_role("log").get_by_role("link", name=re.compile("116 123"))).to_be_visible()
    yield "help lines"
    page.reload()
    expect(answers(chat).first).to_be_visible()
    yield "restored by a reload"
    chat.get_by_role("button", name="Close chat").click()
    yield "closed again"


def _visit_listings(chat: Locator) -> Iterator[str]:
    find_listings(chat)
    yield "listings"
    summary = chat.locator("summary").first
    summary.click()
    expect(chat.get_by_role("img")).to_be_visible()
    yield "map"
    chat.get_by_role("button", name="Share").first.click()
    expect(chat.get_by_role("status")).to_contain_text("link")
    yield "shared"
    press(chat, "Add to my list")
    yield "saved to the list"
    press(chat, "Tell me more")
    yield "details"
    press(chat, "This one is wrong")
    yield "reporting a mistake"


def _visit_errors(page: Page, chat: Locator) -> Iterator[str]:
    field = chat.get_by_label("Your message")
    field.fill("a" * 950)
    expect(chat.get_by_text("50 characters left")).to_be_visible()
    yield "near the limit"
    field.fill("a" * 1001)
    field.press("Enter")
    expect(chat.get_by_role("alert")).to_contain_text("1,000")
    yield "over the limit"
    field.fill("")
    page.context.set_offline(True)
    say(chat, "hello")
    expect(chat.get_by_role("button", name="Try again")).to_be_visible()
    yield "offline"
    page.context.set_offline(False)
    press(chat, "Try again")
    pending: list[Route] = []
    page.route(SENDING, lambda route: pending.append(route), times=1)
    with page.expect_request(SENDING):
        field.fill("hello again")
        field.press("Enter")
    expect(chat.locator(".typing")).to_be_visible()
    yield "waiting"
    expect(chat.get_by_role("status")).to_contain_text("Still looking")
    yield "waiting for a long time"
    pending[0].fulfill(status=500, body="")
    expect(chat.get_by_text("Something went wrong here")).to_be_visible()
    yield "server error"
    press(chat, "Try again")


def _visit_check_in(chat: Locator) -> Iterator[str]:
    start_again_button(chat).click()
    wait_for_greeting(chat)
    press(chat, "Answer a few questions")
    yield "check-in, start"
    press(chat, "Yes, I am 16 or over")
    yield "check-in, a question"
    press(chat, "Next")
    expect(chat.get_by_role("alert").first).to_contain_text("Pick an answer")
    yield "check-in, no answer picked"
    for _ in range(12):
        questions = chat.locator(".question")
        last = questions.last
        count = questions.count()
        last.get_by_role("radio").first.check()
        last.get_by_role("button", name="Next").click()
        wait_for_answer(chat)
        if questions.count() == count:
            break
    expect(chat.get_by_text("Here are your answers")).to_be_visible()
    yield "check-in, before sending"
    press(chat, "Change")
    yield "check-in, what to change"
    press(chat, "Stop")
    yield "check-in, stopped"
