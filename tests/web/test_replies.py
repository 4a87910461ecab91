"""Rendering of replies: cards, help lines, the map, and text that is never markup."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.web_chat import (
    CRISIS,
    SENDING,
    OpenPage,
    answers,
    chat_on,
    find_listings,
    format_events,
    say,
    wait_for_answer,
    wait_for_greeting,
)
from tests.support.web_journey import press


def test_crisis_answer_stands_out_and_can_be_called(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    say(chat, CRISIS)
    log = chat.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    samaritans = log.get_by_role("link", name=re.compile("116 123"))
    expect(samaritans).to_be_in_viewport()
    assert re.fullmatch(r"tel:\+?\d+", samaritans.get_attribute("href") or "")
    expect(log.get_by_role("heading", name="Help now")).to_be_visible()


def test_helplines_stay_in_sight_until_the_chat_is_forgotten(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    help_bar = chat.locator(".help-bar")
    expect(help_bar).to_be_hidden()
    say(chat, "I want to end my life")
    find_listings(chat)
    samaritans = help_bar.get_by_role("link", name=re.compile("116 123"))
    expect(samaritans).to_be_in_viewport()
    expect(samaritans).to_have_attribute("href", "tel:116123")
    expect(chat.get_by_role("button", name="Helplines").last).to_be_visible()
    page.reload()
    expect(samaritans).to_be_in_viewport()
    chat.get_by_role("button", name="Start again", exact=True).first.click()
    expect(help_bar).to_be_hidden()


def test_text_is_never_markup_and_links_are_only_web_links(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    card = {
        "type": "listing", "listing_id": 1, "name": markup, "kind": "group", "reasons": [markup],
        "organisation": markup, "when": markup, "where": "", "cost": "", "access": "",
        "alert": markup, "notice": markup, "description": markup, "phone": markup,
        "website": "javascript:alert(1)", "email": "a@b?bcc=c@d",
        "options": [{"label": markup, "tap": "x"}],
    }  # fmt: skip
    line = {"name": markup, "contact": "1", "link": "javascript:alert(1)"}
    lines = {"type": "help_lines", "text": markup, "lines": [line]}
    shown = page.evaluate(
        """async ([card, lines]) => {
            const { renderReply } = await import("/widget/replies.js");
            const { findWords } = await import("/widget/words.js");
            const context = { ...findWords("en-GB"), heading: 3, tap() {},
                              server: location.origin };
            const box = document.createElement("div");
            box.append(...[card, lines].map((reply) => renderReply(reply, context)));
            return { foreign: box.querySelectorAll("img, b b, script").length,
                     links: [...box.querySelectorAll("a")].map((a) => a.href),
                     text: box.textContent };
        }""",
        [card, lines],
    )
    assert shown["foreign"] == 0
    assert [link for link in shown["links"] if not link.startswith("tel:")] == []
    assert markup in shown["text"]


def test_a_card_can_be_saved_shared_and_reported(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url, permissions=["clipboard-read", "clipboard-write"])
    chat = chat_on(page)
    wait_for_greeting(chat)
    find_listings(chat)
    cards = chat.get_by_role("article")
    expect(cards.get_by_role("link", name="Add to calendar").first).to_be_visible()
    address = cards.get_by_role("link", name="Add to calendar").first.get_attribute("href") or ""
    calendar = page.request.get(address)
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert "BEGIN:VEVENT" in calendar.text()
    card = cards.first
    name = card.get_by_role("heading").inner_text()
    card.get_by_role("button", name="Share").click()
    expect(chat.get_by_role("status")).to_contain_text("copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert name in page.request.get(link).text()
    directions = card.get_by_role("link", name="How to get there").get_attribute("href") or ""
    assert directions.startswith("https://www.openstreetmap.org/")
    press(chat, "Add to my list")
    say(chat, "my list")
    expect(answers(chat).last).to_contain_text(
        cards.nth(cards.count() - 1).get_by_role("heading").inner_text()
    )
    card.get_by_role("button", name="This one is wrong").click()
    wait_for_answer(chat)
    expect(answers(chat).last).to_contain_text(name)


def test_the_map_matches_its_list_and_loads_nothing_from_others(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    urls: list[str] = []
    find_listings(chat)
    page.on("request", lambda request: urls.append(request.url))
    details = chat.locator("details.map")
    details.locator("summary").click()
    picture = details.get_by_role("img")
    expect(picture).to_be_visible()
    rows = details.get_by_role("listitem")
    numbers = " ".join(details.locator(".pin-label").all_text_contents()).split()
    assert sorted(map(int, numbers)) == list(range(1, rows.count() + 1))
    names = details.get_by_role("button").all_inner_texts()
    assert names == chat.get_by_role("article").get_by_role("heading").all_inner_texts()
    expect(rows.nth(1)).to_contain_text("number 1")
    details.get_by_role("button").last.click()
    heading = chat.get_by_role("article").get_by_role("heading").last
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert [url for url in urls if not url.startswith(app_url)] == []


DRAW = """async (points) => {
    const { drawMap } = await import("/widget/map.js");
    const { findWords } = await import("/widget/words.js");
    const cards = points.map((point, i) => ({ name: `Place ${i + 1}`, where: "", point }));
    const box = drawMap(cards, findWords("en").words);
    return {
        pins: [...box.querySelectorAll(".pin-label")].map((label) => ({
            text: label.textContent, x: Number(label.getAttribute("x")),
            y: Number(label.getAttribute("y")) })),
        distances: [...box.querySelectorAll("li span")].map((span) => span.textContent),
        scale: box.querySelector(".map-label:not(.middle)").textContent,
    };
}"""


def test_the_map_is_to_scale(app_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{app_url}/widget")
    # A mile is 1/69.055 of a degree of latitude, and at 60 degrees north twice that of longitude.
    mile = 1 / 69.055
    drawn = page.evaluate(DRAW, [[60, 1], [60 + mile, 1], [60, 1 + 2 * mile], [60, 1.0001]])
    first, north, east = drawn["pins"]
    assert first["text"] == "1 4"  # close points share a pin
    assert (north["text"], east["text"]) == ("2", "3")
    assert north["x"] == first["x"]
    assert first["y"] - north["y"] == pytest.approx(east["x"] - first["x"], abs=2)
    assert east["y"] == first["y"]
    assert drawn["distances"] == [
        "", "1.0 miles north of number 1", "1.0 miles east of number 1", "close to number 1",
    ]  # fmt: skip
    assert drawn["scale"].endswith(("mile", "miles"))


def test_listings_without_a_place_are_not_on_the_map(app_url: str, open_page: OpenPage) -> None:
    """Confidential listings and those whose place is not known have no point."""
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    card = {
        "type": "listing", "listing_id": 1, "name": "Refuge", "kind": "service", "reasons": [],
        "options": [], "asides": [], "point": None,
    }  # fmt: skip
    near = [{**card, "name": f"Place {n}", "point": [53.7, 1.7 + n / 100]} for n in (1, 2)]
    answer = {"conversation": "x" * 32, "replies": [near[0], card, near[1]]}
    page.route(
        SENDING, lambda route: route.fulfill(body=format_events(("answer", answer))), times=1
    )
    say(chat, "hello")
    expect(chat.get_by_role("article")).to_have_count(3)
    chat.locator("summary").click()
    expect(chat.locator("details").get_by_role("button")).to_have_text(["Place 1", "Place 2"])


def test_what_comes_before_the_answer_is_shown_and_stays(app_url: str, open_page: OpenPage) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)

    def make_content(text: str) -> dict[str, Any]:
        return {"conversation": "x" * 32, "replies": [{"type": "text", "text": text}]}

    busy, answer = make_content("One moment, please."), make_content("Here you are.")
    events = format_events(("early", busy), ("answer", answer))
    page.route(SENDING, lambda route: route.fulfill(body=f": ping\n\n{events}"), times=1)
    say(chat, "hello")
    expect(answers(chat).nth(1)).to_have_text("One moment, please.")
    expect(answers(chat).nth(2)).to_have_text("Here you are.")
    page.reload()
    expect(answers(chat)).to_have_count(3)


def test_a_failure_after_an_early_reply_can_be_tried_again(
    app_url: str, open_page: OpenPage
) -> None:
    page = open_page(app_url)
    chat = chat_on(page)
    wait_for_greeting(chat)
    busy = {"conversation": "x" * 32, "replies": [{"type": "text", "text": "One moment, please."}]}
    failure = ("error", {"error": "Something broke here."})
    body = format_events(("early", busy), failure)
    page.route(SENDING, lambda route: route.fulfill(body=body), times=1)
    say(chat, "hello")
    expect(chat.get_by_text("Something broke here.")).to_be_visible()
    expect(chat.get_by_role("button", name="Try again")).to_be_visible()
