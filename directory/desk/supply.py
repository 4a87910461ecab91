"""What the directory has where, beside what was looked for and not found: the gap, and the map.

Counts of listings, and unmet needs as they were counted: nobody's words.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.register import read_facts
from directory.finding.topics import name_topics
from directory.listings import STRANDS
from directory.models import PlaceRow, UnmetNeedRow
from directory.notes import name_week

_WEEKS = 13

#: Where listings are counted that have no place of their own: area-wide, online, or not known.
NO_ONE_PLACE = "No one place"


@dataclass(frozen=True)
class Need:
    """A topic near a place, empty for what is not known: searches that found nothing good, beside
    how many listings on show are about the topic, there and everywhere."""

    topic: str
    area: str
    searches: int
    here: int
    everywhere: int


@dataclass(frozen=True)
class AreaSupply:
    """Listings on show of one strand, from `listings.STRANDS`, in one neighbourhood."""

    area: str
    strand: str
    listings: int


@dataclass(frozen=True)
class AssetMap:
    """How many listings of each strand are in each neighbourhood; the busiest come first."""

    strands: tuple[str, ...]
    areas: tuple[tuple[str, tuple[int, ...]], ...]


class Supply:
    """Reads a directory's database; `today` says which weeks are the last thirteen."""

    def __init__(self, engine: Engine, today: Callable[[], date] = date.today) -> None:
        self._engine = engine
        self._today = today

    def list_needs(self, most: int) -> list[Need]:
        """The unmet needs of the last thirteen weeks, the most frequent first."""
        first = name_week(self._today() - timedelta(weeks=_WEEKS))
        with Session(self._engine) as session:
            rows = session.scalars(select(UnmetNeedRow).where(UnmetNeedRow.week > first)).all()
            ids, facts = read_facts(session)
            areas = _read_areas(session)
        asked = Counter[tuple[str, str]]()
        for row in rows:
            asked[row.category, row.area] += row.count
        here, everywhere = Counter[tuple[str, str]](), Counter[str]()
        for at, topics, shares in zip(ids, facts["topics"], facts["shares"], strict=True):
            for topic in name_topics(topics, shares):
                everywhere[topic] += 1
                here.update((topic, area) for area in areas.get(at, ()))
        return [
            Need(topic, area, searches, here[topic, area], everywhere[topic])
            for (topic, area), searches in asked.most_common(most)
        ]

    def count_listings(self) -> list[AreaSupply]:
        """Listings on show by neighbourhood and strand, in order of their names; no zeros.

        A listing with several strands or neighbourhoods counts once in each. What has no
        place that is known, a confidential listing among them, is counted at `NO_ONE_PLACE`.
        """
        with Session(self._engine) as session:
            ids, facts = read_facts(session)
            areas = _read_areas(session)
        found = Counter[tuple[str, str]]()
        for at, strands in zip(ids, facts["strands"].tolist(), strict=True):
            for bit, strand in enumerate(STRANDS):
                if strands >> bit & 1:
                    found.update((area, strand) for area in areas.get(at, {NO_ONE_PLACE}))
        return [AreaSupply(area, strand, count) for (area, strand), count in sorted(found.items())]

    def draw_map(self, most: int) -> AssetMap:
        """Where each strand of community-centred approaches is, and where it is missing."""
        counts: dict[str, dict[str, int]] = {}
        for one in self.count_listings():
            if one.area != NO_ONE_PLACE:
                counts.setdefault(one.area, dict.fromkeys(STRANDS, 0))[one.strand] = one.listings
        busiest = sorted(counts, key=lambda area: (-sum(counts[area].values()), area))[:most]
        return AssetMap(STRANDS, tuple((area, tuple(counts[area].values())) for area in busiest))


def _read_areas(session: Session) -> dict[int, set[str]]:
    areas: dict[int, set[str]] = {}
    for at, area in session.execute(select(PlaceRow.listing_id, PlaceRow.neighbourhood)):
        if area:
            areas.setdefault(at, set()).add(area)
    return areas
