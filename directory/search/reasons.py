"""Why a listing is shown.

A reason is a fact about the listing that the query asked for; nothing else may become one.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from directory.indexing.criteria import demands, judge
from directory.indexing.words import find_stems, find_words, number
from directory.listing import StoredListing
from directory.listing_text import build_search_text
from directory.places import measure_miles_from
from directory.search.index import Index
from directory.search.query import GOOD_ENOUGH, Hit, Query

# A word in more than this part of the listings is no reason to choose one.
_COMMON = 0.2


def tell(
    index: Index,
    query: Query,
    said: Mapping[int, str],
    row: int,
    stored: StoredListing,
    *,
    score: float,
    fit: float,
    by_words: bool,
    today: date,
) -> Hit:
    """The hit that a listing makes, with its reasons; `said` is of `say_words`.

    `by_words` tells that there was no vector, so that nothing is known of its meaning.
    """
    listing = stored.listing
    miles = _measure_miles(query, stored)
    asked = demands(query.needs, query.age, query.week)
    verdicts = [judge(listing, demand, today) for demand in asked]
    reasons = [_say_why(index, query, said, row, stored, None if by_words else fit)]
    if miles is not None and query.near is not None:
        reasons.append(f"It is {_describe_miles(miles)} from {query.near.name}")
    elif query.near is not None and listing.online:
        reasons.append("You can join from home, online")
    elif query.near is not None and listing.covers:
        reasons.append(f"It covers {listing.covers}")
    if query.free and listing.free:
        reasons.append("It is free")
    reasons += [verdict.reason for verdict in verdicts if verdict.suits]
    return Hit(
        found=stored,
        score=score,
        reasons=tuple(dict.fromkeys(reasons)),
        miles=miles,
        fit=fit,
        silent=any(verdict.suits is None for verdict in verdicts),
    )


def _measure_miles(query: Query, stored: StoredListing) -> float | None:
    points = [place.point for place in stored.listing.places if place.point]
    if query.near is None or not points:
        return None
    degrees = np.array([(point.latitude, point.longitude) for point in points])
    return float(measure_miles_from(query.near.point, degrees).min())


def _say_why(
    index: Index,
    query: Query,
    said: Mapping[int, str],
    row: int,
    stored: StoredListing,
    fit: float | None,
) -> str:
    if query.why:
        return query.why
    if mentioned := _shared_words(index, said, row, stored):
        return f"It mentions {_quote(mentioned)}"
    if fit is None:
        return "It uses some of your words"
    if fit >= GOOD_ENOUGH:
        return "It is close in meaning to what you said"
    return "It is one of the closest we know of"


def say_words(index: Index, text: str) -> dict[int, str]:
    """The terms in `text` that are worth naming, each with the word as it was said."""
    most = max(2.0, _COMMON * index.postings.size)
    said: dict[int, str] = {}
    for word in find_words(text):
        stems = find_stems(word)
        if len(stems) == 1 and 0 < index.postings.count(number(stems[0])) <= most:
            said.setdefault(number(stems[0]), word)
    return said


def _shared_words(
    index: Index, said: Mapping[int, str], row: int, stored: StoredListing
) -> list[str]:
    """Up to three words that the person and the listing share, the rarest first.

    As the person said them where the listing says them so too, else as the listing does.
    """
    shared = [term for term in said if index.postings.has(term, row)]
    shared.sort(key=lambda term: (index.postings.count(term), said[term]))
    if not shared:
        return []
    words = find_words(build_search_text(stored.listing))
    literal = set(words)
    spelt = {number(stems[0]): word for word in words if len(stems := find_stems(word)) == 1}
    told = [said[term] if said[term] in literal else spelt.get(term, "") for term in shared]
    return [word for word in told if word][:3]


def _describe_miles(miles: float) -> str:
    if miles < 0.25:
        return "a short walk"
    halves = max(1, round(miles * 2))
    if halves <= 2:
        return "about half a mile" if halves == 1 else "about a mile"
    return f"about {halves / 2:g} miles"


def _quote(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
