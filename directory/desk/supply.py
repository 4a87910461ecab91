"""What the directory has where, beside what was looked for and not found: the gap, and the map.

Counts of listings, and unmet needs as they were counted: nobody's words.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.register import read_facts
from directory.finding.topics import name_topics
from directory.listings import STRANDS
from directory.models import PlaceRow, UnmetNeedRow
from directory.notes import name_week

_WEEKS = 13


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

    def draw_map(self, most: int) -> AssetMap:
        """Where each strand of community-centred approaches is, and where it is missing."""
        with Session(self._engine) as session:
            ids, facts = read_facts(session)
            areas = _read_areas(session)
        counts: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        bits = np.arange(len(STRANDS))
        for at, strands in zip(ids, facts["strands"], strict=True):
            for area in areas.get(at, ()):
                row = counts.setdefault(area, np.zeros(len(STRANDS), dtype=np.int64))
                row += (int(strands) >> bits) & 1
        busiest = sorted(counts, key=lambda area: (-int(counts[area].sum()), area))[:most]
        return AssetMap(STRANDS, tuple((area, tuple(counts[area].tolist())) for area in busiest))


def _read_areas(session: Session) -> dict[int, set[str]]:
    areas: dict[int, set[str]] = {}
    for at, area in session.execute(select(PlaceRow.listing_id, PlaceRow.neighbourhood)):
        if area:
            areas.setdefault(at, set()).add(area)
    return areas
