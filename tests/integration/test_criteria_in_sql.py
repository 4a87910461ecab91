"""Criteria and filters let through in PostgreSQL all that they let through in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.database import migrate, open_database
from directory.importing.writer import PreparedListing, write_listings
from directory.indexing.entries import make_entry
from directory.indexing.entry_arrays import read_entries
from directory.indexing.postgres_schema import ENTRY_SEARCH
from directory.listing import KINDS, STRANDS, Listing, Point
from directory.models import EntryRow, SourceRow
from directory.places import Area
from directory.search.criteria import AgeCriterion, Condition, NeedCriterion
from directory.search.filters import (
    DistanceFilter,
    ExcludeFilter,
    FreeFilter,
    KindFilter,
    LabelFilter,
    ShownFilter,
    StrandFilter,
)
from directory.search.index import Index
from tests.support.generated_listings import CRITERIA, LISTINGS
from tests.support.in_memory_town import make_vectors

CAREFUL = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FILTERS = st.one_of(
    st.just(ShownFilter()),
    st.just(FreeFilter()),
    st.builds(KindFilter, st.frozensets(st.sampled_from(KINDS), min_size=1)),
    st.builds(StrandFilter, st.frozensets(st.sampled_from(STRANDS), min_size=1)),
    st.builds(
        DistanceFilter,
        st.builds(Area, st.just("x"), st.builds(Point, st.floats(50, 58), st.floats(-5, 2))),
        st.floats(0.5, 300),
    ),
)


@pytest.fixture(scope="module")
def postgres_engine(postgres) -> Iterator[Engine]:
    engine = open_database(postgres.url(postgres.make_database("directory")))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(postgres_engine) -> Iterator[Session]:
    with Session(postgres_engine) as session:
        yield session


def write(session: Session, listings: Sequence[Listing]) -> list[int]:
    """Write the listings, in place of all that there were; gives their ids."""
    session.rollback()
    source = SourceRow(name="town")
    session.add(source)
    session.flush()
    written = [
        PreparedListing(replace(listing, key=str(number)), make_entry(listing, vector))
        for number, (listing, vector) in enumerate(
            zip(listings, make_vectors(len(listings)), strict=True)
        )
    ]
    return write_listings(session, source.id, written)


def select_ids(session: Session, condition: Condition) -> set[int]:
    return set(session.scalars(select(ENTRY_SEARCH.c.listing_id).where(condition)))


def read_index(session: Session) -> Index:
    rows = session.scalars(select(EntryRow).order_by(EntryRow.listing_id)).all()
    ids = [row.listing_id for row in rows]
    return Index.from_entries(read_entries(ids, rows))


@given(listings=LISTINGS, criterion=CRITERIA)
@CAREFUL
def test_a_criterion_reads_alike_in_sql(session, listings, criterion):
    ids = write(session, listings)
    verdicts = {
        listing_id: criterion.judge(listing, date.min).suits
        for listing_id, listing in zip(ids, listings, strict=True)
    }
    allowed = {listing_id for listing_id, suits in verdicts.items() if suits is not False}
    suited = {listing_id for listing_id, suits in verdicts.items() if suits}
    allowed_in_sql = select_ids(session, criterion.build_allowed())
    suited_in_sql = select_ids(session, criterion.build_suited())
    assert allowed <= allowed_in_sql
    assert suited <= suited_in_sql
    if isinstance(criterion, NeedCriterion):
        assert (allowed_in_sql, suited_in_sql) == (allowed, suited)
    if isinstance(criterion, AgeCriterion):
        assert allowed_in_sql == allowed
        assert suited_in_sql & allowed_in_sql == suited


@given(listings=LISTINGS, query_filter=FILTERS)
@CAREFUL
def test_a_filter_reads_alike_in_sql(session, listings, query_filter):
    write(session, listings)
    index = read_index(session)
    in_memory = set(index.entries.ids[query_filter.find_rows(index)].tolist())
    in_sql = select_ids(session, query_filter.build_condition())
    assert in_memory <= in_sql
    if not isinstance(query_filter, DistanceFilter):
        assert in_memory == in_sql


@given(listings=LISTINGS, number=st.integers(0, 7))
@CAREFUL
def test_labels_and_excluded_ids_read_alike_in_sql(session, listings, number):
    ids = write(session, listings)
    index = read_index(session)
    numbers = np.unique(index.entries.labels.values).tolist()
    for label_number in (*numbers, 0):
        query_filter = LabelFilter(label_number)
        in_memory = set(index.entries.ids[query_filter.find_rows(index)].tolist())
        assert in_memory == select_ids(session, query_filter.build_condition())
    excluded = ExcludeFilter(frozenset(ids[number : number + 2]))
    in_memory = set(index.entries.ids[excluded.find_rows(index)].tolist())
    # Copies of an excluded listing are known in memory alone.
    assert in_memory <= select_ids(session, excluded.build_condition())
    assert not select_ids(session, excluded.build_condition()) & excluded.listing_ids
