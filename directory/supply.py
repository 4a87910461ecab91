"""The asset map: how many listings of each strand there are in each area.

Counts what everybody may see, so the counts are exact; a confidential listing is in none of them.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from directory.errors import DatabaseError
from directory.listings import read_document
from directory.models import ListingRow

#: Where listings are counted that have no place of their own: area-wide, online, or not known.
NO_ONE_PLACE = "No one place"


@dataclass(frozen=True)
class AreaSupply:
    """Listings of one strand, from `listings.STRANDS`, with a place in one area."""

    area: str
    strand: str
    listings: int


def count_supply(engine: Engine) -> list[AreaSupply]:
    """Open listings by neighbourhood and strand, in order of their names; no zeros.

    A listing with several strands or neighbourhoods counts once in each; one listed twice counts
    once. Raises DatabaseError.
    """
    query = select(ListingRow.document).where(
        ListingRow.gone.is_(False), ListingRow.same_as.is_(None)
    )
    found: Counter[tuple[str, str]] = Counter()
    try:
        with engine.connect().execution_options(yield_per=1_000) as connection:
            for document in connection.execute(query).scalars():
                listing = read_document(document)
                if listing.status == "closed" or listing.confidential:
                    continue
                areas = {place.neighbourhood for place in listing.places} - {""}
                for area in areas or {NO_ONE_PLACE}:
                    found.update((area, strand) for strand in listing.strands)
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"The listings could not be counted ({type(error).__name__}). Is the directory's "
            "database there and up to date?"
        ) from None
    return [AreaSupply(area, strand, count) for (area, strand), count in sorted(found.items())]
