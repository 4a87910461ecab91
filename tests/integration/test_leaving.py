"""What leaves its source is closed and not deleted, comes back as it was, and never all at once."""

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


def shown(filled_engine: Engine, encoder) -> set[str]:
    hits = SearchService(filled_engine, encoder).search(Query("tea", limit=99))
    return {hit.stored.listing.key for hit in hits}


def ids(filled_engine: Engine) -> dict[str, int]:
    with Session(filled_engine) as session:
        return {row.key: row.id for row in session.execute(select(ListingRow.key, ListingRow.id))}


def test_what_is_gone_is_closed_and_kept(filled_engine, encoder):
    before = ids(filled_engine)
    report = import_listings(filled_engine, encoder, "town", TOWN[1:])
    assert (report.closed, report.unchanged) == (1, 11)
    assert shown(filled_engine, encoder) == {one.key for one in TOWN[1:]}
    assert ids(filled_engine) == before
    stored = SearchService(filled_engine, encoder).get(before["0"])
    assert stored is not None
    assert stored.gone
    assert stored.listing == replace(stored.listing, name="Tea club 0", status="closed")


def test_it_is_closed_once(filled_engine, encoder):
    import_listings(filled_engine, encoder, "town", TOWN[1:])
    assert import_listings(filled_engine, encoder, "town", TOWN[1:]).closed == 0


def test_what_comes_back_is_open_again_under_its_id(filled_engine, encoder):
    before = ids(filled_engine)
    import_listings(filled_engine, encoder, "town", TOWN[1:])
    report = import_listings(filled_engine, encoder, "town", TOWN)
    assert (report.updated, report.encoded) == (1, 0)
    assert ids(filled_engine) == before
    assert "0" in shown(filled_engine, encoder)


def test_a_row_that_was_spoilt_keeps_its_last_good_version_on_show(filled_engine, encoder):
    spoilt = RejectedRow("0", "Tea club 0", "it has no description", {})
    report = import_listings(filled_engine, encoder, "town", [*TOWN[1:], spoilt])
    assert (report.closed, len(report.quarantined)) == (0, 1)
    assert "0" in shown(filled_engine, encoder)


def test_a_part_of_a_source_closes_nothing(filled_engine, encoder):
    assert import_listings(filled_engine, encoder, "town", TOWN[:1], complete=False).closed == 0
    assert len(shown(filled_engine, encoder)) == 12


def test_a_source_that_loses_most_is_held_until_somebody_says_it_is_right(filled_engine, encoder):
    with pytest.raises(ImportHeldError, match=r"7 of its 12 listings.*--accept-loss"):
        import_listings(filled_engine, encoder, "town", TOWN[:5], notice="New")
    assert len(shown(filled_engine, encoder)) == 12
    assert import_listings(filled_engine, encoder, "town", TOWN[:5], accept_loss=True).closed == 7


def test_a_source_that_loses_half_is_not_held(filled_engine, encoder):
    assert import_listings(filled_engine, encoder, "town", TOWN[:6]).closed == 6


def test_a_source_that_closes_most_is_held_as_well(filled_engine, encoder):
    shut = [replace(one, status="closed") for one in TOWN[:7]]
    with pytest.raises(ImportHeldError, match=r"7 of its 12 listings"):
        import_listings(filled_engine, encoder, "town", [*shut, *TOWN[7:]])
    import_listings(filled_engine, encoder, "town", [*shut[:6], *TOWN[6:]])
    assert len(shown(filled_engine, encoder)) == 6


def test_a_small_source_may_lose_all_but_one(filled_engine, encoder):
    import_listings(
        filled_engine, encoder, "small", [replace(one, name=f"S{one.key}") for one in TOWN[:9]]
    )
    assert import_listings(filled_engine, encoder, "small", [TOWN[0]]).closed == 8


def test_what_went_before_does_not_count_as_lost(filled_engine, encoder):
    import_listings(filled_engine, encoder, "town", TOWN[:6])
    # Six of twelve are gone; of the six that are left, fewer than ten, any may go.
    assert import_listings(filled_engine, encoder, "town", TOWN[:1]).closed == 5
