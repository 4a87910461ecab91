"""A listing as residents see it, for the desk's pages."""

from typing import Any

from directory.describe import FACT_LABELS, describe_listing
from directory.desk.services import DeskServices
from directory.listing import Listing, StoredListing

_LABELS = {**FACT_LABELS, "phone": "Phone", "email": "Email", "website": "Website"}


def build_card(stored: StoredListing) -> dict[str, Any]:
    """What residents see of a listing: its texts, and `facts` as pairs of label and text."""
    described = describe_listing(stored)
    facts = [(label, described[name]) for name, label in _LABELS.items() if described[name]]
    return {**described, "facts": facts}


def build_preview(desk_services: DeskServices, listing: Listing) -> dict[str, Any]:
    """The card of a listing that is not saved yet, with the topics and words that find it."""
    preview = desk_services.editor.preview(listing)
    card = build_card(StoredListing(0, "", "", preview.listing))
    return {"card": card, "topics": preview.topics, "words": preview.words}
