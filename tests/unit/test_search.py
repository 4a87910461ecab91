"""Search and ranking: filters hold, nothing is shown twice, and every reason is true."""

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


def make_cosines(*cosines: float) -> np.ndarray:
    """Vectors with these cosines to the first axis."""
    vectors = np.zeros((len(cosines), DIMENSIONS), dtype=np.float32)
    vectors[:, 0] = cosines
    vectors[:, 1] = np.sqrt(1 - np.square(cosines))
    return vectors


AXIS = make_cosines(1.0)[0]


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
    town = build(SHED, CHOIR, CARE, vectors=make_cosines(0.4, 0.5, 0.1))
    assert names(town.search(Query("company", limit=3), AXIS)) == ["Choir", "Shed", "Care"]
    assert names(town.search(Query("gardening", limit=3), AXIS)) == ["Shed", "Choir", "Care"]


def test_words_alone_decide_while_the_encoder_loads():
    hits = build(*TOWNSFOLK).search(Query("gardening please", limit=10), None)
    assert set(names(hits)) == {"Shed", "Plot", "Here"}
    assert build(*TOWNSFOLK).search(Query("zumba"), None) == []


def test_a_closed_listing_is_never_found():
    everything = Query("gardening long ago", limit=100)
    assert "Shut" not in names(build(*TOWNSFOLK).search(everything, AXIS))


def test_an_unknown_distance_hides_nothing():
    hits = build(*TOWNSFOLK).search(NEAREST_FIRST, AXIS)
    assert set(names(hits)) == {"Shed", "Choir", "Care", "Plot", "Here"}
    assert names(hits)[-1] == "Shed"


def test_distance_matters_more_to_a_person_who_asks_for_nearer():
    near, far = replace(SHED, key="n", name="Near", places=HERE.places), replace(SHED, name="Far")
    town = build(far, near, vectors=make_cosines(0.9, 0.3))
    query = Query("company", near=TOWN, limit=2)
    assert names(town.search(replace(query, near=None), AXIS)) == ["Far", "Near"]
    assert names(town.search(query, AXIS)) == ["Far", "Near"]
    assert names(town.search(replace(query, nearest=True), AXIS)) == ["Near", "Far"]


def test_the_nearest_of_several_places_counts():
    both = replace(SHED, places=(*SHED.places, *HERE.places))
    [hit] = build(both).search(NEAREST_FIRST, AXIS)
    assert hit.miles == pytest.approx(0.07, abs=0.01)


def test_a_copy_of_a_listing_is_not_shown():
    assert len(build(SHED, replace(SHED, key="2"), CHOIR).search(Query("wood", limit=9), AXIS)) == 2


@pytest.mark.parametrize(
    ("subject", "query", "reason"),
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
def test_reasons_answer_the_query(subject, query, reason):
    [hit] = build(subject).search(query, AXIS)
    assert reason.replace("’”", "”") in hit.reasons


def test_only_a_close_listing_is_called_close_in_meaning():
    near, far = build(SHED, CHOIR, vectors=make_cosines(0.6, 0.1)).search(Query("zumba"), AXIS)
    assert (near.is_good, near.reasons) == (True, ("It is close in meaning to what you said",))
    assert (far.is_good, far.reasons) == (False, ("It is one of the closest we know of",))


def test_a_common_word_is_not_a_reason():
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
def test_every_query_gives_true_hits(listings, query, encoder_up, seed):
    random = np.random.default_rng(seed).standard_normal((len(listings) + 1, DIMENSIONS))
    vectors = (random / np.linalg.norm(random, axis=1, keepdims=True)).astype(np.float32)
    town = build(*listings, vectors=vectors[1:])
    hits = town.search(query, vectors[0] if encoder_up else None)

    assert len(hits) <= query.limit
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.stored.id for hit in hits}) == len(hits)
    for hit in hits:
        subject = hit.stored.listing
        assert hit.stored.id not in query.exclude
        assert not query.kinds or subject.kind in query.kinds
        assert subject.free or not query.free
        assert subject.status != "closed"
        has_point = any(place.point for place in subject.places)
        assert (hit.miles is not None) == (has_point and query.near is not None)
        for reason in hit.reasons:
            check_reason(reason, subject, query)


def check_reason(reason: str, subject: Listing, query: Query) -> None:
    if reason.startswith("It mentions"):
        stems = set(find_stems(build_search_text(subject)))
        quoted = re.findall("“([^”]+)”", reason)
        assert 1 <= len(quoted) <= 3
        for word in quoted:
            assert word in find_words(build_search_text(subject))
            assert set(find_stems(word)) <= stems & set(find_stems(query.text))
            assert find_stems(word)
    elif reason == "It is free":
        assert subject.free
    elif reason.startswith("It covers"):
        assert reason == f"It covers {subject.covers}"
        assert subject.covers
    elif reason.startswith("You can join from home"):
        assert subject.online
    elif reason.endswith("from Old Town"):
        assert any(place.point for place in subject.places)
    else:
        assert reason in {
            "It is close in meaning to what you said",
            "It is one of the closest we know of",
            "It uses some of your words",
        }
