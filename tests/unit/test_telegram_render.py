"""Rendering for Telegram, checked with a parser of Telegram's own HTML."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import (
    Choices,
    HelpLine,
    HelpLines,
    ListingCard,
    Message,
    Option,
    Reply,
    Text,
)
from bot.telegram.render import (
    COMMANDS,
    TEXT_LIMIT,
    UnsendableOptionError,
    arrange_buttons,
    count_utf16_units,
    read_text,
    render,
    split_text,
)
from tests.support.bot_api.markup import MarkupError, parse

CARD = ListingCard(
    listing_id=7,
    name="Tea & <Talk>",
    kind="group",
    organisation="Larkhaven Library",
    reasons=("You like gardening", "It is near you"),
    when="Tuesdays, 10:00 to 12:00",
    where="Library, High Street",
    cost="Free",
    access="Step-free",
    alert="Temporarily closed",
    notice="This is a made-up town.",
    description="",
    website="https://example.org/tea?a=1&b=2",
    phone="01632 960000",
    email="tea@example.org",
    options=(Option("Tell me more", "more:7"),),
)

words = st.text(st.characters(exclude_categories=()), max_size=300)
long_words = st.builds(lambda part, times: part * times, words, st.integers(1, 60))
options = st.lists(
    st.builds(Option, st.text("ab <&>é", min_size=1, max_size=30), st.text("tap:é", max_size=70)),
    max_size=120,
).map(tuple)
replies: st.SearchStrategy[Reply] = st.one_of(
    st.builds(Text, long_words),
    st.builds(Choices, long_words, options),
    st.builds(
        HelpLines,
        words,
        st.lists(st.builds(HelpLine, words, words, words), max_size=5).map(tuple),
    ),
    st.builds(
        ListingCard,
        **dict.fromkeys(("name", "kind", "organisation", "when", "where"), words),
        **dict.fromkeys(("access", "alert", "notice", "website", "phone", "email"), words),
        listing_id=st.integers(),
        reasons=st.lists(words, max_size=4).map(tuple),
        description=long_words,
        options=options,
    ),
)


@given(replies)
def test_every_reply_keeps_to_the_limits_of_telegram(reply: Reply) -> None:
    for outgoing in render(reply):
        text, _ = parse(outgoing.html)
        assert text
        assert count_utf16_units(text) <= TEXT_LIMIT
        buttons = [option for row in outgoing.button_rows for option in row]
        assert len(buttons) <= 100
        assert all(1 <= len(option.tap.encode()) <= 64 for option in buttons)
        assert all(option.label.strip() for option in buttons)


@given(long_words)
def test_splitting_keeps_every_word(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    pieces = split_text(text, 40)
    assert all(0 < count_utf16_units(piece) <= 40 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.text("<>&\"'bai/ ;#x", max_size=200))
def test_text_is_shown_unchanged(text: str) -> None:
    shown = [parse(outgoing.html)[0] for outgoing in render(Text(text))]
    assert shown == ([text.strip()] if text.strip() else [])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One two. Three\n\nfour five six", ["One two. Three", "four five six"]),
        ("One two. Three\nfour five six", ["One two. Three", "four five six"]),
        ("One two three. Four five", ["One two three.", "Four five"]),
        ("one two three four five six", ["one two three four", "five six"]),
        ("x" * 25, ["x" * 20, "x" * 5]),
        ("😀" * 11, ["😀" * 10, "😀"]),
        ("a\n\n" + "b c " * 6, ["a\n\nb c b c b c b c b", "c b c"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_a_long_text_is_split_at_the_best_break(text: str, pieces: list[str]) -> None:
    assert split_text(text, 20) == pieces


def test_an_html_entity_is_never_split() -> None:
    messages = render(Text("&" * (TEXT_LIMIT + 1)))
    assert [parse(outgoing.html)[0] for outgoing in messages] == ["&" * TEXT_LIMIT, "&"]


def test_a_listing_has_one_fact_to_a_line() -> None:
    (outgoing,) = render(CARD)
    text, entities = parse(outgoing.html)
    assert text.splitlines() == [
        "Tea & <Talk>",
        "Group, run by Larkhaven Library",
        "Please note: Temporarily closed",
        "Why: You like gardening",
        "Why: It is near you",
        "When: Tuesdays, 10:00 to 12:00",
        "Where: Library, High Street",
        "Cost: Free",
        "Access: Step-free",
        "Phone: 01632 960000",
        "Email: tea@example.org",
        "Website: example.org",
        "This is a made-up town.",
    ]
    assert entities[0] == {"type": "bold", "offset": 0, "length": 12}
    assert entities[1]["url"] == "https://example.org/tea?a=1&b=2"
    assert outgoing.button_rows == ((Option("Tell me more", "more:7"),),)


@pytest.mark.parametrize(
    "website",
    ["", "javascript:alert(1)", "data:text/html,x", "tg://resolve?domain=x", "https://", "//x.org"],
)
def test_only_web_addresses_become_links(website: str) -> None:
    (outgoing,) = render(replace(CARD, website=website))
    assert "<a " not in outgoing.html
    assert "Website" not in outgoing.html


def test_a_quote_cannot_end_a_link_early() -> None:
    (outgoing,) = render(replace(CARD, website='https://example.org/"><b>x'))
    _, entities = parse(outgoing.html)
    assert [entity["type"] for entity in entities] == ["bold", "text_link"]
    assert entities[1]["url"] == 'https://example.org/"><b>x'


def test_help_lines_show_numbers_as_plain_text() -> None:
    (outgoing,) = render(
        HelpLines("Please call now.", (HelpLine("Samaritans", "116 123", "tel:116123"),))
    )
    assert outgoing.html == "Please call now.\n\nSamaritans: 116 123"


def test_buttons_with_short_labels_share_a_row() -> None:
    short = tuple(Option(label, label) for label in ("Yes", "No", "Not sure"))
    assert [len(row) for row in arrange_buttons(short)] == [2, 1]
    assert [len(row) for row in arrange_buttons((*short, Option("Some of the time", "s")))] == [
        1,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize("tap", ["", "x" * 65, "é" * 33])
def test_an_unsendable_button_is_left_out_and_its_text_not_logged(
    tap: str, caplog: pytest.LogCaptureFixture
) -> None:
    choices = Choices("Which?", (Option("Sentinel", tap), Option("Fine", "é" * 32)))
    with caplog.at_level(logging.DEBUG):
        (outgoing,) = render(choices)
    assert outgoing.button_rows == ((Option("Fine", "é" * 32),),)
    assert "left out" in caplog.text
    assert "Sentinel" not in caplog.text
    with pytest.raises(UnsendableOptionError):
        render(choices, strict=True)


def test_buttons_without_text_get_a_prompt() -> None:
    (outgoing,) = render(Choices(" ", (Option("Yes", "yes"),)))
    assert outgoing.html == "Please choose one:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((f"/{command.name}", Message(tap=command.tap)) for command in COMMANDS),
        ("/START", Message(tap="greet")),
        ("/start@connector_bot", Message(tap="greet")),
        ("/start poster-12", Message(tap="greet")),
        ("/start I feel low", Message(text="start I feel low")),
        ("/nonsense", Message(tap="ask_capabilities")),
        ("/help he is hurting me", Message(text="help he is hurting me")),
        ("/ hello", Message(text="/ hello")),
        ("24/7 help", Message(text="24/7 help")),
    ],
)
def test_a_command_is_a_button_unless_text_follows(text: str, message: Message) -> None:
    assert read_text(text) == message


@pytest.mark.parametrize("source", ["a < b", "<b>x", "<b>x</i>", "</b>", "<p>x</p>", "<br>"])
def test_the_parser_refuses_the_html_that_telegram_refuses(source: str) -> None:
    with pytest.raises(MarkupError, match="can't parse entities"):
        parse(source)
