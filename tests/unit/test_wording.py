"""How a listing is put into words, and how a source's markup becomes plain text."""

import html
import re
import time as clock
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.listing import Listing, Place, Point, Schedule
from directory.wording import (
    clean_text,
    describe_alert,
    describe_cost,
    describe_when,
    describe_where,
    searchable_text,
    text_to_encode,
)

TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")


def listing(**values) -> Listing:
    return Listing(key="1", name="Tea", kind="group", description="Tea and talk.", **values)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Tea &amp; talk", "Tea & talk"),
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One<br>two<BR/>three", "One\ntwo\nthree"),
        ("<ul><li>tea</li><li>cake</li></ul>", "- tea\n- cake"),
        ("<h2>Cost</h2>\r\n\r\n<div>Free</div>", "Cost\nFree"),
        ("a\xa0\u2003 b\tc", "a b c"),
        ('<a href="https://example.org">Join</a> us', "Join us"),
        ("<script>alert(1)</script><style>p{}</style>Tea", "Tea"),
        ("<!-- hidden -->Tea", "Tea"),
        ("&lt;p&gt;Tea&lt;/p&gt;", "Tea"),
        ("&amp;lt;b&amp;gt;Tea&amp;lt;/b&amp;gt;", "Tea"),
        ("R&amp;amp;amp;D", "R&D"),
        ("Under 5s: 3 < 5 and 5 > 3, <3", "Under 5s: 3 < 5 and 5 > 3, <3"),
        ("Write to <jo@example.org> or <https://example.org>", None),
        ("Te\x00a\x1b[31m\u200b", "Tea[31m"),
        ("Half a pair \ud83d here", "Half a pair here"),
        ("Café, naïve, Łódź, 你好, 👵🏽", "Café, naïve, Łódź, 你好, 👵🏽"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(markup, text):
    expected = "Write to jo@example.org or https://example.org" if text is None else text
    assert clean_text(markup) == expected


MARKUP = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=8),
        st.sampled_from(
            [
                *"< > & ; # / ! - <p> </p> <br/> <li> <script> </script> <!-- --> <b".split(),
                *"&lt; &gt; &amp; &amp;lt; &#60; &#x3c; &copy &copy; <a@b> &#38;".split(),
                *("<https://x.y>", '<a href="x">', "\n", "\r", " ", "\x00", "\ud800"),
            ]
        ),
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(MARKUP)
def test_no_tag_and_no_entity_is_ever_left(markup):
    text = clean_text(markup)
    assert not TAG.search(text)
    assert html.unescape(text) == text
    assert clean_text(text) == text
    text.encode()
    assert "\x00" not in text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Tea" + "<br" * 200_000, "Tea"),
        ("Tea" + "<li" * 200_000, "Tea"),
        ("Tea &" + "amp" * 20_000 + ";lt;b", None),
        ("Tea " + "<" * 20_000 + "b>" * 20_000, None),
        ("Tea " + "&#" + "9" * 50_000 + ";", None),
        ("Tea " + "&amp;" + "#" + "9" * 50_000 + ";", None),
    ],
    ids=["breaks", "items", "ampersands", "brackets", "number", "escaped number"],
)
def test_markup_without_an_end_is_read_to_the_end(markup, text):
    found = clean_text(markup)
    assert found.startswith("Tea")
    assert text in (None, found)
    assert clean_text(found) == found
    assert not TAG.search(found)


def test_markup_made_to_be_slow_is_not():
    started = clock.monotonic()
    for awkward in ("&amp;" * 30_000, "&" + "amp;" * 30_000, "<" * 100_000, "<b>" * 50_000):
        clean_text(awkward)
    assert clock.monotonic() - started < 10


TEN, NOON = time(10), time(12, 30)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(("Tuesday",), "weekly", TEN, NOON), "Every Tuesday, 10:00 to 12:30"),
        (Schedule(("Thursday", "Tuesday"), "weekly"), "Every Tuesday and Thursday"),
        (Schedule(("Monday",), "fortnightly", TEN), "Every other Monday, 10:00"),
        (Schedule(("Friday",), "1st of month"), "1st Friday of the month"),
        (Schedule(("Friday",), "last of month"), "Last Friday of the month"),
        # How often is not known: it must not say "every".
        (Schedule(("Monday", "Wednesday", "Friday")), "Monday, Wednesday and Friday"),
        (Schedule((), "", TEN, NOON), "10:00 to 12:30"),
        (Schedule(description="By appointment"), "By appointment"),
        (
            Schedule(("Sunday",), "weekly", description="Not in August"),
            "Every Sunday. Not in August",
        ),
        (Schedule(), ""),
    ],
)
def test_when(schedule, words):
    assert describe_when(listing(schedules=(schedule,))) == words


HALL = Place("The Hall", "1 High Street", "Old Town", "ZY1 1AA", Point(53, 1))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"places": (HALL,)}, "The Hall, 1 High Street, Old Town, ZY1 1AA"),
        ({"places": (Place("Old Town", neighbourhood="Old Town"),)}, "Old Town"),
        ({"online": True}, "Online"),
        ({"covers": "All of Larkhaven"}, "Covers All of Larkhaven"),
        ({"places": (Place("The Hall"),), "online": True}, "The Hall; Online"),
        (
            {"confidential": True, "places": (HALL,)},
            "The address is kept private. Get in touch with them first.",
        ),
        ({}, ""),
    ],
)
def test_where(values, words):
    assert describe_where(listing(**values)) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cost": "£3 a session", "cost_amount": 3.0}, "£3 a session"),
        ({"cost_amount": 2.5}, "£2.50"),
        ({"cost_amount": 0.0}, "Free"),
        ({}, ""),
    ],
)
def test_cost_and_not_known_never_look_alike(values, words):
    assert describe_cost(listing(**values)) == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "temporarily closed", "alert": "Back in May"}, "Closed for now. Back in May"),
        ({"status": "temporarily closed"}, "Closed for now"),
        ({"alert": "Moved upstairs"}, "Moved upstairs"),
        ({}, ""),
    ],
)
def test_alert_says_first_that_it_is_closed(values, words):
    assert describe_alert(listing(**values)) == words


def test_what_is_encoded_leaves_out_what_changes_often():
    one = listing(topics=("tea",), alert="Moved", cost="£1", places=(HALL,))
    assert text_to_encode(one) == "Tea. tea. Tea and talk."


def test_every_word_worth_finding_can_be_found():
    one = listing(
        organisation="Friends",
        covers="Larkhaven",
        topics=("talk",),
        audience=("carers",),
        skills_wanted=("driving",),
        languages=("Polish",),
        accessibility=("hearing loop",),
        places=(HALL,),
    )
    for word in "Tea Friends Larkhaven talk carers driving Polish loop Hall Town".split():
        assert word in searchable_text(one)
    assert "1 High Street" not in searchable_text(one)
