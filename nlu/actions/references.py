"""Finds the listing that a message refers to, among those that the person was shown."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from directory.indexing.words import find_stems
from directory.listing import StoredListing
from directory.search.query import Query
from nlu.actions.adapter import Services
from nlu.understanding.references import (
    ORDINALS,
    THIS,
    choose_name,
    is_tapped_reference,
    read_listing_id,
)
from nlu.understanding.turn import Turn

_MAX_SEEN = 30
_MAX_RANKED = 40
_LEAST_NAME_SCORE = 0.5
# "The allotment one", "back to the choir": words that stand for something that was shown.
_DESCRIBED = re.compile(
    r"\b(?:the|that) ([\w' -]{3,40}?) (?:ones?|again|before|earlier|were|was|sounds?)\b"
    r"|\bback to (?:the |that )?([\w' -]{3,40})",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"\bone\b", re.IGNORECASE)


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
    if not turn.is_tap and reference not in ORDINALS:
        named = find_named_listings(turn, services)
        if len(named) == 1:
            return named[0]
    results = read_results(turn, services)
    names = [stored.listing.name for stored in results]
    index = choose_name(names, reference, "" if turn.is_tap else turn.text)
    if index is not None:
        return results[index]
    return None if reference in ORDINALS else last


def read_reference(turn: Turn) -> str:
    """The reference in the message, as `nlu.understanding.references` has them; "" if none."""
    return turn.entities.get("keep") or turn.entities.get("listing", "")


def find_named_listings(turn: Turn, services: Services) -> list[StoredListing]:
    """The listings seen in this talk that the message names, by their names or their meaning.

    Several where it names a kind that was shown before, as in "the walks were better".
    """
    listing_ids = [*(turn.slots.get("results") or ()), *(turn.slots.get("seen") or ())]
    seen = _read_listings(dict.fromkeys(listing_ids), services)
    words = set(find_stems(turn.text))
    names = [set(find_stems(stored.listing.name)) for stored in seen]
    # A word counts the more, the fewer of the names have it.
    scores = [
        sum(1 / sum(word in other for other in names) for word in words & name) for name in names
    ]
    best = max(scores, default=0)
    named = [stored for stored, score in zip(seen, scores, strict=True) if score == best > 0]
    if len(named) == 1 and best >= _LEAST_NAME_SCORE:
        return named
    described = _DESCRIBED.search(turn.text)
    if not described:
        return []
    # "The allotment one" and "the walks" need not be in a name.
    thing = read_described(turn.text)
    words = set(find_stems(thing))
    about = [
        stored
        for stored in seen
        if words and words <= set(find_stems(f"{stored.listing.name} {stored.listing.description}"))
    ]
    if about:
        return about[:1] if _SINGLE.search(described[0]) else about
    ranked = services.search.search(Query(thing, limit=_MAX_RANKED))
    by_id = {stored.id: stored for stored in seen}
    return [by_id[hit.stored.id] for hit in ranked if hit.stored.id in by_id][:1]


def read_described(text: str) -> str:
    """The words for something that was shown, such as "allotment" in "the allotment one"."""
    described = _DESCRIBED.search(text)
    return next(filter(None, described.groups())) if described else ""


def remember_seen(turn: Turn, listing_ids: Sequence[int]) -> dict[str, Any]:
    """The slot of the listings seen in this talk, the latest first."""
    seen = dict.fromkeys([*listing_ids, *(turn.slots.get("seen") or ())])
    return {"seen": list(seen)[:_MAX_SEEN]}


def read_results(turn: Turn, services: Services) -> list[StoredListing]:
    """The listings last shown, without any that the directory has dropped since."""
    return _read_listings(turn.slots.get("results") or (), services)


def _read_listings(listing_ids: Iterable[Any], services: Services) -> list[StoredListing]:
    listings = (services.search.get(int(listing_id)) for listing_id in listing_ids)
    return [stored for stored in listings if stored]
