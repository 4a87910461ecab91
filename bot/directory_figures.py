"""The directory's figures for a period, for a release of check-ins.

The only place where figures of the two databases meet: counts by week, topic and area, which
`checkins.release.release` protects like its own. Must never print or store them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_args

from checkins.figures import ListingCount
from checkins.periods import Period
from checkins.release.secondary_suppression import DirectoryCounts
from directory.desk.asset_supply import NO_ONE_PLACE, AreaSupply, AssetSupply
from directory.importing.upgrade import open_directory
from directory.indexing.topic_examples import load_topics
from directory.notes import Notebook, Useful
from directory.text import FORMULA_START

#: The topic of a search that has none, and the area of a search that names none.
OTHER, NOT_SAID = "other", "Not said"

_USEFUL_LABELS = {"yes": "Yes", "in between": "In between", "no": "No"}


def read_directory_counts(directory_url: str, period: Period) -> DirectoryCounts:
    """Unmet needs and usefulness in the period's weeks, and the current listings.

    Raises DatabaseError.
    """
    with _open_engine(directory_url) as engine:
        notebook = Notebook(engine)
        needs, feedback = notebook.read_unmet_needs(), notebook.read_feedback()
        listings = AssetSupply(engine).count_listings()
    known_topics = {topic.name for topic in load_topics()}
    unmet: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for need in needs:
        if period.first_week <= need.week <= period.last_week:
            topic = need.category if need.category in known_topics else OTHER
            unmet[_clean_area(need.area) or NOT_SAID][topic] += need.count
    useful: Counter[str] = Counter()
    for week, counts in feedback.items():
        if period.first_week <= week <= period.last_week:
            useful.update(counts)
    return replace(_make_counts(listings), unmet=unmet, useful=useful)


def read_listing_counts(directory_url: str) -> DirectoryCounts:
    """The current listings, without unmet needs or usefulness. Raises DatabaseError."""
    with _open_engine(directory_url) as engine:
        return _make_counts(AssetSupply(engine).count_listings())


def _make_counts(listings: Sequence[AreaSupply]) -> DirectoryCounts:
    topics = sorted({topic.name for topic in load_topics()} | {OTHER})
    counted: Counter[tuple[str, str]] = Counter()
    for row in listings:
        counted[_clean_area(row.area) or NO_ONE_PLACE, row.strand] += row.listings
    return DirectoryCounts(
        topics=tuple((name, name.capitalize()) for name in topics),
        useful_answers=tuple((code, _USEFUL_LABELS[code]) for code in get_args(Useful)),
        listing_counts=tuple(ListingCount(*key, count) for key, count in sorted(counted.items())),
    )


def _clean_area(area: str) -> str:
    """The area without a start that makes it a formula in a spreadsheet; feeds name areas too."""
    area = area.strip()
    while FORMULA_START.match(area):
        area = area[1:].lstrip()
    return area


@contextmanager
def _open_engine(directory_url: str) -> Iterator[Any]:
    """The directory's engine. Its type is SQLAlchemy's, which `bot` does not import."""
    engine = open_directory(directory_url)
    try:
        yield engine
    finally:
        engine.dispose()
