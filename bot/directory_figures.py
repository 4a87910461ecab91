"""What the directory counted of a period, for a release of check-ins.

The one place where figures of the two databases meet: counts by week, topic and area, which
`checkins.release.release` protects like its own. Must never print or keep them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_args

from checkins.release.figures import Supply as Counted
from checkins.release.periods import Period
from checkins.release.secondary_suppression import Reach
from directory.desk.asset_supply import NO_ONE_PLACE, AreaSupply, AssetSupply
from directory.importing.upgrade import open_directory
from directory.indexing.topic_examples import load_topics
from directory.notes import Notebook, Useful
from directory.text import FORMULA_START

#: A search whose topic could not be named, or that named no area.
OTHER, NOT_SAID = "other", "Not said"

_USEFUL_WORDS = {"yes": "Yes", "in between": "In between", "no": "No"}


def read_reach(directory_url: str, period: Period) -> Reach:
    """Unmet needs and usefulness in the period's weeks, and listings as they are now.

    Raises DatabaseError.
    """
    with _open(directory_url) as directory:
        notebook = Notebook(directory)
        needs, feedback = notebook.read_unmet_needs(), notebook.read_feedback()
        listings = AssetSupply(directory).count_listings()
    known = {topic.name for topic in load_topics()}
    unmet: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for need in needs:
        if period.first_week <= need.week <= period.last_week:
            topic = need.category if need.category in known else OTHER
            unmet[_name_area(need.area) or NOT_SAID][topic] += need.count
    useful: Counter[str] = Counter()
    for week, counts in feedback.items():
        if period.first_week <= week <= period.last_week:
            useful.update(counts)
    return replace(_make_reach(listings), unmet=unmet, useful=useful)


def read_supply(directory_url: str) -> Reach:
    """Listings as they are now, and what could be counted: nothing yet. Raises DatabaseError."""
    with _open(directory_url) as directory:
        return _make_reach(AssetSupply(directory).count_listings())


def _make_reach(listings: Sequence[AreaSupply]) -> Reach:
    topics = sorted({topic.name for topic in load_topics()} | {OTHER})
    counted: Counter[tuple[str, str]] = Counter()
    for one in listings:
        counted[_name_area(one.area) or NO_ONE_PLACE, one.strand] += one.listings
    return Reach(
        topics=tuple((name, name.capitalize()) for name in topics),
        useful_answers=tuple((code, _USEFUL_WORDS[code]) for code in get_args(Useful)),
        supply=tuple(Counted(*named, count) for named, count in sorted(counted.items())),
    )


def _name_area(area: str) -> str:
    """The area's name without what would make it a formula in a spreadsheet; it may be a feed's."""
    area = area.strip()
    while FORMULA_START.match(area):
        area = area[1:].lstrip()
    return area


@contextmanager
def _open(directory_url: str) -> Iterator[Any]:
    """The directory's engine, of a type that this room does not know."""
    directory = open_directory(directory_url)
    try:
        yield directory
    finally:
        directory.dispose()
