"""What a found listing looks like in short, whatever its source left out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responses import Wording
from directory.describe import shorten_description
from directory.listing import Listing, Place, Point, Schedule, StoredListing
from directory.search.query import Hit
from nlu.actions.cards import make_card

LONG = "Come and sing. " * 40


def card(**facts: Any) -> dict[str, Any]:
    listing = Listing(key="1", name="Choir", kind="group", description=LONG, **facts)
    stored = StoredListing(1, "feed", "", listing)
    return make_card(Hit(stored, 1.0, ("It mentions “sing”",), None, True))


def test_with_neither_time_nor_place_the_description_begins() -> None:
    shown = str(card()["description"])
    assert shown.startswith("Come and sing.")
    assert shown.endswith("…")


@pytest.mark.parametrize(
    "facts",
    [
        {"places": (Place(venue="Hall"),)},
        {"schedules": (Schedule(description="Tuesdays"),)},
        {"covers": "All of Larkhaven"},
        {"confidential": True},
    ],
)
def test_with_a_time_or_a_place_the_description_is_a_tap_away(facts: dict[str, Any]) -> None:
    assert card(**facts)["description"] == ""


@given(st.text())
def test_an_opening_is_short_and_only_the_listings_own_words(text: str) -> None:
    opening = shorten_description(Listing(key="1", name="x", kind="group", description=text))
    assert len(opening) <= 200
    assert " ".join(text.split()).startswith(opening.removesuffix(" …").removesuffix("…"))


POINT = Point(53.7, 1.7)
TUESDAYS = Schedule(days=("Tuesday",))


def test_a_card_tells_where_on_a_map_and_whether_a_calendar_can_have_it() -> None:
    shown = card(places=(Place(venue="Hall"), Place(point=POINT)), schedules=(TUESDAYS,))
    assert shown["point"] == [53.7, 1.7]
    assert shown["calendar"] is True
    assert card()["point"] is None
    assert card()["calendar"] is False


def test_a_confidential_listing_is_on_no_map() -> None:
    shown = card(places=(Place(point=POINT),), schedules=(TUESDAYS,), confidential=True)
    assert shown["point"] is None


def test_a_card_from_rasa_has_its_options_named_and_its_point_whole() -> None:
    made = Wording().make_card(card(places=(Place(point=POINT),)))
    assert made.point == (53.7, 1.7)
    assert [option.label for option in made.options] == ["Tell me more", "Add to my list"]
    assert [option.label for option in made.asides] == ["This one is wrong"]
