"""Recommends listings to a person, from what is known of their search.

The conversation's actions use it, and so does the conversation itself when Rasa cannot be
reached. Knows no channel and no wording. Must never store anything that a person wrote.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from directory.errors import DatabaseError
from directory.indexing.times import is_time
from directory.listing import StoredListing
from directory.notes import Notebook
from directory.places import Area
from directory.schedule import describe_next_date
from directory.search.message_topics import MIN_TOPIC_FIT, split_topics
from directory.search.query import Hit, Query
from directory.search.service import SearchService

log = logging.getLogger(__name__)

_STILL_CLOSE = 0.1  # in units of cosine
MAX_PLACES = 3
NEAR_MILES = 5.0
"""A listing farther away is not near for a person who takes a bus."""

_HITS_BY_DISTANCE = 20  # hits to pick the nearest from
_ANY_PLACE_TEXT = "friendly group that welcomes new people"
_ANY_VOLUNTEERING_TEXT = "help out as a volunteer"
_PLACE_KINDS = frozenset({"group", "service"})


@dataclass(frozen=True)
class RecommendationRequest:
    """A person's search, as far as it is known. None means "not known".

    `needs` are names in `directory.indexing.needs.NEEDS` and `directory.indexing.times.TIMES`, the
    latter perhaps with "not " before them; `age` is in years, and with `oldest` the person is
    between the two. `volunteers` is True for a person who wants to help, whether or not `strength`
    says with what. `away_from` are places that the person keeps away from, and `shown` are ids
    that they have already seen.
    """

    interest: str | None = None
    strength: str | None = None
    area: Area | None = None
    needs: frozenset[str] = frozenset()
    age: int | None = None
    oldest: int | None = None
    free: bool = False
    nearest: bool = False
    dates: tuple[date, date] | None = None
    have_a_say: bool = False
    volunteers: bool = False
    avoid: str = ""
    away_from: tuple[Area, ...] = ()
    shown: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Recommendation:
    """Places to go to, and volunteering that asks for what the person can give.

    `is_far` is True if nothing was near and `places` holds the nearest, or one to join online.
    """

    places: tuple[Hit, ...]
    volunteering: tuple[Hit, ...] = ()
    volunteering_first: bool = False
    is_far: bool = False

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All of them, in the order to show them in."""
        if self.volunteering_first:
            return (*self.volunteering, *self.places)
        return (*self.places, *self.volunteering)

    @property
    def listing_ids(self) -> list[int]:
        return [hit.stored.id for hit in self.hits]

    @property
    def has_good_hits(self) -> bool:
        """Whether some hit is likely to be what the person meant."""
        return any(hit.is_good for hit in self.hits)

    @property
    def has_unknowns(self) -> bool:
        """Whether some listing does not say if it meets a need."""
        return any(hit.has_unknowns for hit in self.hits)


def recommend_listings(
    search_service: SearchService, request: RecommendationRequest
) -> Recommendation:
    """Up to three places to go to, and one that wants the person's strength.

    A person who only offers help gets three places to volunteer, and one to go to for the same
    words, because a wish is easily mistaken for an offer. A message with several topics gets a
    place for each.
    """
    only_volunteers = request.interest is None and (
        request.strength is not None or request.volunteers
    )
    query = _make_query(request, request.interest or request.strength)
    places = _search_topics(search_service, query, 1 if only_volunteers else MAX_PLACES)
    if request.dates and query.fixed_reason is None:
        places = _add_meant_place(search_service, query, places)
    volunteering: tuple[Hit, ...] = ()
    if only_volunteers or request.strength is not None:
        volunteering = recommend_volunteering(
            search_service,
            replace(request, shown=query.exclude | {hit.stored.id for hit in places}),
            limit=MAX_PLACES if only_volunteers else 1,
        )
    is_far = not only_volunteers and _are_far(places)
    if is_far:
        places = _search_farther(search_service, query) or places
    return Recommendation(
        tuple(places), volunteering, volunteering_first=only_volunteers, is_far=is_far
    )


def recommend_volunteering(
    search_service: SearchService, request: RecommendationRequest, limit: int = 2
) -> tuple[Hit, ...]:
    """Volunteering that asks for the person's strength, or any if they named none."""
    query = replace(
        _make_query(request, request.strength),
        text=request.strength or _ANY_VOLUNTEERING_TEXT,
        kinds=frozenset({"volunteering"}),
        # Volunteering costs nothing, so a wish for free things must not hide it.
        free=False,
        limit=limit,
    )
    return tuple(search_service.search(query))


