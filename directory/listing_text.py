"""The texts of a listing that the sentence encoder and the word search read.

Pure functions of a listing. Must never add anything that the listing does not say.
"""

import hashlib

from directory.listing import Listing


def build_encoder_text(listing: Listing) -> str:
    """The text for the sentence encoder, which stops at 256 tokens: the most telling part first."""
    parts = [listing.name, ", ".join(listing.topics), ", ".join(listing.skills_wanted)]
    return ". ".join(part for part in [*parts, listing.description] if part)


def digest_encoder_text(listing: Listing) -> str:
    """A fingerprint of `build_encoder_text`: while it stays the same, so does the vector."""
    return hashlib.sha256(build_encoder_text(listing).encode()).hexdigest()


def build_search_text(listing: Listing) -> str:
    """Every word that a search may match."""
    places = (part for place in listing.places for part in (place.venue, place.neighbourhood))
    return " ".join(filter(None, [build_placeless_text(listing), listing.covers, *places]))


def build_placeless_text(listing: Listing) -> str:
    """Every word that a search may match, except those of places.

    Its words may be stored apart from the listing, and stay if the listing becomes confidential.
    """
    texts = [
        listing.name,
        listing.description,
        listing.organisation,
        *listing.topics,
        *listing.audience,
        *listing.skills_wanted,
        *listing.languages,
        *listing.accessibility,
    ]
    return " ".join(text for text in texts if text)
