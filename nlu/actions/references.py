"""Finds the listing that a message refers to, among those that the person was shown."""

from directory.listing import StoredListing
from nlu.actions.adapter import Services
from nlu.understanding.references import (
    ORDINALS,
    THIS,
    choose_name,
    is_tapped_reference,
    read_listing_id,
)
from nlu.understanding.turn import Turn


def find_referenced_listing(turn: Turn, services: Services) -> StoredListing | None:
    """The listing that a tap, a position or a name refers to, or else the one last looked at."""
    reference = read_reference(turn)
    if is_tapped_reference(reference):
        listing_id = read_listing_id(reference)
        return None if listing_id is None else services.search.get(listing_id)
    looked_at = turn.slots.get("looking_at")
    last = services.search.get(int(looked_at)) if looked_at is not None else None
    if reference == THIS and last:
        return last
    results = read_results(turn, services)
    names = [stored.listing.name for stored in results]
    index = choose_name(names, reference, "" if turn.is_tap else turn.text)
    if index is not None:
        return results[index]
    return None if reference in ORDINALS else last


def read_reference(turn: Turn) -> str:
    """The reference in the message, as `nlu.understanding.references` has them; "" if none."""
    return turn.entities.get("keep") or turn.entities.get("listing", "")


def read_results(turn: Turn, services: Services) -> list[StoredListing]:
    """The listings last shown, without any that the directory has dropped since."""
    listing_ids = turn.slots.get("results") or ()
    listings = (services.search.get(int(listing_id)) for listing_id in listing_ids)
    return [stored for stored in listings if stored]
