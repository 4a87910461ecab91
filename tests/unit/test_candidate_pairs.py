"""What makes two listings one thing, and what keeps them apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.importing import candidate_pairs as duplicates
from directory.importing.candidate_pairs import Pair, find_candidate_pairs, link_certain_pairs
from directory.importing.similarity import CERTAIN, LIKELY, Facts, compare, read_facts
from directory.listing import Listing, Place, Point, Schedule

CHOIR = Listing(
    key="1",
    name="Tide Singers Choir",
    kind="group",
    description="We sing together. All voices welcome.",
    organisation="Tide Singers",
    website="https://www.tide.example/",
    email="hello@tide.example",
    places=(Place(postcode="LH1 2AB", point=Point(53.0, -1.0)),),
    schedules=(Schedule(days=("Tuesday",)),),
)


def judge(one: Listing, other: Listing, cosine: float = 0.95) -> tuple[float, str]:
    return compare(read_facts(one, "north"), read_facts(other, "south"), cosine)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "The Tide Singers' choir"},
        {"website": "http://tide.example?fbclid=abc"},
        {"email": "", "website": "", "organisation": ""},
        {"places": (), "schedules": ()},
        {"description": "Tuesdays, LH1 2AB. We sing."},
    ],
)
def test_one_thing_listed_by_two_councils_is_sure(changes):
    likeness, reason = judge(CHOIR, replace(CHOIR, **changes))
    assert likeness >= CERTAIN, reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"places": (Place(postcode="LH9 9ZZ"),)}, "other places"),
        ({"places": (Place(point=Point(53.1, -1.0)),)}, "other places"),
        ({"schedules": (Schedule(days=("Friday",)),)}, "other days"),
        ({"description": "We meet 7pm.", "schedules": ()}, ""),
        ({"name": "Tide Singers Choir for beginners"}, "one name says more"),
        ({"name": "Tide Singers Band"}, "each name has words of its own"),
        ({"email": "branch@tide.example"}, "other e-mail addresses"),
        ({"confidential": True}, "only one is confidential"),
    ],
)
def test_branches_and_other_sessions_are_not_sure(changes, reason):
    at_seven = replace(CHOIR, description="We meet 10am.") if not reason else CHOIR
    likeness, why = judge(at_seven, replace(CHOIR, **changes))
    assert likeness < CERTAIN
    assert (reason or "other hours") in why


def test_branches_from_one_mould_are_told_by_what_they_name():
    north = replace(CHOIR, description="We sing in Ashford.", places=())
    south = replace(CHOIR, description="We sing in Belton.", places=())
    assert judge(north, south)[0] < CERTAIN
    assert judge(north, north)[0] >= CERTAIN


def test_pages_of_branches_on_one_website_are_not_the_same():
    north, south = (replace(CHOIR, website=f"https://tide.example/{page}") for page in "ab")
    likeness, reason = judge(north, south)
    assert likeness < CERTAIN
    assert "other pages of one website" in reason


def test_a_common_name_alone_is_not_put_to_a_navigator():
    one = Listing("1", "Tai Chi", "group", "Gentle.", organisation="Ashford Hall")
    assert judge(one, replace(one, organisation="Belton Mill"), 0.7)[0] < LIKELY


def test_two_sources_that_name_one_page_differently_are_put_to_a_navigator():
    one = replace(CHOIR, name="Shout!", places=(), schedules=())
    other = replace(one, name="Crisis text line")
    assert LIKELY <= judge(one, other, 0.8)[0] < CERTAIN
    facts = [read_facts(each, "north") for each in (one, other)]
    assert compare(*facts, 0.8)[0] < LIKELY


def test_reasons_hold_no_contact_and_no_place():
    _, reason = judge(CHOIR, CHOIR)
    assert reason == (
        "same name, same organisation, same website, same e-mail, same place "
        "and descriptions that say the same"
    )


def test_facts_are_read_from_the_description_too():
    told = "Mondays 7.30pm at Hall Road, LH1 2AB. Ring 01632 960001."
    facts = read_facts(Listing("1", "Café & Chat", "group", told), "north")
    assert facts.name == "cafe chat"
    assert facts.days == {"mon"}
    assert facts.hours == {"1930"}
    assert facts.postcodes == {"LH1 2AB"}
    assert facts.phones == {"1632960001"}


def test_links_follow_what_is_sure_and_nothing_else():
    pairs = [Pair(2, 3, 1.0, ""), Pair(0, 2, CERTAIN, ""), Pair(4, 5, CERTAIN - 0.01, "")]
    assert link_certain_pairs(pairs) == {2: 0, 3: 0}


def test_near_pairs_are_found_among_many_in_neighbourhoods_and_in_crowds():
    rng = np.random.default_rng(7)
    n = 2000
    vectors = rng.normal(size=(n, 32)).astype(np.float32)
    facts = [
        Facts(f"{'abcdefghij'[i % 10] * 3}{i} club", phones=frozenset(["1632960000"]))
        for i in range(n)
    ]
    twins = [(i, i + 1000) for i in range(0, 1000, 50)]
    for i, j in twins:
        vectors[j] = vectors[i] + 0.01 * rng.normal(size=32)
        facts[j] = replace(facts[i], name=facts[i].name.replace(" club", "s' club"))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = find_candidate_pairs(facts, vectors.astype(np.float16))
    assert {(pair.first, pair.second) for pair in found} >= set(twins)
    assert len(duplicates._find_candidates(facts, vectors, None)) < n * 40
    changed = {0, 1050, 7}
    assert find_candidate_pairs(facts, vectors.astype(np.float16), changed) == [
        pair for pair in found if {pair.first, pair.second} & changed
    ]


WORDS = st.lists(st.sampled_from("tea dance choir ashford belton monday".split()), max_size=3)


@st.composite
def listings(draw):
    return Facts(
        name=" ".join(draw(WORDS)),
        source=draw(st.sampled_from(["north", "south"])),
        organisation=draw(st.sampled_from(["", "tide singers", "belton hall"])),
        website=draw(st.sampled_from(["", "tide.example", "tide.example/a", "tide.example/b"])),
        email=draw(st.sampled_from(["", "a@tide.example", "b@tide.example"])),
        phones=draw(st.frozensets(st.sampled_from(["1632960000", "1632960001"]))),
        postcodes=draw(st.frozensets(st.sampled_from(["LH1 2AB", "LH9 9ZZ"]))),
        points=draw(st.sampled_from([(), (Point(53.0, -1.0),), (Point(53.1, -1.0),)])),
        days=draw(st.frozensets(st.sampled_from(["mon", "tue"]))),
        hours=draw(st.frozensets(st.sampled_from(["1000", "1900"]))),
        proper_nouns=draw(st.frozensets(st.sampled_from(["ashford", "belton"]))),
        confidential=draw(st.booleans()),
    )


@settings(deadline=None)
@given(listings(), listings(), st.floats(-1, 1))
def test_comparing_is_the_same_both_ways(one, other, cosine):
    likeness, reason = compare(one, other, cosine)
    assert (likeness, reason) == compare(other, one, cosine)
    assert 0 <= likeness <= 1
    assert reason


@settings(deadline=None)
@given(st.data(), st.lists(listings(), max_size=12))
def test_the_order_of_listings_does_not_matter(data, facts):
    n = len(facts)
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 8)) + 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = data.draw(st.permutations(range(n)))
    found = find_candidate_pairs(facts, vectors, threshold=0.3)
    shuffled = find_candidate_pairs([facts[i] for i in order], vectors[order], threshold=0.3)
    assert all(pair.first < pair.second for pair in found)
    assert {(pair.first, pair.second): pair.reason for pair in found} == {
        tuple(sorted((order[pair.first], order[pair.second]))): pair.reason for pair in shuffled
    }
    changed = data.draw(st.sets(st.sampled_from(range(n)))) if n else set()
    assert find_candidate_pairs(facts, vectors, changed, threshold=0.3) == [
        pair for pair in found if {pair.first, pair.second} & changed
    ]
