"""What the directory has where, beside what was looked for and not found: the gap, and the map.

Counts of listings, and unmet needs as they were counted: nobody's words.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.queries import read_facts
from directory.indexing.topics import name_topics
from directory.listing import STRANDS
from directory.models import PlaceRow, UnmetNeedRow
from directory.notes import format_iso_week

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


class AssetSupply:
    """Reads a directory's database; `today` says which weeks are the last thirteen."""

    def __init__(self, engine: Engine, today: Callable[[], date] = date.today) -> None:
        self._engine = engine
        self._today = today

    def survey(self, most_needs: int, most_areas: int) -> tuple[list[Need], AssetMap]:
        """The unmet needs of the last thirteen weeks, the most frequent first, and the asset map:
        where each strand of community-centred approaches is, and where it is missing."""
        first = format_iso_week(self._today() - timedelta(weeks=_WEEKS))
        with Session(self._engine) as session:
            rows = session.scalars(select(UnmetNeedRow).where(UnmetNeedRow.week > first)).all()
            shown = _read_shown(session)
        asked = Counter[tuple[str, str]]()
        for row in rows:
            asked[row.category, row.area] += row.count
        return _list_needs(asked.most_common(most_needs), shown), _draw_map(shown, most_areas)

    def count_listings(self) -> list[AreaSupply]:
        """Listings on show by neighbourhood and strand, in order of their names; no zeros.

        A listing with several strands or neighbourhoods counts once in each. What has no
        place that is known, a confidential listing among them, is counted at `NO_ONE_PLACE`.
        """
        with Session(self._engine) as session:
            return _count_listings(_read_shown(session))


@dataclass(frozen=True)
class _Shown:
    """The listings on show: their ids, the facts of each, and the neighbourhoods that are known."""

    ids: list[int]
    facts: NDArray[np.void]
    areas: dict[int, set[str]]


def _read_shown(session: Session) -> _Shown:
    return _Shown(*read_facts(session), _read_areas(session))


def _list_needs(asked: Iterable[tuple[tuple[str, str], int]], shown: _Shown) -> list[Need]:
    here, everywhere = Counter[tuple[str, str]](), Counter[str]()
    for at, topics, shares in zip(
        shown.ids, shown.facts["topics"], shown.facts["shares"], strict=True
    ):
        for topic in name_topics(topics, shares):
            everywhere[topic] += 1
            here.update((topic, area) for area in shown.areas.get(at, ()))
    return [
        Need(topic, area, searches, here[topic, area], everywhere[topic])
        for (topic, area), searches in asked
    ]


def _count_listings(shown: _Shown) -> list[AreaSupply]:
    found = Counter[tuple[str, str]]()
    for at, strands in zip(shown.ids, shown.facts["strands"].tolist(), strict=True):
        for bit, strand in enumerate(STRANDS):
            if strands >> bit & 1:
                found.update((area, strand) for area in shown.areas.get(at, {NO_ONE_PLACE}))
    return [AreaSupply(area, strand, count) for (area, strand), count in sorted(found.items())]


def _draw_map(shown: _Shown, most: int) -> AssetMap:
    counts: dict[str, dict[str, int]] = {}
    for one in _count_listings(shown):
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
