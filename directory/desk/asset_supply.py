"""Compares unmet needs with listings, and counts listings by area and strand.

Reads counts only. Must never read or give out residents' words.
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

NO_ONE_PLACE = "No one place"
"""The area of listings without a known place: online, area-wide or confidential."""


@dataclass(frozen=True)
class Need:
    """An unmet need: the number of searches for `topic` near `area` that found nothing good.

    Unknown topics and areas are empty. `here` and `everywhere` count listings on show about the
    topic.
    """

    topic: str
    area: str
    searches: int
    here: int
    everywhere: int


@dataclass(frozen=True)
class AreaSupply:
    """The number of listings on show of one strand (`listing.STRANDS`) in one neighbourhood."""

    area: str
    strand: str
    listings: int


@dataclass(frozen=True)
class AssetMap:
    """The number of listings of each strand in each neighbourhood, the largest totals first."""

    strands: tuple[str, ...]
    areas: tuple[tuple[str, tuple[int, ...]], ...]


class AssetSupply:
    """Reads counts from the database. `today` ends the period of thirteen weeks."""

    def __init__(self, engine: Engine, today: Callable[[], date] = date.today) -> None:
        self._engine = engine
        self._today = today

    def survey(self, max_needs: int, max_areas: int) -> tuple[list[Need], AssetMap]:
        """The unmet needs of the last thirteen weeks, most frequent first, and the asset map."""
        first = format_iso_week(self._today() - timedelta(weeks=_WEEKS))
        with Session(self._engine) as session:
            rows = session.scalars(select(UnmetNeedRow).where(UnmetNeedRow.week > first)).all()
            shown = _read_shown(session)
        searches_by_need = Counter[tuple[str, str]]()
        for row in rows:
            searches_by_need[row.category, row.area] += row.count
        return _list_needs(searches_by_need.most_common(max_needs), shown), _build_map(
            shown, max_areas
        )

    def count_listings(self) -> list[AreaSupply]:
        """Listings on show by neighbourhood and strand, ordered by name, without zeros.

        A listing with several strands or neighbourhoods counts once in each. Listings without a
        known place, such as confidential ones, are counted under `NO_ONE_PLACE`.
        """
        with Session(self._engine) as session:
            return _count_listings(_read_shown(session))


@dataclass(frozen=True)
class _Shown:
    """The ids of listings on show, their facts in that order, and their neighbourhoods by id."""

    ids: list[int]
    facts: NDArray[np.void]
    areas: dict[int, set[str]]


def _read_shown(session: Session) -> _Shown:
    return _Shown(*read_facts(session), _read_areas(session))


def _list_needs(
    searches_by_need: Iterable[tuple[tuple[str, str], int]], shown: _Shown
) -> list[Need]:
    here, everywhere = Counter[tuple[str, str]](), Counter[str]()
    for listing_id, topics, shares in zip(
        shown.ids, shown.facts["topics"], shown.facts["shares"], strict=True
    ):
        for topic in name_topics(topics, shares):
            everywhere[topic] += 1
            here.update((topic, area) for area in shown.areas.get(listing_id, ()))
    return [
        Need(topic, area, searches, here[topic, area], everywhere[topic])
        for (topic, area), searches in searches_by_need
    ]


def _count_listings(shown: _Shown) -> list[AreaSupply]:
    counts = Counter[tuple[str, str]]()
    for listing_id, strands in zip(shown.ids, shown.facts["strands"].tolist(), strict=True):
        for bit, strand in enumerate(STRANDS):
            if strands >> bit & 1:
                counts.update(
                    (area, strand) for area in shown.areas.get(listing_id, {NO_ONE_PLACE})
                )
    return [AreaSupply(area, strand, count) for (area, strand), count in sorted(counts.items())]


def _build_map(shown: _Shown, limit: int) -> AssetMap:
    counts: dict[str, dict[str, int]] = {}
    for supply in _count_listings(shown):
        if supply.area != NO_ONE_PLACE:
            counts.setdefault(supply.area, dict.fromkeys(STRANDS, 0))[supply.strand] = (
                supply.listings
            )
    busiest = sorted(counts, key=lambda area: (-sum(counts[area].values()), area))[:limit]
    return AssetMap(STRANDS, tuple((area, tuple(counts[area].values())) for area in busiest))


def _read_areas(session: Session) -> dict[int, set[str]]:
    areas: dict[int, set[str]] = {}
    for listing_id, area in session.execute(select(PlaceRow.listing_id, PlaceRow.neighbourhood)):
        if area:
            areas.setdefault(listing_id, set()).add(area)
    return areas
