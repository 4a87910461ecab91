"""From what a person told us to what we show: the one place that decides.

Used by the actions, and by the conversation when Rasa cannot be reached.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from rasa_sdk import Tracker

from directory.errors import DatabaseError
from directory.indexing.needs import NEEDS
from directory.indexing.times import is_time
from directory.listing import StoredListing
from directory.notes import Notebook
from directory.places import Area
from directory.search.query import Hit, Query
from directory.search.service import SearchService
from nlu.actions.turn import SOON, read_age, said
from nlu.understanding.topics import CLOSE, split_topics

log = logging.getLogger(__name__)

PLACES_TO_GO = 3
# Farther than this is not near, for somebody who takes a bus.
NEAR_MILES = 5.0
# How many are looked through for the nearest.
_FARTHER = 20
# What is searched for somebody who wants to be shown something, anything.
_ANYTHING = "friendly group that welcomes new people"
_ANY_HELP = "help out as a volunteer"
_TO_GO_TO = frozenset({"group", "service"})


@dataclass(frozen=True)
class Wanted:
    """What is known of a person's search. None means "not said"."""

    interest: str | None = None
    strength: str | None = None
    area: Area | None = None
    wishes: frozenset[str] = frozenset()
    avoid: str = ""
    shown: frozenset[int] = frozenset()

    @classmethod
    def read(cls, tracker: Tracker, search_service: SearchService) -> "Wanted":
        area = said(tracker.get_slot("area"))
        return cls(
            interest=said(tracker.get_slot("interest")),
            strength=said(tracker.get_slot("strength")),
            area=search_service.find_area(area) if area else None,
            wishes=frozenset(tracker.get_slot("wishes") or ()),
            avoid=tracker.get_slot("avoid") or "",
            shown=frozenset(tracker.get_slot("shown") or ()),
        )


@dataclass(frozen=True)
class Found:
    """Places to go, and places that want what the person can give.

    `far` tells that nothing was near, and that these are the nearest, or online.
    """

    places: tuple[Hit, ...]
    needed: tuple[Hit, ...]
    gives_first: bool = False
    far: bool = False

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

    @property
    def silent(self) -> bool:
        """Whether some of them do not say if they have what was asked for."""
        return any(hit.silent for hit in self.hits)


def find(search_service: SearchService, wanted: Wanted) -> Found:
    """Up to three places to go, and one where the person's strength is wanted.

    For somebody who only offers help it is the other way round: three such places, and one
    to go to for the same words, as a wish to do a thing is easily taken for an offer.
    Several topics in one message get a place each.
    """
    only_gives = wanted.interest is None and (
        wanted.strength is not None or "give" in wanted.wishes
    )
    query = _make_query(wanted, wanted.interest or wanted.strength)
    places = _search_topics(search_service, query, 1 if only_gives else PLACES_TO_GO)
    needed: list[Hit] = []
    if only_gives or wanted.strength is not None:
        needed = search_service.search(
            replace(
                _make_query(wanted, wanted.strength),
                text=wanted.strength or _ANY_HELP,
                kinds=frozenset({"volunteering"}),
                # To volunteer costs nothing: asking for free ones must not hide it.
                free=False,
                exclude=query.exclude | {hit.found.id for hit in places},
                limit=PLACES_TO_GO if only_gives else 1,
            )
        )
    far = not only_gives and _are_far(places)
    if far:
        places = _look_farther(search_service, query) or places
    return Found(tuple(places), tuple(needed), gives_first=only_gives, far=far)


def _are_far(hits: Sequence[Hit]) -> bool:
    """Whether all of them are known to be too far to call them near."""
    return bool(hits) and all(hit.miles is not None and hit.miles > NEAR_MILES for hit in hits)


def _look_farther(search_service: SearchService, query: Query) -> list[Hit]:
    """Of those that fit the nearest and, if there is one that does, one to join from home."""
    fitting = [hit for hit in search_service.search(replace(query, limit=_FARTHER)) if hit.good]
    nearest = sorted(fitting, key=lambda hit: (hit.miles is None, hit.miles))[:PLACES_TO_GO]
    shown = query.exclude | {hit.found.id for hit in nearest}
    from_home = search_service.search(
        replace(query, needs=query.needs | {"online"}, exclude=shown, limit=1)
    )
    if from_home and from_home[0].good and not from_home[0].silent:
        return [*nearest[: PLACES_TO_GO - 1], from_home[0]]
    return nearest


def find_like(search_service: SearchService, wanted: Wanted, liked: StoredListing) -> Found:
    """Other listings like the one that a person liked, under the same wishes."""
    listing = liked.listing
    text = f"{listing.name}. {', '.join(listing.topics)}. {listing.description}"
    query = replace(
        _make_query(wanted, text),
        kinds=frozenset({listing.kind}),
        free="free" in wanted.wishes and listing.kind != "volunteering",
        exclude=wanted.shown | {liked.id},
        limit=PLACES_TO_GO,
        why=f"It is like {listing.name}",
    )
    return Found(tuple(search_service.search(query)), ())


def _make_query(wanted: Wanted, text: str | None) -> Query:
    wishes = wanted.wishes
    if text and wanted.area:
        # Where it is counts as distance, and is no word to look for.
        name = re.escape(wanted.area.name)
        text = re.sub(
            rf"\b(?:(?:in|near|at|around|round|by|from) )?{name}\b", "", text, flags=re.I
        ).strip()
    return Query(
        text or _ANYTHING,
        kinds=frozenset({"have_a_say"}) if "have_a_say" in wishes else _TO_GO_TO,
        near=wanted.area,
        free="free" in wishes,
        nearest="near" in wishes,
        needs=frozenset(wish for wish in wishes if wish in NEEDS or is_time(wish)),
        age=read_age(wishes),
        week=date.today() if SOON in wishes else None,
        avoid=wanted.avoid,
        exclude=wanted.shown,
        why="" if text else "You asked to see something",
    )


def _search_topics(search_service: SearchService, query: Query, limit: int) -> list[Hit]:
    """The best hits; of several topics the best of each, if each has a close one."""
    whole = replace(query, limit=limit)
    topics = split_topics(query.text, search_service.encode) if limit > 1 and not query.why else ()
    found: dict[int, Hit] = {}
    for number, topic in enumerate(topics):
        # What is left over from an even share goes to the last.
        share = (limit - len(found)) // (len(topics) - number)
        exclude = query.exclude | found.keys()
        hits = search_service.search(replace(query, text=topic, limit=share, exclude=exclude))
        if not hits or hits[0].fit < CLOSE:
            return search_service.search(whole)
        found.update((hit.found.id, hit) for hit in hits)
    return list(found.values()) or search_service.search(whole)


def count_unmet(search_service: SearchService, notebook: Notebook, wanted: Wanted) -> None:
    """Count a search that found nothing good: its topic and coarse area, by names of ours.

    Never raises: it is an aside.
    """
    category = search_service.name_need(wanted.interest or wanted.strength or "")
    try:
        notebook.add_unmet_need(category, search_service.name_coarsely(wanted.area))
    except DatabaseError as error:
        log.warning("%s", error)
