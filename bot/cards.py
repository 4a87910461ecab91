"""Builds the card of a listing from the directory.

`directory.describe` decides what anyone may see; this module adds the buttons.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from bot.messages import ListingCard, Option
from bot.responses import get_button_label
from directory.describe import describe_listing, find_map_point, shorten_description
from directory.listing import StoredListing
from directory.publishing.icalendar_export import has_times

View = Literal["card", "details"]

# For each view its buttons, and the asides that a channel with little room leaves out.
_BUTTONS: dict[View, tuple[Sequence[str], Sequence[str]]] = {
    "card": (("ask_details:listing", "ask_details:keep"), ("report_listing:listing",)),
    "details": (
        (
            "show_more:listing",
            "ask_details:keep",
            "report_listing:listing",
            "give_feedback:listing",
        ),
        (),
    ),
}


def build_card(stored: StoredListing, view: View, reasons: Sequence[str] = ()) -> ListingCard:
    """The listing in short, or everything that anyone may see of it."""
    facts = describe_listing(stored)
    buttons, asides = _BUTTONS[view]
    if view == "card":
        # The details are a tap away. Many real feeds give neither time nor place, and then the
        # description says at least what the listing is.
        is_bare = not (facts["when"] or facts["where"])
        facts["description"] = shorten_description(stored.listing) if is_bare else ""
    point = find_map_point(stored.listing)
    return ListingCard(
        **facts,
        reasons=tuple(reasons),
        options=_make_options(buttons, stored.id),
        asides=_make_options(asides, stored.id),
        calendar=has_times(stored, date.today()),
        point=(point.latitude, point.longitude) if point else None,
    )


def _make_options(buttons: Sequence[str], listing_id: int) -> tuple[Option, ...]:
    return tuple(Option(get_button_label(tap), f"{tap}=#{listing_id}") for tap in buttons)
