"""Why a listing is shown.

A reason is a fact about the listing that the query asked for; nothing else may become one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from directory.encoder import Vectors
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
# A word says why a listing is shown only if the listing is about it: "back" is no reason for a
# group that welcomes men with a bad back. Cosine of the word and the listing.
_MIN_WORD_LIKENESS = 0.28
# The same where the word is in the listing's name or among its topics.
_MIN_NAME_LIKENESS = 0.2


Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class NameableWord:
    """A word as the person wrote it, with its own vector, shape (384,), if there is an encoder."""

    text: str
    vector: Vectors | None = None


def make_hit(
    index: Index,
    query: Query,
    ranked: Ranked,
    words: Mapping[int, NameableWord],
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
    shared = _find_shared_words(index, words, row, stored)
    reasons = [f"It mentions {_quote(shared)}"] if shared else []
    if query.fixed_reason is not None:
        reasons = [query.fixed_reason] if query.fixed_reason else []
    if miles is not None and query.near is not None:
        reasons.append(f"It is {_describe_miles(miles)} from {query.near.name}")
    elif query.near is not None and listing.online:
        reasons.append("You can join from home, online")
    elif query.near is not None and listing.covers:
        reasons.append(f"It covers {listing.covers}")
    if query.free and listing.free:
        reasons.append("It is free")
    reasons += [verdict.reason for verdict in verdicts if verdict.suits and verdict.reason]
    if not reasons and query.fixed_reason is None:
        reasons = [_explain_fit(known_fit)]
    return Hit(
        stored=stored,
        score=float(ranked.score[row]),
        reasons=tuple(dict.fromkeys(reasons)),
        miles=miles,
        fit=fit,
        has_unknowns=any(verdict.suits is None for verdict in verdicts),
    )


def find_nameable_words(
    index: Index, text: str, encode: Encode | None = None
) -> dict[int, NameableWord]:
    """The terms of a query's text that are worth naming, each as the person wrote it."""
    most = max(2.0, _COMMON_SHARE * index.inverted_index.size)
    words: dict[int, str] = {}
    for word in find_words(text):
        stems = find_stems(word)
        if len(stems) == 1 and 0 < index.inverted_index.count(number_stem(stems[0])) <= most:
            words.setdefault(number_stem(stems[0]), word)
    if encode is None or not words:
        return {term: NameableWord(word) for term, word in words.items()}
    vectors = encode(list(words.values()))
    return {
        term: NameableWord(word, vector)
        for (term, word), vector in zip(words.items(), vectors, strict=True)
    }


def _measure_miles(query: Query, stored: StoredListing) -> float | None:
    points = [place.point for place in stored.listing.places if place.point]
    if query.near is None or not points:
        return None
    degrees = np.array([(point.latitude, point.longitude) for point in points])
    return float(measure_miles_from(query.near.point, degrees).min())


def _explain_fit(fit: float | None) -> str:
    if fit is None:
        return "It uses some of your words"
    if fit >= GOOD_ENOUGH:
        return "It is close in meaning to what you said"
    return "It is one of the closest we know of"


def _find_shared_words(
    index: Index, words: Mapping[int, NameableWord], row: int, stored: StoredListing
) -> list[str]:
    """Up to three words that the query and the listing share, and it is about, the rarest first.

    Each has the query's spelling if the listing uses it too, and otherwise the listing's.
    """
    terms = [term for term in words if index.inverted_index.has(term, row)]
    if not terms:
        return []
    listing = stored.listing
    name_terms = set(map(number_stem, find_stems(f"{listing.name} {' '.join(listing.topics)}")))

    def is_about(term: int) -> bool:
        vector = words[term].vector
        if vector is None:
            return True
        least = _MIN_NAME_LIKENESS if term in name_terms else _MIN_WORD_LIKENESS
        return float(index.scan.refine(np.array([row]), vector)[0]) >= least

    terms = [term for term in terms if is_about(term)]
    terms.sort(key=lambda term: (index.inverted_index.count(term), words[term].text))
    listing_words = find_words(build_search_text(listing))
    literal = set(listing_words)
    spellings = {
        number_stem(stems[0]): word for word in listing_words if len(stems := find_stems(word)) == 1
    }
    shared = [
        words[term].text if words[term].text in literal else spellings.get(term, "")
        for term in terms
    ]
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
