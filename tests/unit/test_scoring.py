"""The fused score: each part raises or lowers a listing as it should, and by how much."""

import numpy as np
import pytest

from directory.encoder import Encoder
from directory.indexing.topic_examples import load_topics
from directory.indexing.topics import TOPICS_PER_LISTING, load_topic_model
from directory.indexing.traits import Traits, compute_traits
from directory.listing import Listing
from directory.listing_text import build_encoder_text
from directory.search.scoring import (
    DEFAULT_WEIGHTS,
    RankingQuery,
    make_ranking_query,
    score_listings,
)

_TOPICS = len(load_topics())


def _traits(count: int) -> Traits:
    topics = np.tile(np.arange(TOPICS_PER_LISTING, dtype=np.uint8), (count, 1))
    return Traits(
        topics=topics,
        shares=np.zeros((count, TOPICS_PER_LISTING), dtype=np.uint8),
        audiences=np.zeros(count, dtype=np.uint16),
        volunteering=np.zeros(count, dtype=bool),
    )


def _query(giving: float = 0.0, audiences: int = 0, topic: int = 0) -> RankingQuery:
    shares = np.zeros(_TOPICS, dtype=np.float32)
    shares[topic] = 1
    return RankingQuery(np.zeros(384, dtype=np.float32), shares, giving, audiences)


def _score(query: RankingQuery, traits: Traits, words: tuple[float, ...] = (0, 0)) -> list[float]:
    nothing = np.zeros(len(words), dtype=np.float32)
    return score_listings(query, nothing, np.array(words, dtype=np.float32), traits).tolist()


def test_nothing_in_common_is_worth_nothing():
    assert _score(_query(giving=DEFAULT_WEIGHTS.looking), _traits(2)) == [0, 0]


def test_likeness_and_words_raise_a_listing():
    likeness = np.array([0.5, 0.2], dtype=np.float32)
    words = np.array([0.0, 1.0], dtype=np.float32)
    first, second = score_listings(_query(), likeness, words, _traits(2))
    # 0.45 x 0.5, and 0.45 x (0.2 + 0.3 x 1).
    assert (first, second) == pytest.approx((0.225, 0.225), abs=1e-6)


def test_a_topic_in_common_raises_a_listing():
    traits = _traits(2)
    traits.shares[1, 2] = 255
    first, second = _score(_query(topic=2), traits)
    assert first == 0
    assert second == pytest.approx(0.45 * 0.3, abs=1e-6)
    assert _score(_query(topic=3), traits) == [0, 0]


def test_volunteering_rises_for_an_offer_and_sinks_for_a_request():
    traits = _traits(2)
    traits.volunteering[1] = True
    assert _score(_query(giving=1.0), traits)[1] == pytest.approx(0.45 * 0.5 * 0.75, abs=1e-6)
    assert _score(_query(giving=0.0), traits)[1] == pytest.approx(-0.45 * 0.5 * 0.25, abs=1e-6)
    assert _score(_query(giving=1.0), traits)[0] == 0


def test_each_other_audience_sinks_a_listing_up_to_the_most():
    traits = _traits(4)
    traits.audiences[:] = [0, 0b1, 0b111, 0b11111]
    none, one, three, five = _score(_query(), traits, (0, 0, 0, 0))
    assert none == 0
    assert one == pytest.approx(-0.45 * 0.05, abs=1e-6)
    assert three == five == pytest.approx(3 * one, abs=1e-6)
    # An audience that the message names may be named by the listing.
    assert _score(_query(audiences=0b11111), traits, (0, 0, 0, 0)) == [0, 0, 0, 0]


def test_a_query_aims_between_the_message_and_an_answer(encoder: Encoder):
    text = "nobody rings me any more"
    vector = encoder.encode([text])[0]
    query = make_ranking_query(text, vector)
    phone, football = encoder.encode(
        ["Volunteers telephone older people who live alone for a friendly chat.", "Football club."]
    )
    assert (phone - football) @ query.aim > (phone - football) @ vector
    # A listing that is like everything that people ask for gains nothing by it.
    common = load_topic_model().common
    assert query.aim @ common < vector @ common + 0.6


def test_listings_are_described_and_ranked_as_a_resident_would(encoder: Encoder):
    listings = [
        Listing("1", "Phone Friends", "service", "We ring people who are lonely each week."),
        Listing("2", "Phone Friend Volunteer", "volunteering", "Ring a lonely person each week."),
        Listing(
            "3", "Young Mums' Phone Friends", "service", "We ring lonely young mums each week."
        ),
        Listing("4", "Archery", "group", "Bows and targets."),
    ]
    vectors = encoder.encode([build_encoder_text(listing) for listing in listings])
    traits = compute_traits(listings, vectors)
    assert traits.volunteering.tolist() == [False, True, False, False]
    assert sum(array.nbytes for array in vars(traits).values()) == 11 * len(listings)
    words = np.zeros(len(listings), dtype=np.float32)

    def rank(text: str) -> list[str]:
        query = make_ranking_query(text, encoder.encode([text])[0])
        scores = score_listings(query, vectors @ query.aim, words, traits)
        return [listings[row].key for row in np.argsort(-scores)]

    assert rank("I get lonely, could someone ring me for a chat?")[0] == "1"
    assert rank("I get lonely, could someone ring me for a chat?")[-1] == "4"
    assert rank("I would like to volunteer and ring lonely people")[0] == "2"
    assert rank("lonely young mum, could someone ring me")[0] == "3"
