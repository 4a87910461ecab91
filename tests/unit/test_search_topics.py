"""Topics: what a message is about, what a listing offers, and who offers help."""

import numpy as np
import pytest

from directory.encoder import Encoder
from directory.indexing import topics
from directory.indexing.topic_examples import (
    load_giving_examples,
    load_multi_topic_asks,
    load_topics,
)
from directory.indexing.topics import (
    TOPICS_PER_LISTING,
    analyse_message,
    find_listing_topics,
    load_topic_model,
    name_topic,
    name_topics,
    weigh_mentions,
)
from directory.listing import Listing
from directory.listing_text import build_encoder_text


def _position(name: str) -> int:
    return [topic.name for topic in load_topics()].index(name)


def _listing(name: str, description: str = "", **values: object) -> Listing:
    return Listing(key="1", name=name, kind="group", description=description, **values)  # type: ignore[arg-type]


def test_every_topic_has_examples_enough():
    for topic in load_topics():
        assert len(topic.asks) >= 5, topic.name
        assert len(topic.offers) >= 4, topic.name
        assert all(word == word.strip() and word for word in topic.words), topic.name
        for phrases in (topic.words, topic.asks, topic.offers):
            assert len(set(phrases)) == len(phrases), topic.name
    names = {topic.name for topic in load_topics()}
    assert len(names) < 256, "a topic's position is stored in one byte"
    assert all(len(several) > 1 and set(several) <= names for several, _ in load_multi_topic_asks())


def test_the_model_was_learnt_from_the_topics_as_they_are():
    """Fails if topics.yml was changed and topics.npz was not made again."""
    model = load_topic_model()
    asks = [(topic.name, ask) for topic in load_topics() for ask in topic.asks]
    assert model.weights.shape == (len(load_topics()), 384)
    assert len(model.asks) == len(asks) + len(load_multi_topic_asks())
    assert len(model.offers) == sum(len(topic.offers) for topic in load_topics())
    for row, (name, _) in enumerate(asks):
        assert model.ask_topics[row, _position(name)] == 1
    # Shares are stored in half precision: thirds are not exact.
    assert model.ask_topics.sum(axis=1) == pytest.approx(1, abs=0.001)


def test_the_examples_were_encoded_by_this_encoder(encoder: Encoder):
    asks = [ask for topic in load_topics() for ask in topic.asks][::97]
    stored = load_topic_model().asks[: sum(len(topic.asks) for topic in load_topics())][::97]
    assert np.sum(encoder.encode(asks) * stored, axis=1).min() > 0.99


# None of these is an example in topics.yml; a test below checks it.
MESSAGES = [
    ("our cupboards are bare till friday", "food help"),
    ("how will I pay for gas and heating this winter", "energy and warm homes"),
    ("a tea dance near me with proper ballroom", "dancing"),
    ("where do I sign on for the dole", "benefits"),
    ("a shed where men make things", "men's sheds and men's groups"),
    ("my mum keeps wandering off since the alzheimer's got worse", "dementia and memory"),
    ("english lessons for my husband who just came here", "ESOL and English classes"),
    ("knit and natter on a tuesday", "crafts, knitting and sewing"),
    ("SEND help for my lad", "special needs children"),
    ("bell bottomed parakeet invoice", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "topic"), MESSAGES)
def test_a_message_has_its_topic(encoder: Encoder, text: str, topic: str):
    assert name_topic(analyse_message(encoder.encode([text])[0]), text) == topic


def test_no_message_of_these_tests_is_an_example():
    examples = {ask for topic in load_topics() for ask in topic.asks}
    examples |= {ask for _, ask in load_multi_topic_asks()}
    examples |= {line for _, line in load_giving_examples()}
    assert not examples & {*GIVING, *SEEKING, *(text for text, _ in MESSAGES)}


GIVING = [
    "I was a bookkeeper for years and could help a small charity",
    "happy to drive older people to the clinic on thursdays",
    "I'd love to volunteer with animals",
    "I could read with children at a school",
]
SEEKING = [
    "can somebody drive me to the clinic",
    "help with my debts",
    "a warm place to sit",
    "my son needs a friend",
    "could someone ring me for a chat, I get lonely",
    "I love painting and would like company while I do it",
]


def test_offers_of_help_differ_from_requests(encoder: Encoder):
    giving = [analyse_message(vector).giving for vector in encoder.encode(GIVING)]
    seeking = [analyse_message(vector).giving for vector in encoder.encode(SEEKING)]
    assert min(giving) > 0.5
    assert max(seeking) < 0.25


def test_shares_sum_to_one_and_the_example_is_like_a_listing(encoder: Encoder):
    analysis = analyse_message(encoder.encode(["somewhere to practise my english over tea"])[0])
    assert analysis.shares.sum() == pytest.approx(1, abs=1e-4)
    assert np.linalg.norm(analysis.example) == pytest.approx(1, abs=1e-4)
    offers = ["Practise your English with volunteers over a cup of tea.", "Low cost vet care."]
    near, far = encoder.encode(offers) @ analysis.example
    assert near > 0.6 > far + 0.3


def test_a_listing_has_its_topics(encoder: Encoder):
    listings = [
        _listing("Bramley Men in Sheds", "Benches, tools and a brew for anyone over 50."),
        _listing("Sunrise", "A choir for people living with dementia and those who love them."),
    ]
    topic_rows, shares = find_listing_topics(
        listings, encoder.encode([build_encoder_text(listing) for listing in listings])
    )
    assert topic_rows.shape == shares.shape == (2, TOPICS_PER_LISTING)
    assert (np.diff(shares.astype(int), axis=1) <= 0).all(), "the main topic comes first"
    assert name_topics(topic_rows[0], shares[0])[0] == "men's sheds and men's groups"
    assert set(name_topics(topic_rows[1], shares[1])) == {
        "dementia and memory",
        "singing and choirs",
    }


def test_no_listings_have_no_topics():
    topic_rows, shares = find_listing_topics([], np.zeros((0, 384), dtype=np.float32))
    assert topic_rows.shape == shares.shape == (0, TOPICS_PER_LISTING)


def test_mentions_are_found_whatever_the_ending_or_apostrophe():
    men = _position("men's sheds and men's groups")
    for name in ("Men's Shed", "Mens Shed", "MEN’S SHEDS"):
        assert weigh_mentions(_listing(name)).argmax() == men, name
    assert weigh_mentions(_listing("Qwzx")).sum() == 0


def test_a_name_counts_for_more_than_a_description():
    weights = weigh_mentions(_listing("Chess", "Next door to the choir."))
    games, singing = _position("games, quizzes and bingo"), _position("singing and choirs")
    assert weights[games] > weights[singing] > 0
    assert weights.sum() == pytest.approx(1, abs=1e-4)


def test_a_word_within_a_word_is_no_mention():
    assert weigh_mentions(_listing("Particular")).sum() == 0  # not "art"


def test_a_source_s_own_topics_are_mentions():
    plain, tagged = _listing("Tuesdays"), _listing("Tuesdays", topics=("bereavement",))
    assert weigh_mentions(plain)[_position("bereavement")] == 0
    assert weigh_mentions(tagged).argmax() == _position("bereavement")


def test_everyday_words_are_shared_by_few_topics():
    phrases, max_lengths = topics._index_phrases()
    assert max(max_lengths.values()) <= 6
    assert max(map(len, phrases.values())) <= 3
