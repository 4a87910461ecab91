"""How the likeness of two listings is scored, and how candidate pairs are found."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.importing import candidate_pairs
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


def compare_listings(north: Listing, south: Listing, cosine: float = 0.95) -> tuple[float, str]:
    return compare(read_facts(north, "north"), read_facts(south, "south"), cosine)


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
def test_one_group_listed_by_two_councils_is_certain(changes):
    likeness, reason = compare_listings(CHOIR, replace(CHOIR, **changes))
    assert likeness >= CERTAIN, reason


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"places": (Place(postcode="LH9 9ZZ"),)}, "other places"),
        ({"places": (Place(point=Point(53.1, -1.0)),)}, "other places"),
        ({"schedules": (Schedule(days=("Friday",)),)}, "other days"),
        ({"name": "Tide Singers Choir for beginners"}, "one name says more"),
        ({"name": "Tide Singers Band"}, "each name has words of its own"),
        ({"email": "branch@tide.example"}, "other e-mail addresses"),
        ({"confidential": True}, "only one is confidential"),
    ],
)
def test_branches_and_other_sessions_are_not_certain(changes, difference):
    likeness, reason = compare_listings(CHOIR, replace(CHOIR, **changes))
    assert likeness < CERTAIN
    assert difference in reason


def test_meetings_at_other_hours_are_not_certain():
    morning = replace(CHOIR, description="We meet 10am.")
    evening = replace(CHOIR, description="We meet 7pm.", schedules=())
    likeness, reason = compare_listings(morning, evening)
    assert likeness < CERTAIN
    assert "other hours" in reason


def test_branches_with_one_template_differ_by_their_proper_nouns():
    north = replace(CHOIR, description="We sing in Ashford.", places=())
    south = replace(CHOIR, description="We sing in Belton.", places=())
    assert compare_listings(north, south)[0] < CERTAIN
    assert compare_listings(north, north)[0] >= CERTAIN


def test_branches_with_own_pages_on_one_website_are_not_certain():
    north, south = (replace(CHOIR, website=f"https://tide.example/{page}") for page in "ab")
    likeness, reason = compare_listings(north, south)
    assert likeness < CERTAIN
    assert "other pages of one website" in reason


def test_a_common_name_alone_is_not_likely():
    tai_chi = Listing("1", "Tai Chi", "group", "Gentle.", organisation="Ashford Hall")
    assert compare_listings(tai_chi, replace(tai_chi, organisation="Belton Mill"), 0.7)[0] < LIKELY


def test_one_web_page_under_two_names_in_two_sources_is_likely():
    north = replace(CHOIR, name="Shout!", places=(), schedules=())
    south = replace(north, name="Crisis text line")
    assert LIKELY <= compare_listings(north, south, 0.8)[0] < CERTAIN
    same_source = [read_facts(listing, "north") for listing in (north, south)]
    assert compare(*same_source, 0.8)[0] < LIKELY


def test_reasons_contain_no_contact_or_place():
    _, reason = compare_listings(CHOIR, CHOIR)
    assert reason == (
        "same name, same organisation, same website, same e-mail, same place "
        "and descriptions that say the same"
    )


def test_facts_are_also_read_from_the_description():
    description = "Mondays 7.30pm at Hall Road, LH1 2AB. Ring 01632 960001."
    facts = read_facts(Listing("1", "Café & Chat", "group", description), "north")
    assert facts.name == "cafe chat"
    assert facts.days == {"mon"}
    assert facts.hours == {"1930"}
    assert facts.postcodes == {"LH1 2AB"}
    assert facts.phones == {"1632960001"}


def test_only_certain_pairs_are_linked():
    pairs = [Pair(2, 3, 1.0, ""), Pair(0, 2, CERTAIN, ""), Pair(4, 5, CERTAIN - 0.01, "")]
    assert link_certain_pairs(pairs) == {2: 0, 3: 0}


def test_duplicates_are_found_among_many_listings():
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
    pairs = find_candidate_pairs(facts, vectors.astype(np.float16))
    assert {(pair.first, pair.second) for pair in pairs} >= set(twins)
    assert len(candidate_pairs._find_candidates(facts, vectors, None)) < n * 40
    changed = {0, 1050, 7}
    assert find_candidate_pairs(facts, vectors.astype(np.float16), changed) == [
        pair for pair in pairs if {pair.first, pair.second} & changed
    ]


WORDS = st.lists(st.sampled_from("tea dance choir ashford belton monday".split()), max_size=3)


def test_a_text_in_a_thousand_listings_is_shown_once_without_a_million_pairs():
    facts = [read_facts(CHOIR, f"source {number}") for number in range(1_000)]
    vectors = np.tile(np.full(384, 384**-0.5, dtype=np.float16), (len(facts), 1))
    pairs = find_candidate_pairs(facts, vectors)
    assert len(pairs) <= 40 * len(facts)
    assert set(link_certain_pairs(pairs).values()) == {0}
    assert len(link_certain_pairs(pairs)) == len(facts) - 1


@st.composite
def make_facts(draw):
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
@given(make_facts(), make_facts(), st.floats(-1, 1))
def test_comparison_is_symmetric(first, second, cosine):
    likeness, reason = compare(first, second, cosine)
    assert (likeness, reason) == compare(second, first, cosine)
    assert 0 <= likeness <= 1
    assert reason


@settings(deadline=None)
@given(st.data(), st.lists(make_facts(), max_size=12))
def test_the_order_of_listings_does_not_matter(data, facts):
    n = len(facts)
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 8)) + 0.5
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = data.draw(st.permutations(range(n)))
    pairs = find_candidate_pairs(facts, vectors, threshold=0.3)
    shuffled = find_candidate_pairs([facts[i] for i in order], vectors[order], threshold=0.3)
    assert all(pair.first < pair.second for pair in pairs)
    assert {(pair.first, pair.second): pair.reason for pair in pairs} == {
        tuple(sorted((order[pair.first], order[pair.second]))): pair.reason for pair in shuffled
    }
    changed = data.draw(st.sets(st.sampled_from(range(n)))) if n else set()
    assert find_candidate_pairs(facts, vectors, changed, threshold=0.3) == [
        pair for pair in pairs if {pair.first, pair.second} & changed
    ]
