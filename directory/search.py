"""Finding listings by meaning: BM25 and sentence vectors, fused, in memory.

Owns the ranking and the reasons. A reason is a fact about the listing that the
query asked for; nothing else may become one.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from directory.embeddings import Vectors
from directory.fitting import Demand, Verdict, demands, judge
from directory.listings import StoredListing
from directory.places import Area, miles_from
from directory.wording import searchable_text

# It logs what it is given to split into words, and brings a handler of its own to print it.
logging.getLogger("bm25s").setLevel(logging.WARNING)
# Two threads of BLAS beside the encoder's one fight over two cores: a query takes three
# times as long (docs/benchmarks.md).
threadpool_limits(1, user_api="blas")

Scores = NDArray[np.float32]

# Chosen by nDCG@10 on residents' judged queries: see docs/search.md.
WORDS_WEIGHT = 0.15
# What a mile costs, in units of cosine; a ten-mile trip outweighs a fair difference in fit.
MILE_COST = 0.02
_MOST_MILES = 10.0
# What it costs somebody who asked for nearer ones.
_NEAREST_MILE_COST = 0.1
# What it is worth that a listing says it has what was asked for, and what it costs to be like
# what was not wanted, in units of cosine: see docs/search.md.
_SUITED: dict[Demand, float] = {"women": 0.4, "men": 0.4}
_SUITED_ELSE = 0.2
_MOST_JUDGED = 128
_AVOIDED = 0.3
# Below this, the best that the directory has is not what was asked for.
GOOD_ENOUGH = 0.3
# A word in more than this part of the listings is no reason to choose one.
_COMMON = 0.2
# How people begin a request says nothing of what they want.
_FRAMING = (
    "give happy glad would could can may might much many lot bit like love enjoy want need "
    "wish hope look looking find get go going know think something somewhere someone anything "
    "anywhere anyone somebody anybody group groups people place places thing things please "
    "thanks hello hi good nice really maybe also im ive id dont"
).split()
_STOP_WORDS = [*STOPWORDS_EN_PLUS, *_FRAMING]
# What a person would call a word: "children's" and "men’s" are one, "arts-and-crafts" three.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Query:
    """What to look for. Empty `kinds` means any; `exclude` holds ids not to show again.

    `needs` are names in `fitting.NEEDS` and `fitting.TIMES`, `age` is in years: what does not
    suit is left out, and what is known to suit comes first. `avoid` says in words what is not
    wanted. With a `why` the text is ours: it finds, and `why` is the reason to give.
    """

    text: str
    kinds: frozenset[str] = frozenset()
    near: Area | None = None
    free: bool = False
    nearest: bool = False
    exclude: frozenset[int] = frozenset()
    limit: int = 3
    why: str = ""
    needs: frozenset[str] = frozenset()
    age: int | None = None
    avoid: str = ""


@dataclass(frozen=True)
class Hit:
    """A listing that was found. `score` is comparable within one search only.

    `fit` is how near its words come to the query's, in units of cosine. `miles` is the distance
    to the area asked about, None where it is not known; `silent` tells that the listing does
    not say whether it meets some need.
    """

    found: StoredListing
    score: float
    reasons: tuple[str, ...]
    miles: float | None
    fit: float
    silent: bool = False

    @property
    def good(self) -> bool:
        """Whether it is likely to be what was meant."""
        return self.fit >= GOOD_ENOUGH


class Index:
    """A ready-made search over fixed listings and their vectors (rows in the same order)."""

    def __init__(self, listings: Sequence[StoredListing], vectors: Vectors) -> None:
        self.listings = listings
        self._vectors = vectors
        self._stem = Stemmer.Stemmer("english")
        texts = [searchable_text(stored.listing) for stored in listings]
        tokens = [self.tokenize(text) for text in texts]
        self._words = bm25s.BM25()
        if any(tokens):
            self._words.index(tokens, show_progress=False)
        self._stems = [frozenset(stems) for stems in tokens]
        gists = (f"{one.listing.name} {' '.join(one.listing.topics)}" for one in listings)
        self._gists = [frozenset(self.tokenize(gist)) for gist in gists]
        self._frequency: dict[str, int] = {}
        for stems in self._stems:
            for stem in stems:
                self._frequency[stem] = self._frequency.get(stem, 0) + 1
        self._kinds = np.array([stored.listing.kind for stored in listings])
        self._free = np.array([stored.listing.free for stored in listings], dtype=bool)
        self._open = np.array(
            [stored.listing.status != "closed" for stored in listings], dtype=bool
        )
        self._ids = np.array([stored.id for stored in listings], dtype=np.int64)
        points = [
            (row, place.point.latitude, place.point.longitude)
            for row, stored in enumerate(listings)
            for place in stored.listing.places
            if place.point
        ]
        self._points = np.array(points, dtype=np.float64).reshape(-1, 3)
        self._judged: dict[Demand, list[Verdict]] = {}

    @cached_property
    def by_id(self) -> dict[int, StoredListing]:
        return {stored.id: stored for stored in self.listings}

    def tokenize(self, text: str) -> list[str]:
        """The stems of the words in `text` that are not stop words."""
        tokenized = bm25s.tokenize(
            text, stopwords=_STOP_WORDS, stemmer=self._stem, return_ids=False, show_progress=False
        )
        return list(tokenized[0])

    def word_scores(self, text: str) -> Scores:
        """BM25 of every listing for `text`, scaled so that the best is 1."""
        stems = [stem for stem in self.tokenize(text) if stem in self._frequency]
        if not stems:
            return np.zeros(len(self.listings), dtype=np.float32)
        scores: Scores = self._words.get_scores(stems).astype(np.float32)
        return scores / max(float(scores.max()), 1e-6)

    def search(
        self, query: Query, vector: Vectors | None, avoided: Vectors | None = None
    ) -> list[Hit]:
        """The best listings first. With no `vector` (the encoder is not up), by words alone.

        `vector` is of the query's text and `avoided` of what it is to avoid, each of shape (384,).
        """
        asked = demands(query.needs, query.age)
        verdicts = [self._judge(one) for one in asked]
        allowed = self._allowed(query, verdicts)
        if not allowed.any():
            return []
        words = self.word_scores(query.text)
        if vector is None:
            # With nothing else to go by, a listing without one of the words is a guess.
            fit, allowed = words, allowed & (words > 0)
        else:
            fit = self._vectors @ vector + WORDS_WEIGHT * words
        miles = self._miles(query.near)
        # An unknown distance costs nothing: area-wide and online groups are never hidden.
        away = np.minimum(np.nan_to_num(miles, nan=0.0), _MOST_MILES)
        mile_cost = _NEAREST_MILE_COST if query.nearest else MILE_COST
        score = fit - mile_cost * away
        for demand, judged in zip(asked, verdicts, strict=True):
            worth = _SUITED.get(demand, _SUITED_ELSE)
            score += worth * _marks(judged, True)
        if avoided is not None:
            score -= _AVOIDED * (self._vectors @ avoided)
        score = np.where(allowed, score, -np.inf)
        said = {} if query.why else self._say_words(query.text)
        hits: list[Hit] = []
        told: set[tuple[str, str]] = set()
        for row in np.argsort(-score, kind="stable"):
            if len(hits) == query.limit or not allowed[row]:
                break
            stored = self.listings[row]
            # The same thing listed twice is shown once.
            if (same := (stored.listing.name, stored.listing.description)) in told:
                continue
            told.add(same)
            if query.why:
                otherwise = query.why
            elif vector is None:
                otherwise = "It uses some of your words"
            elif fit[row] >= GOOD_ENOUGH:
                otherwise = "It is close in meaning to what you said"
            else:
                otherwise = "It is one of the closest we know of"
            mentioned = self._shared_words(said, int(row))
            why = f"It mentions {_quote(mentioned)}" if mentioned else otherwise
            here = [judged[row] for judged in verdicts]
            suits = dict.fromkeys(one.reason for one in here if one.suits)
            hits.append(
                Hit(
                    found=stored,
                    score=float(score[row]),
                    reasons=tuple(
                        dict.fromkeys(
                            (why, *self._reasons(query, int(row), float(miles[row])), *suits)
                        )
                    ),
                    miles=None if np.isnan(miles[row]) else float(miles[row]),
                    fit=float(fit[row]),
                    silent=any(one.suits is None for one in here),
                )
            )
        return hits

    def _judge(self, demand: Demand) -> list[Verdict]:
        """What each listing says of it, in the order of the listings."""
        if demand not in self._judged:
            # Ages and sets of times are many: what was judged long ago is judged again.
            if len(self._judged) >= _MOST_JUDGED:
                self._judged.clear()
            self._judged[demand] = [judge(stored.listing, demand) for stored in self.listings]
        return self._judged[demand]

    def _allowed(self, query: Query, verdicts: Sequence[Sequence[Verdict]]) -> NDArray[np.bool_]:
        allowed = self._open.copy()
        if query.kinds:
            allowed &= np.isin(self._kinds, list(query.kinds))
        if query.free:
            allowed &= self._free
        if query.exclude:
            allowed &= ~np.isin(self._ids, list(query.exclude))
        for told in verdicts:
            allowed &= ~_marks(told, False)
        for phrase in re.split(r",|\bor\b|\band\b", query.avoid):
            if stems := frozenset(self.tokenize(phrase)):
                allowed &= np.array([not stems <= gist for gist in self._gists], dtype=bool)
        return allowed

    def _miles(self, near: Area | None) -> NDArray[np.float64]:
        """To the nearest place of each listing; NaN where none is known."""
        miles = np.full(len(self.listings), np.nan)
        if near is not None:
            rows = self._points[:, 0].astype(np.intp)
            np.fmin.at(miles, rows, miles_from(near.point, self._points[:, 1:]))
        return miles

    def _reasons(self, query: Query, row: int, miles: float) -> tuple[str, ...]:
        listing = self.listings[row].listing
        reasons = []
        if query.near is not None and not np.isnan(miles):
            reasons.append(f"It is {_describe_miles(miles)} from {query.near.name}")
        elif query.near is not None and listing.online:
            reasons.append("You can join from home, online")
        elif query.near is not None and listing.covers:
            reasons.append(f"It covers {listing.covers}")
        if query.free and listing.free:
            reasons.append("It is free")
        return tuple(reasons)

    def _say_words(self, text: str) -> dict[str, str]:
        """The stems in `text` that are worth naming, each with the word as it was said."""
        most = max(2.0, _COMMON * len(self.listings))
        said: dict[str, str] = {}
        for word in dict.fromkeys(_WORD.findall(text.casefold())):
            stems = self.tokenize(word)
            if len(stems) == 1 and 0 < self._frequency.get(stems[0], 0) <= most:
                said.setdefault(stems[0], word)
        return said

    def _shared_words(self, said: Mapping[str, str], row: int) -> list[str]:
        """Up to three of the person's own words that the listing uses, the rarest first."""
        shared = sorted(
            said.keys() & self._stems[row], key=lambda stem: (self._frequency[stem], stem)
        )
        return [said[stem] for stem in shared][:3]


def _marks(verdicts: Sequence[Verdict], suits: bool) -> NDArray[np.bool_]:
    return np.fromiter((one.suits is suits for one in verdicts), dtype=bool, count=len(verdicts))


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
