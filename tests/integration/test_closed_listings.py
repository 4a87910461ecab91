"""A listing that leaves its source is closed, not deleted; an import that loses most is held."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.errors import ImportHeldError
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.listing import Listing
from directory.models import ListingRow
from directory.rejected import RejectedRow
from directory.search.query import Query
from directory.search.service import SearchService

TOWN = [Listing(f"{n}", f"Tea club {n}", "group", f"Tea and talk, table {n}.") for n in range(12)]


@pytest.fixture
def filled_engine(tmp_path, encoder) -> Iterator[Engine]:
    filled_engine = open_directory(f"sqlite:///{tmp_path / 'directory.db'}")
    import_listings(filled_engine, encoder, "town", TOWN)
    yield filled_engine
    filled_engine.dispose()


def find_keys(filled_engine: Engine, encoder) -> set[str]:
    hits = SearchService(filled_engine, encoder).search(Query("tea", limit=99))
    return {hit.stored.listing.key for hit in hits}


def read_ids(filled_engine: Engine) -> dict[str, int]:
    with Session(filled_engine) as session:
        return {row.key: row.id for row in session.execute(select(ListingRow.key, ListingRow.id))}


def test_a_missing_listing_is_closed_and_stays(filled_engine, encoder):
    before = read_ids(filled_engine)
    report = import_listings(filled_engine, encoder, "town", TOWN[1:])
    assert (report.closed, report.unchanged) == (1, 11)
    assert find_keys(filled_engine, encoder) == {listing.key for listing in TOWN[1:]}
    assert read_ids(filled_engine) == before
    stored = SearchService(filled_engine, encoder).get(before["0"])
    assert stored is not None
    assert stored.gone
    assert stored.listing == replace(stored.listing, name="Tea club 0", status="closed")


def test_a_missing_listing_is_closed_once(filled_engine, encoder):
    import_listings(filled_engine, encoder, "town", TOWN[1:])
    assert import_listings(filled_engine, encoder, "town", TOWN[1:]).closed == 0


def test_a_returning_listing_is_open_again_under_its_id(filled_engine, encoder):
    before = read_ids(filled_engine)
    import_listings(filled_engine, encoder, "town", TOWN[1:])
    report = import_listings(filled_engine, encoder, "town", TOWN)
    assert (report.updated, report.encoded) == (1, 0)
    assert read_ids(filled_engine) == before
    assert "0" in find_keys(filled_engine, encoder)


def test_a_rejected_row_keeps_its_last_good_version(filled_engine, encoder):
    rejected = RejectedRow("0", "Tea club 0", "it has no description", {})
    report = import_listings(filled_engine, encoder, "town", [*TOWN[1:], rejected])
    assert (report.closed, len(report.quarantined)) == (0, 1)
    assert "0" in find_keys(filled_engine, encoder)


def test_a_partial_import_closes_nothing(filled_engine, encoder):
    assert import_listings(filled_engine, encoder, "town", TOWN[:1], complete=False).closed == 0
    assert len(find_keys(filled_engine, encoder)) == 12


def test_an_import_that_loses_most_is_held_until_confirmed(filled_engine, encoder):
    with pytest.raises(ImportHeldError, match=r"7 of its 12 listings.*--accept-loss"):
        import_listings(filled_engine, encoder, "town", TOWN[:5], notice="New")
    assert len(find_keys(filled_engine, encoder)) == 12
    assert import_listings(filled_engine, encoder, "town", TOWN[:5], accept_loss=True).closed == 7


def test_an_import_that_loses_half_is_not_held(filled_engine, encoder):
    assert import_listings(filled_engine, encoder, "town", TOWN[:6]).closed == 6


def test_an_import_that_closes_most_is_held(filled_engine, encoder):
    closed = [replace(listing, status="closed") for listing in TOWN[:7]]
    with pytest.raises(ImportHeldError, match=r"7 of its 12 listings"):
        import_listings(filled_engine, encoder, "town", [*closed, *TOWN[7:]])
    import_listings(filled_engine, encoder, "town", [*closed[:6], *TOWN[6:]])
    assert len(find_keys(filled_engine, encoder)) == 6


def test_a_small_source_may_lose_all_but_one(filled_engine, encoder):
    import_listings(
        filled_engine,
        encoder,
        "small",
        [replace(listing, name=f"S{listing.key}") for listing in TOWN[:9]],
    )
    assert import_listings(filled_engine, encoder, "small", [TOWN[0]]).closed == 8


def test_listings_closed_before_do_not_count_as_lost(filled_engine, encoder):
    import_listings(filled_engine, encoder, "town", TOWN[:6])
    # Six are left, and a source with fewer than ten may lose any of them.
    assert import_listings(filled_engine, encoder, "town", TOWN[:1]).closed == 5
