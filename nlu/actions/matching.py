"""From what a person told us to what we show: the one place that decides.

Used by the actions, and by the conversation when Rasa cannot be reached.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rasa_sdk import Tracker

from directory.catalogue import Catalogue
from directory.places import Area
from directory.search import Hit, Query
from nlu.actions.turn import said

PLACES_TO_GO = 3
# What is searched for somebody who wants to be shown something, anything.
_ANYTHING = "friendly group that welcomes new people"
_FOR_PEOPLE = frozenset({"group", "service", "have_a_say"})


@dataclass(frozen=True)
class Wanted:
    """What is known of a person's search. None means "not said"."""

    interest: str | None = None
    strength: str | None = None
    area: Area | None = None
    wishes: frozenset[str] = frozenset()
    shown: frozenset[int] = frozenset()

    @classmethod
    def read(cls, tracker: Tracker, catalogue: Catalogue) -> "Wanted":
        area = said(tracker.get_slot("area"))
        return cls(
            interest=said(tracker.get_slot("interest")),
            strength=said(tracker.get_slot("strength")),
            area=catalogue.find_area(area) if area else None,
            wishes=frozenset(tracker.get_slot("wishes") or ()),
            shown=frozenset(tracker.get_slot("shown") or ()),
        )


@dataclass(frozen=True)
class Found:
    """Places to go, and places that want what the person can give."""

    places: tuple[Hit, ...]
    needed: tuple[Hit, ...]

    @property
    def ids(self) -> list[int]:
        return [hit.found.id for hit in (*self.places, *self.needed)]

    @property
    def loose(self) -> bool:
        """Whether nothing found is likely to be what was meant."""
        return not any(hit.good for hit in (*self.places, *self.needed))


def find(catalogue: Catalogue, wanted: Wanted) -> Found:
    """Up to three places to go, and one where the person's strength is wanted.

    For somebody who only offers help, it is the other way round: three such places.
    """
    only_gives = wanted.interest is None and wanted.strength is not None
    places: list[Hit] = []
    if not only_gives:
        kinds = frozenset({"have_a_say"}) if "have_a_say" in wanted.wishes else _FOR_PEOPLE
        places = catalogue.search(
            _query(wanted, wanted.interest or _ANYTHING, kinds, PLACES_TO_GO, wanted.shown)
        )
    needed: list[Hit] = []
    if wanted.strength is not None:
        seen = wanted.shown | {hit.found.id for hit in places}
        limit = PLACES_TO_GO if only_gives else 1
        needed = catalogue.search(
            _query(wanted, wanted.strength, frozenset({"volunteering"}), limit, seen)
        )
    return Found(tuple(places), tuple(needed))


def _query(
    wanted: Wanted, text: str, kinds: frozenset[str], limit: int, exclude: Iterable[int]
) -> Query:
    return Query(
        text,
        kinds=kinds,
        near=wanted.area,
        # To volunteer costs nothing: asking for free ones must not hide it.
        free="free" in wanted.wishes and "volunteering" not in kinds,
        nearest="near" in wanted.wishes,
        exclude=frozenset(exclude),
        limit=limit,
    )
