"""Finding and ranking: filters hold, nothing shown comes back, every reason is true."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.encoder import DIMENSIONS
from directory.indexing.words import find_stems, find_words
from directory.listing import KINDS, STATUSES, Listing, Place, Point
from directory.listing_text import build_search_text
from directory.places import Area
from directory.search.query import Hit, Query
from tests.support.in_memory_town import Town

TOWN = Area("Old Town", Point(53.0, 1.0))


def listing(name: str, **values) -> Listing:
    return Listing(key=name, name=name, kind=values.pop("kind", "group"), **values)


def build(*listings: Listing, vectors: np.ndarray | None = None) -> Town:
    return Town(listings, vectors)


def towards(*weights: float) -> np.ndarray:
    """Vectors that lie towards the first axis by so much."""
    vectors = np.zeros((len(weights), DIMENSIONS), dtype=np.float32)
    vectors[:, 0] = weights
    vectors[:, 1] = np.sqrt(1 - np.square(weights))
    return vectors


AXIS = towards(1.0)[0]


def names(hits: list[Hit]) -> list[str]:
    return [hit.stored.listing.name for hit in hits]


SHED = listing("Shed", description="Woodwork and gardening.", places=(Place(point=Point(53.5, 1)),))
CHOIR = listing("Choir", description="Singing for carers.", online=True)
CARE = listing("Care", description="Help at home.", covers="all of Larkhaven", kind="service")
FREE = listing("Plot", description="Gardening for nothing.", cost_amount=0.0)
SHUT = listing("Shut", description="Gardening long ago.", status="closed")
HERE = listing("Here", description="Gardening here.", places=(Place(point=Point(53.001, 1)),))
TOWNSFOLK = (SHED, CHOIR, CARE, FREE, SHUT, HERE)
NEAREST_FIRST = Query("gardening", near=TOWN, nearest=True, limit=10)


def test_meaning_and_words_both_count():
    town = build(SHED, CHOIR, CARE, vectors=towards(0.4, 0.5, 0.1))
    assert names(town.search(Query("company", limit=3), AXIS)) == ["Choir", "Shed", "Care"]
    assert names(town.search(Query("gardening", limit=3), AXIS)) == ["Shed", "Choir", "Care"]


def test_while_the_encoder_loads_words_alone_answer():
    hits = build(*TOWNSFOLK).search(Query("gardening please", limit=10), None)
    assert set(names(hits)) == {"Shed", "Plot", "Here"}
    assert build(*TOWNSFOLK).search(Query("zumba"), None) == []


def test_what_is_closed_is_never_found():
    everything = Query("gardening long ago", limit=100)
    assert "Shut" not in names(build(*TOWNSFOLK).search(everything, AXIS))


def test_an_unknown_distance_hides_nothing():
    hits = build(*TOWNSFOLK).search(NEAREST_FIRST, AXIS)
    assert set(names(hits)) == {"Shed", "Choir", "Care", "Plot", "Here"}
    assert names(hits)[-1] == "Shed"


def test_nearer_matters_more_to_who_asked_for_it():
    near, far = replace(SHED, key="n", name="Near", places=HERE.places), replace(SHED, name="Far")
    town = build(far, near, vectors=towards(0.9, 0.3))
    asked = Query("company", near=TOWN, limit=2)
    assert names(town.search(replace(asked, near=None), AXIS)) == ["Far", "Near"]
    assert names(town.search(asked, AXIS)) == ["Far", "Near"]
    assert names(town.search(replace(asked, nearest=True), AXIS)) == ["Near", "Far"]


def test_the_nearest_of_several_places_counts():
    both = replace(SHED, places=(*SHED.places, *HERE.places))
    [hit] = build(both).search(NEAREST_FIRST, AXIS)
    assert hit.miles == pytest.approx(0.07, abs=0.01)


def test_the_same_thing_listed_twice_is_shown_once():
    assert len(build(SHED, replace(SHED, key="2"), CHOIR).search(Query("wood", limit=9), AXIS)) == 2


@pytest.mark.parametrize(
    ("one", "query", "reason"),
    [
        (SHED, Query("I like gardening"), "It mentions “gardening”"),
        (SHED, Query("hard-working"), "It is one of the closest we know of"),
        (SHED, Query("GARDENS!"), "It mentions “gardening”"),
        (SHED, Query("woodwork/gardening"), "It mentions “gardening” and “woodwork”"),
        (CHOIR, Query("carers’ singing"), "It mentions “carers’” and “singing”"),
        (SHED, Query("zumba"), "It is one of the closest we know of"),
        (SHED, Query("zumba", near=TOWN), "It is about 34.5 miles from Old Town"),
        (HERE, Query("zumba", near=TOWN), "It is a short walk from Old Town"),
        (CHOIR, Query("zumba", near=TOWN), "You can join from home, online"),
        (CARE, Query("zumba", near=TOWN), "It covers all of Larkhaven"),
        (FREE, Query("zumba", free=True), "It is free"),
    ],
)
def test_reasons_are_what_was_asked_for(one, query, reason):
    [hit] = build(one).search(query, AXIS)
    assert reason.replace("’”", "”") in hit.reasons


def test_close_in_meaning_is_only_said_where_it_is():
    near, far = build(SHED, CHOIR, vectors=towards(0.6, 0.1)).search(Query("zumba"), AXIS)
    assert (near.is_good, near.reasons) == (True, ("It is close in meaning to what you said",))
    assert (far.is_good, far.reasons) == (False, ("It is one of the closest we know of",))


def test_a_word_that_most_listings_have_is_no_reason():
    many = [listing(f"n{n}", description="A friendly group.") for n in range(20)]
    hits = build(*many, SHED).search(Query("friendly gardening", limit=30), AXIS)
    assert [hit.stored.listing.name for hit in hits if "friendly" in hit.reasons[0]] == []


@pytest.mark.parametrize(
    "query", [Query(""), Query("the of and"), Query("\ud800\x00 <b>"), Query("x" * 9000)]
)
@pytest.mark.parametrize("town", [build(), build(listing("", description="")), build(SHED, CHOIR)])
def test_odd_queries_and_directories(town, query):
    for vector in (AXIS, None):
        assert len(town.search(query, vector)) <= len(town)


VOCABULARY = (
    "tea gardening gardens choir singing carers' free home-made walk walking wood the".split()
)
TEXTS = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join)
POINTS = st.builds(Point, st.floats(52, 54), st.floats(0, 2))
LISTINGS = st.lists(
    st.builds(
        Listing,
        key=st.just("k"),
        name=TEXTS,
        kind=st.sampled_from(KINDS),
        description=TEXTS,
        places=st.lists(st.builds(Place, point=st.none() | POINTS), max_size=2).map(tuple),
        covers=st.sampled_from(("", "Larkhaven")),
        online=st.booleans(),
        cost_amount=st.sampled_from((None, 0.0, 2.0)),
        status=st.sampled_from(STATUSES),
    ),
    min_size=1,
    max_size=12,
)
QUERIES = st.builds(
    Query,
    text=TEXTS,
    kinds=st.frozensets(st.sampled_from(KINDS), max_size=2),
    near=st.none() | st.builds(Area, st.just("Old Town"), POINTS),
    free=st.booleans(),
    nearest=st.booleans(),
    exclude=st.frozensets(st.integers(10, 22), max_size=6),
    limit=st.integers(0, 15),
)


@given(LISTINGS, QUERIES, st.booleans(), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_whatever_is_asked(listings, query, encoder_up, seed):
    random = np.random.default_rng(seed).standard_normal((len(listings) + 1, DIMENSIONS))
    vectors = (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float32)
    town = build(*listings, vectors=vectors[1:])
    hits = town.search(query, vectors[0] if encoder_up else None)

    assert len(hits) <= query.limit
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.stored.id for hit in hits}) == len(hits)
    for hit in hits:
        one = hit.stored.listing
        assert hit.stored.id not in query.exclude
        assert not query.kinds or one.kind in query.kinds
        assert one.free or not query.free
        assert one.status != "closed"
        has_point = any(place.point for place in one.places)
        assert (hit.miles is not None) == (has_point and query.near is not None)
        for reason in hit.reasons:
            check_reason(reason, one, query)


def check_reason(reason: str, one: Listing, query: Query) -> None:
    if reason.startswith("It mentions"):
        stems = set(find_stems(build_search_text(one)))
        quoted = re.findall("“([^”]+)”", reason)
        assert 1 <= len(quoted) <= 3
        for word in quoted:
            assert word in find_words(build_search_text(one))
            assert set(find_stems(word)) <= stems & set(find_stems(query.text))
            assert find_stems(word)
    elif reason == "It is free":
        assert one.free
    elif reason.startswith("It covers"):
        assert reason == f"It covers {one.covers}"
        assert one.covers
    elif reason.startswith("You can join from home"):
        assert one.online
    elif reason.endswith("from Old Town"):
        assert any(place.point for place in one.places)
    else:
        assert reason in {
            "It is close in meaning to what you said",
            "It is one of the closest we know of",
            "It uses some of your words",
        }
