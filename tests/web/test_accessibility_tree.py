"""The main journey in the accessibility tree: roles, names and order."""

from playwright.sync_api import Locator, Page, expect

from tests.support.web_chat import (
    GARDENING,
    OpenPage,
    answers,
    chat_on,
    wait_for_answer,
    wait_for_greeting,
)

# Roles of controls and landmarks, each of which must have a name.
NAMED = {
    "article", "button", "checkbox", "dialog", "group", "heading", "img", "image", "link", "log",
    "radio", "region", "textbox", "DisclosureTriangle",
}  # fmt: skip


def assert_all_named(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    roles = {node["role"]["value"] for node in nodes if not node["ignored"]}
    assert "log" in roles
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in NAMED
        and not node.get("name", {}).get("value", "").strip()
    ]
    assert nameless == []


def press(page: Page, button: Locator) -> None:
    """Press a button as a screen reader does, wherever the pointer is."""
    button.focus()
    page.keyboard.press("Enter")


def test_whole_journey_in_the_accessibility_tree(host_url: str, open_page: OpenPage) -> None:
    page = open_page(f"{host_url}/library.html")
    chat = chat_on(page)
    expect(page.locator("body")).to_match_aria_snapshot("""
        - main:
          - heading "Library" [level=1]
        - region "Community Connector":
          - button "Community Connector"
    """)
    press(page, page.get_by_role("button", name="Community Connector"))
    wait_for_greeting(chat)
    dialog = page.get_by_role("dialog", name="Community Connector")
    expect(dialog).to_match_aria_snapshot("""
        - heading "Community Connector" [level=2]
        - button "Close chat"
        - paragraph: This chat is run by a computer. Nobody reads it.
        - button "Start again"
        - button "Leave now"
        - log "Conversation":
          - group /Hello. I am Community Connector/:
            - button "Meet people"
        - status
        - text: Your message
        - textbox "Your message"
        - button "Send"
    """)
    field = dialog.get_by_role("textbox", name="Your message")
    expect(field).to_have_accessible_description(
        "Press Enter to send. Press Shift and Enter for a new line."
    )
    leave = dialog.get_by_role("button", name="Leave now")
    expect(leave).to_have_accessible_description("Or press the Shift key three times.")
    assert_all_named(page)

    field.fill(GARDENING)
    press(page, dialog.get_by_role("button", name="Send"))
    wait_for_answer(chat)
    log = dialog.get_by_role("log", name="Conversation")
    expect(log.get_by_text(GARDENING)).to_be_visible()
    card = log.get_by_role("article").first
    name = card.get_by_role("heading", level=3).inner_text()
    expect(card).to_have_accessible_name(name)
    expect(card).to_match_aria_snapshot("""
        - paragraph
        - heading [level=3]
        - paragraph: Why it fits
        - list:
          - listitem
        - term: When
        - definition
        - term: Where
        - definition
        - list:
          - listitem:
            - link /How to get there/
        - group:
          - button "Tell me more"
          - button "Add to my list"
        - group:
          - link "Add to calendar"
          - button "Share"
          - button "This one is wrong"
    """)
    press(page, log.get_by_role("button", name="Show these").or_(log.locator("summary")).first)
    picture = log.get_by_role("img", name="North is up")
    expect(picture).to_be_visible()
    expect(log.get_by_role("list").filter(has_text="of number 1").first).to_be_visible()
    assert_all_named(page)
    before = answers(chat).count()
    press(page, card.get_by_role("button", name="Add to my list"))
    wait_for_answer(chat)
    assert answers(chat).count() > before
    press(page, dialog.get_by_role("button", name="Close chat"))
    expect(page.get_by_role("button", name="Community Connector")).to_be_focused()
