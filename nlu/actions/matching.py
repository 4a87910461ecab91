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
    gives_first: bool = False

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All of them, in the order to show them in."""
        if self.gives_first:
            return (*self.needed, *self.places)
        return (*self.places, *self.needed)

    @property
    def ids(self) -> list[int]:
        return [hit.found.id for hit in self.hits]

    @property
    def loose(self) -> bool:
        """Whether nothing found is likely to be what was meant."""
        return not any(hit.good for hit in self.hits)


def find(catalogue: Catalogue, wanted: Wanted) -> Found:
    """Up to three places to go, and one where the person's strength is wanted.

    For somebody who only offers help it is the other way round: three such places, and one
    to go to for the same words, as a wish to do a thing is easily taken for an offer.
    """
    only_gives = wanted.interest is None and wanted.strength is not None
    interest = wanted.interest or wanted.strength or _ANYTHING
    kinds = frozenset({"have_a_say"}) if "have_a_say" in wanted.wishes else _FOR_PEOPLE
    limit = 1 if only_gives else PLACES_TO_GO
    places = catalogue.search(_query(wanted, interest, kinds, limit, wanted.shown))
    needed: list[Hit] = []
    if wanted.strength is not None:
        seen = wanted.shown | {hit.found.id for hit in places}
        limit = PLACES_TO_GO if only_gives else 1
        kinds = frozenset({"volunteering"})
        needed = catalogue.search(_query(wanted, wanted.strength, kinds, limit, seen))
    return Found(tuple(places), tuple(needed), gives_first=only_gives)


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
        own_words=wanted.interest is not None or wanted.strength is not None,
    )
