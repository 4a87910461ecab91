"""What the card of a listing shows, whatever its source left out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import View, build_card
from bot.messages import ListingCard
from directory.describe import shorten_description
from directory.listing import Listing, Place, Point, Schedule, StoredListing

DESCRIPTION = "Come and sing. " * 40
POINT = Point(53.7, 1.7)
TUESDAYS = Schedule(days=("Tuesday",))


def make_card(view: View = "card", **facts: Any) -> ListingCard:
    listing = Listing(key="1", name="Choir", kind="group", description=DESCRIPTION, **facts)
    return build_card(StoredListing(1, "feed", "", listing), view, ("It mentions “sing”",))


def test_a_card_without_time_and_place_shows_the_start_of_the_description() -> None:
    description = make_card().description
    assert description.startswith("Come and sing.")
    assert description.endswith("…")


@pytest.mark.parametrize(
    "facts",
    [
        {"places": (Place(venue="Hall"),)},
        {"schedules": (Schedule(description="Tuesdays"),)},
        {"covers": "All of Larkhaven"},
        {"confidential": True},
    ],
)
def test_a_card_with_a_time_or_a_place_shows_no_description(facts: dict[str, Any]) -> None:
    assert make_card(**facts).description == ""


def test_the_details_show_the_whole_description() -> None:
    assert make_card("details").description == DESCRIPTION


@given(st.text())
def test_a_shortened_description_is_short_and_only_the_listings_own_words(text: str) -> None:
    opening = shorten_description(Listing(key="1", name="x", kind="group", description=text))
    assert len(opening) <= 200
    assert " ".join(text.split()).startswith(opening.removesuffix(" …").removesuffix("…"))


def test_a_card_gives_its_point_and_whether_a_calendar_can_have_it() -> None:
    card = make_card(places=(Place(venue="Hall"), Place(point=POINT)), schedules=(TUESDAYS,))
    assert card.point == (53.7, 1.7)
    assert card.calendar is True
    assert make_card().point is None
    assert make_card().calendar is False


def test_a_confidential_listing_is_on_no_map() -> None:
    card = make_card(places=(Place(point=POINT),), schedules=(TUESDAYS,), confidential=True)
    assert card.point is None


@pytest.mark.parametrize(
    ("view", "labels", "asides"),
    [
        ("card", ["Tell me more", "Add to my list"], ["This one is wrong"]),
        (
            "details",
            ["Others like this", "Add to my list", "This one is wrong", "I went"],
            [],
        ),
    ],
)
def test_each_view_has_its_buttons(view: View, labels: list[str], asides: list[str]) -> None:
    card = make_card(view)
    assert [option.label for option in card.options] == labels
    assert [option.label for option in card.asides] == asides
    assert {option.tap.partition("=")[2] for option in card.options} == {"#1"}
