"""A facet counts the listings that are left when a person filters by it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

from hypothesis import given, settings
from hypothesis import strategies as st

from directory.listing import DAYS, KINDS, STRANDS, Listing, Place, Point, Schedule
from directory.places import Area
from directory.search.facets import WITHIN_MILES, Facets
from directory.search.query import Query
from tests.support.in_memory_town import Town, make_vectors

HERE = Area("here", Point(53.0, 1.0))
LISTINGS = st.builds(
    Listing,
    key=st.just("k"),
    name=st.just("Tea"),
    kind=st.sampled_from(KINDS),
    description=st.sampled_from(("Tea.", "Step-free tea on Monday evenings.", "Tea for women.")),
    strands=st.lists(st.sampled_from(STRANDS), max_size=2, unique=True).map(tuple),
    topics=st.lists(st.sampled_from(("tea", "art")), max_size=2, unique=True).map(tuple),
    languages=st.sampled_from(((), ("Polish",))),
    places=st.lists(
        st.builds(Place, point=st.builds(Point, st.floats(52.9, 53.1), st.just(1.0))), max_size=1
    ).map(tuple),
    schedules=st.lists(
        st.builds(
            Schedule,
            days=st.lists(st.sampled_from(DAYS), max_size=2, unique=True).map(tuple),
            repeats=st.just("weekly"),
            opens_at=st.none() | st.sampled_from((time(10), time(19))),
        ),
        max_size=1,
    ).map(tuple),
    online=st.booleans(),
    cost_amount=st.sampled_from((None, 0.0, 2.0)),
    minimum_age=st.sampled_from((None, 16, 60)),
    status=st.sampled_from(("open", "closed")),
)


def filter_by(facets: Facets, town: Town, query: Query) -> Iterator[tuple[int, Query, str]]:
    """Each count, the narrower query, and which of its hits the count includes."""
    for kind, count in facets.kinds.items():
        yield count, replace(query, kinds=frozenset({kind})), ""
    for strand, count in facets.strands.items():
        yield count, replace(query, strands=frozenset({strand})), ""
    for label, count in town.name_labels(facets.labels).items():
        yield count, replace(query, labels=frozenset({label})), ""
    for miles, count in facets.miles.items():
        yield count, replace(query, within=miles), "near"
    for need, count in (facets.needs | facets.times).items():
        yield count, replace(query, needs=frozenset({need})), "sure"
    for age, count in facets.ages.items():
        yield count, replace(query, age=age), "sure"
    yield facets.free, replace(query, free=True), ""


@given(st.lists(LISTINGS, max_size=8))
@settings(deadline=None)
def test_each_count_is_what_its_filter_leaves(listings):
    # Equal listings would be shown once.
    town = Town([replace(listing, name=f"Tea {number}") for number, listing in enumerate(listings)])
    query = Query("", near=HERE, limit=99)
    vector = make_vectors(1)[0]
    facets = town.count_facets(query, vector)
    assert facets.total == len(town.search(query, vector))
    for count, narrower, included in filter_by(facets, town, query):
        hits = town.search(narrower, vector)
        # A listing that does not say is shown, but not counted.
        left = [hit for hit in hits if not (included == "sure" and hit.has_unknowns)]
        left = [hit for hit in left if not (included == "near" and hit.miles is None)]
        assert count == len(left)
    assert set(facets.miles) <= set(WITHIN_MILES)


def test_a_listing_that_does_not_fit_the_text_is_not_counted():
    near, far = Listing("1", "Near", "group", "Tea"), Listing("2", "Far", "service", "Boats")
    vectors = make_vectors(2)
    facets = Town([near, far], vectors).count_facets(Query("company"), vectors[0])
    assert (facets.total, facets.kinds) == (1, {"group": 1})
