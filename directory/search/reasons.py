"""Why a listing is shown.

A reason is a fact about the listing that the query asked for; nothing else may become one.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from directory.indexing.words import find_stems, find_words, number_stem
from directory.listing import StoredListing
from directory.listing_text import build_search_text
from directory.places import measure_miles_from
from directory.search.index import Index
from directory.search.query import GOOD_ENOUGH, Hit, Query
from directory.search.ranking import Ranked

# A word that a greater share of the listings use is no reason to choose one of them.
_COMMON_SHARE = 0.2
_MAX_WORDS = 3


def make_hit(
    index: Index,
    query: Query,
    ranked: Ranked,
    words: Mapping[int, str],
    row: int,
    stored: StoredListing,
    fit: float,
) -> Hit:
    """The hit of the listing in `row`, with its reasons; `words` are from `find_nameable_words`."""
    listing = stored.listing
    miles = _measure_miles(query, stored)
    verdicts = [criterion.judge(listing, ranked.today) for criterion in query.list_criteria()]
    # Without a vector the search used words alone, so no reason may speak of meaning.
    known_fit = None if ranked.vector is None else fit
    reasons = [_explain_match(index, query, words, row, stored, known_fit)]
    if miles is not None and query.near is not None:
        reasons.append(f"It is {_describe_miles(miles)} from {query.near.name}")
    elif query.near is not None and listing.online:
        reasons.append("You can join from home, online")
    elif query.near is not None and listing.covers:
        reasons.append(f"It covers {listing.covers}")
    if query.free and listing.free:
        reasons.append("It is free")
    reasons += [verdict.reason for verdict in verdicts if verdict.suits and verdict.reason]
    return Hit(
        stored=stored,
        score=float(ranked.score[row]),
        reasons=tuple(dict.fromkeys(reasons)),
        miles=miles,
        fit=fit,
        has_unknowns=any(verdict.suits is None for verdict in verdicts),
    )


def find_nameable_words(index: Index, text: str) -> dict[int, str]:
    """The terms of a query's text that are worth naming, each as the person wrote it."""
    most = max(2.0, _COMMON_SHARE * index.inverted_index.size)
    words: dict[int, str] = {}
    for word in find_words(text):
        stems = find_stems(word)
        if len(stems) == 1 and 0 < index.inverted_index.count(number_stem(stems[0])) <= most:
            words.setdefault(number_stem(stems[0]), word)
    return words


def _measure_miles(query: Query, stored: StoredListing) -> float | None:
    points = [place.point for place in stored.listing.places if place.point]
    if query.near is None or not points:
        return None
    degrees = np.array([(point.latitude, point.longitude) for point in points])
    return float(measure_miles_from(query.near.point, degrees).min())


def _explain_match(
    index: Index,
    query: Query,
    words: Mapping[int, str],
    row: int,
    stored: StoredListing,
    fit: float | None,
) -> str:
    if query.fixed_reason:
        return query.fixed_reason
    if shared := _find_shared_words(index, words, row, stored):
        return f"It mentions {_quote(shared)}"
    if fit is None:
        return "It uses some of your words"
    if fit >= GOOD_ENOUGH:
        return "It is close in meaning to what you said"
    return "It is one of the closest we know of"


def _find_shared_words(
    index: Index, words: Mapping[int, str], row: int, stored: StoredListing
) -> list[str]:
    """Up to three words that the query and the listing share, the rarest first.

    Each has the query's spelling if the listing uses it too, and otherwise the listing's.
    """
    terms = [term for term in words if index.inverted_index.has(term, row)]
    terms.sort(key=lambda term: (index.inverted_index.count(term), words[term]))
    if not terms:
        return []
    listing_words = find_words(build_search_text(stored.listing))
    literal = set(listing_words)
    spellings = {
        number_stem(stems[0]): word for word in listing_words if len(stems := find_stems(word)) == 1
    }
    shared = [words[term] if words[term] in literal else spellings.get(term, "") for term in terms]
    return [word for word in shared if word][:_MAX_WORDS]


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
