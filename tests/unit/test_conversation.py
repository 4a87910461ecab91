"""How the conversation completes Rasa's replies."""

import asyncio
from dataclasses import dataclass

from bot.cards import build_card
from bot.messages import Message, Reply, Text
from bot.rasa.client import ListingReference
from bot.responses import Responses
from directory.listing import StoredListing
from tests.support.example_listings import TEA
from tests.support.fake_rasa import FakeRasa, make_conversation

STORED = StoredListing(1, "feed", "", TEA)
GONE = 2


@dataclass
class OneListing:
    """A search service that knows one listing."""

    stored: StoredListing

    def get(self, listing_id: int) -> StoredListing | None:
        return self.stored if listing_id == self.stored.id else None


def answer(rasa: FakeRasa) -> list[Reply]:
    conversation = make_conversation(rasa, search_service=OneListing(STORED))
    return asyncio.run(conversation.answer("web:1", Message(tap="show_more")))


def test_a_card_is_built_from_the_directory() -> None:
    rasa = FakeRasa()
    reference = ListingReference(1, "card", ("It is free",))
    rasa.replies = [Text("These may suit you."), reference, Text("What next?")]
    card = build_card(STORED, "card", ("It is free",))
    assert answer(rasa) == [Text("These may suit you."), card, Text("What next?")]


def test_listings_that_have_just_gone_are_reported_once() -> None:
    rasa = FakeRasa()
    rasa.replies = [
        ListingReference(GONE, "card"),
        ListingReference(1, "details"),
        ListingReference(GONE, "details"),
    ]
    assert answer(rasa) == [
        Responses().render("utter_details_gone"),
        build_card(STORED, "details"),
    ]