def recommend_similar(
    search_service: SearchService, request: RecommendationRequest, liked: StoredListing
) -> Recommendation:
    """Other listings like the one that a person liked, under the same wishes."""
    listing = liked.listing
    text = f"{listing.name}. {', '.join(listing.topics)}. {listing.description}"
    query = replace(
        _make_query(request, text),
        kinds=frozenset({listing.kind}),
        free=request.free and listing.kind != "volunteering",
        exclude=request.shown | {liked.id},
        limit=MAX_PLACES,
        fixed_reason=f"It is like {listing.name}",
    )
    return Recommendation(tuple(search_service.search(query)))


def record_unmet_need(
    search_service: SearchService,
    notebook: Notebook,
    request: RecommendationRequest,
    *,
    needs_topic: bool = False,
) -> None:
    """Count a search that found nothing good by its topic and coarse area, never by its words.

    With `needs_topic`, words without a topic are not counted, because they may not be a request.
    Never raises, because no answer may fail for a count.
    """
    category = search_service.name_unmet_need(request.interest or request.strength or "")
    if needs_topic and not category:
        return
    try:
        notebook.add_unmet_need(category, search_service.name_neighbourhood(request.area))
    except DatabaseError as error:
        log.warning("%s", error)


def _are_far(hits: Sequence[Hit]) -> bool:
    """Whether there are hits, and all of them are known to be too far away to be near."""
    return bool(hits) and all(hit.miles is not None and hit.miles > NEAR_MILES for hit in hits)


def _search_farther(search_service: SearchService, query: Query) -> list[Hit]:
    """The nearest good hits, the last of them one to join online if there is one."""
    hits = search_service.search(replace(query, limit=_HITS_BY_DISTANCE))
    good_hits = [hit for hit in hits if hit.is_good]
    nearest = sorted(good_hits, key=lambda hit: (hit.miles is None, hit.miles))[:MAX_PLACES]
    exclude = query.exclude | {hit.stored.id for hit in nearest}
    online = search_service.search(
        replace(query, needs=query.needs | {"online"}, exclude=exclude, limit=1)
    )
    if online and online[0].is_good and not online[0].has_unknowns:
        return [*nearest[: MAX_PLACES - 1], online[0]]
    return nearest


def _add_meant_place(
    search_service: SearchService, query: Query, places: Sequence[Hit]
) -> list[Hit]:
    """The hits after the one that the words mean, if it is not on then.

    "Is the food bank open today" is answered with the food bank, and when it is next on.
    """
    times = frozenset(filter(is_time, query.needs))
    anytime = replace(query, needs=query.needs - times, dates=None, limit=1)
    for meant in search_service.search(anytime):
        best = max((hit.fit for hit in places), default=0)
        if meant.is_good and meant.fit > best:
            next_date = describe_next_date(meant.stored.listing, date.today())
            reasons = (next_date or "It does not say when it is on. Ask them.", *meant.reasons)
            close = [hit for hit in places if hit.fit > meant.fit - _STILL_CLOSE]
            return [replace(meant, reasons=reasons), *close][:MAX_PLACES]
    return list(places)


def _search_topics(search_service: SearchService, query: Query, limit: int) -> list[Hit]:
    """The best hits; for several topics the best of each, if each has a close one."""
    if query.fixed_reason is None:
        query = replace(query, text=search_service.find_wish(query.text))
    whole = replace(query, limit=limit)
    topics = (
        split_topics(query.text, search_service.encode)
        if limit > 1 and query.fixed_reason is None
        else ()
    )
    hits: dict[int, Hit] = {}
    for number, topic in enumerate(topics):
        # The remainder goes to the last topics.
        share = (limit - len(hits)) // (len(topics) - number)
        exclude = query.exclude | hits.keys()
        topic_hits = search_service.search(replace(query, text=topic, limit=share, exclude=exclude))
        if not topic_hits or topic_hits[0].fit < MIN_TOPIC_FIT:
            return search_service.search(whole)
        hits.update((hit.stored.id, hit) for hit in topic_hits)
    return list(hits.values()) or search_service.search(whole)


def _make_query(request: RecommendationRequest, text: str | None) -> Query:
    if text and request.area:
        # The area counts as distance, so its name is no word to search for.
        name = re.escape(request.area.name)
        text = re.sub(
            rf"\b(?:(?:in|near|at|around|round|by|from) )?{name}\b", "", text, flags=re.I
        ).strip()
    return Query(
        text or _ANY_PLACE_TEXT,
        kinds=frozenset({"have_a_say"}) if request.have_a_say else _PLACE_KINDS,
        near=request.area,
        free=request.free,
        nearest=request.nearest,
        needs=request.needs,
        age=request.age,
        oldest=request.oldest,
        dates=request.dates,
        avoid=request.avoid,
        away_from=request.away_from,
        exclude=request.shown,
        fixed_reason=None if text else "",
    )
