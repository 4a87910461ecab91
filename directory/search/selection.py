"""Chooses the listings to show from a ranking: the best first, no copies, and some variety.

Owns what a repeated organisation costs. Why a listing is shown is in `reasons`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappop, heappush

import numpy as np

from directory.indexing.entries import NO_ORGANISATION
from directory.indexing.words import find_stems
from directory.listing import StoredListing
from directory.places import Area, make_place_key, measure_miles
from directory.search.index import Index
from directory.search.query import Hit, Query
from directory.search.ranking import Ranked
from directory.search.reasons import Encode, find_nameable_words, make_hit

Fetch = Callable[[Sequence[int]], Mapping[int, StoredListing]]
"""Reads listings by their ids; leaves out those that no longer exist."""

# The cost, in units of cosine, for each listing of an organisation after the first
# `_FREE_REPEATS`.
_REPEATED = 0.06
_FREE_REPEATS = 3
# How many are sorted at first; most searches need no more.
_FIRST_SORTED = 64
# A place nearer than this to one that the person keeps away from is not shown.
_AWAY_MILES = 1.0
_PHRASES = re.compile(r",|\bor\b|\band\b")


def select_hits(
    index: Index, query: Query, ranked: Ranked, fetch: Fetch, encode: Encode | None = None
) -> list[Hit]:
    """The best listings first, at most `query.limit`.

    With `encode`, a word of the query is a reason only for a listing that is about it.
    """
    avoided = [stems for stems in map(_find_stem_set, _PHRASES.split(query.avoid)) if stems]
    words = {} if query.fixed_reason is not None else find_nameable_words(index, query.text, encode)
    rows = choose_rows(index, ranked)
    hits: list[Hit] = []
    while len(hits) < query.limit:
        batch = [row for _, row in zip(range(query.limit - len(hits)), rows, strict=False)]
        if not batch:
            break
        listings = fetch([int(index.entries.ids[row]) for row in batch])
        fits = ranked.measure_fit(index, np.array(batch))
        for row, fit in zip(batch, fits.tolist(), strict=True):
            stored = listings.get(int(index.entries.ids[row]))
            if stored is None or (avoided and _is_about(stored, avoided)):
                continue
            if any(_is_near(stored, area) for area in query.away_from):
                continue
            hits.append(make_hit(index, query, ranked, words, row, stored, fit))
    return hits


def choose_rows(index: Index, ranked: Ranked) -> Iterator[int]:
    """The allowed rows, the best first: each content once, repeated organisations later."""
    contents, organisations = index.entries.facts["content"], index.entries.facts["organisation"]
    shown: Counter[int] = Counter()
    seen_contents: set[int] = set()
    stream = _sort_rows(index, ranked)
    following = next(stream, None)
    # The cost, listing id and row of each, and the number of repeats that its cost includes.
    waiting: list[tuple[float, int, int, int]] = []
    while waiting or following is not None:
        while following is not None and (not waiting or following[0] <= waiting[0][0]):
            cost, listing_id, row = following
            following = next(stream, None)
            if (content := int(contents[row])) not in seen_contents:
                seen_contents.add(content)
                repeats = shown[int(organisations[row])]
                heappush(waiting, (cost + _compute_repeat_cost(repeats), listing_id, row, repeats))
        if not waiting:
            continue
        cost, listing_id, row, repeats = heappop(waiting)
        organisation = int(organisations[row]) if ranked.varied else NO_ORGANISATION
        if organisation != NO_ORGANISATION and (current := shown[organisation]) > repeats:
            cost += _compute_repeat_cost(current) - _compute_repeat_cost(repeats)
            heappush(waiting, (cost, listing_id, row, current))
            continue
        shown[organisation] += organisation != NO_ORGANISATION
        yield row


def _compute_repeat_cost(repeats: int) -> float:
    """The cost of a listing whose organisation was already shown `repeats` times."""
    return _REPEATED * max(0, repeats + 1 - _FREE_REPEATS)


def _sort_rows(index: Index, ranked: Ranked) -> Iterator[tuple[float, int, int]]:
    """The allowed rows as (cost, id, row), the best first, sorted no further than is read."""
    rows = np.flatnonzero(ranked.allowed)
    costs = -ranked.score[rows]
    done, size = 0, _FIRST_SORTED
    while done < len(rows):
        end = min(done + size, len(rows))
        if end < len(rows):
            part = np.argpartition(costs[done:], end - done - 1) + done
            rows[done:], costs[done:] = rows[part], costs[part]
        ids = index.entries.ids[rows[done:end]]
        for place in np.lexsort((ids, costs[done:end])):
            yield float(costs[done + place]), int(ids[place]), int(rows[done + place])
        done, size = end, size * 8


def _find_stem_set(text: str) -> frozenset[str]:
    return frozenset(find_stems(text))


def _is_near(stored: StoredListing, area: Area) -> bool:
    """Whether one of the listing's places is in the area, or close to it."""
    key = make_place_key(area.name)
    return any(
        make_place_key(place.neighbourhood) == key
        or area.name.casefold() in place.address.casefold()
        or (place.point is not None and measure_miles(place.point, area.point) < _AWAY_MILES)
        for place in stored.listing.places
    )


def _is_about(stored: StoredListing, phrases: Sequence[frozenset[str]]) -> bool:
    """Whether the listing's name and topics have all stems of one of the phrases."""
    stems = _find_stem_set(f"{stored.listing.name} {' '.join(stored.listing.topics)}")
    return any(phrase <= stems for phrase in phrases)
