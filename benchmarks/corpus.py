"""The listings and queries for the benchmarks: real ones if available, and copies made of them.

Owns where they are found and how they are multiplied. Every figure must say what was used.
"""

import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.settings import ROOT
from directory.encoder import Encoder, Vectors
from directory.listing import Listing, Place, Point
from directory.listing_text import build_encoder_text
from directory.places import Area
from directory.sources.detect import read_source
from directory.text import clean_text

SHARED = Path(os.environ.get("CONNECTOR_SHARED_DATA", ROOT.parent / "shared" / "data"))
EXAMPLE = ROOT / "examples" / "larkhaven.csv"
REAL_LISTINGS = 1906
MANY_LISTINGS = 10_000
MAX_LISTINGS = 100_000

CENTRE = Area("the middle", Point(51.45, -2.59))

_FEEDS = ("bristol", "north-lincolnshire")
# One word in seven is replaced, and a vector is rotated by about 17 degrees (cosine 0.96):
# copies are near-duplicates, but no two are alike.
WORDS_CHANGED = 0.15
NOISE = 0.3

_DEFAULT_QUERIES = (
    "somewhere to do a bit of gardening with other people",
    "lunch club for my dad who is 84 and cant get about much",
    "free things to do with a toddler on weekday mornings",
    "I feel a bit low since I retired and would like to get out of the house",
    "help with filling in forms",
    "choir no audition",
    "I used to be an electrician and have time to help mend things",
    "english classes for beginers",
    "carers group evenings",
    "walking group that goes slowly, I have a bad hip",
)


@dataclass(frozen=True)
class Corpus:
    """Listings with their vectors, a row for each. `origin` says where they came from."""

    listings: tuple[Listing, ...]
    vectors: Vectors
    origin: str


def find_queries() -> tuple[tuple[str, ...], str]:
    """The queries, and where they came from."""
    judged = SHARED / "eval" / "search_dev.jsonl"
    if not judged.exists():
        return _DEFAULT_QUERIES, f"{len(_DEFAULT_QUERIES)} queries written here"
    lines = judged.read_text("utf-8").splitlines()
    queries = tuple(json.loads(line)["query"] for line in lines if line)
    return queries, f"{len(queries)} residents' queries"


def find_real_listings() -> tuple[Listing, ...] | None:
    """Two councils' services and two volunteering files; None if they are not available.

    A service that an import would quarantine because it has no description stays, with its
    name alone, so that these are the 1,906 for which the residents' queries were judged.
    """
    if not (SHARED / "feeds").is_dir() or not (SHARED / "volunteering").is_dir():
        return None
    listings = [
        replace(row, key=f"{name}:{row.key}")
        if isinstance(row, Listing)
        else Listing(f"{name}:{row.key}", row.name, "service", "")
        for name in _FEEDS
        for row in read_source(str(SHARED / "feeds" / f"{name}.json"))
        if row.name
    ]
    teamkinetic = json.loads((SHARED / "volunteering/teamkinetic-activity.json").read_text("utf-8"))
    listings += [
        _make_volunteering(f"teamkinetic:{row['id']}", row["label"], row["description"])
        for row in teamkinetic
    ]
    for row in json.loads((SHARED / "volunteering/doit-activities.json").read_text("utf-8")):
        role = row["activityDefinitionSubDocument"]
        listings.append(
            _make_volunteering(f"doit:{row['_id']['$oid']}", role["title"], role["description"])
        )
    return tuple(listings)


def scatter_listings(listings: Sequence[Listing]) -> tuple[Listing, ...]:
    """The listings, three in four of them at a point within about 10 miles of `CENTRE`.

    The copies of the feeds have no coordinates, and without them a distance costs no time.
    """
    generator = random.Random(2026)
    return tuple(
        replace(listing, places=(Place(point=_pick_point(generator)),))
        if generator.random() < 0.75
        else replace(listing, places=())
        for listing in listings
    )


def _pick_point(generator: random.Random) -> Point:
    return Point(
        CENTRE.point.latitude + generator.uniform(-0.14, 0.14),
        CENTRE.point.longitude + generator.uniform(-0.22, 0.22),
    )


def _make_volunteering(key: str, name: str, description: str) -> Listing:
    return Listing(key, clean_text(name), "volunteering", clean_text(description))


def find_example() -> tuple[Listing, ...]:
    """The listings of the project's fictional town."""
    return tuple(row for row in read_source(str(EXAMPLE)) if isinstance(row, Listing))


def find_bristol() -> Path | None:
    """The file of one council's 819 services, as published; None if it is not available."""
    path = SHARED / "feeds" / "bristol.json"
    return path if path.exists() else None


def gather_corpus(encoder: Encoder, size: int) -> Corpus:
    """`size` listings with their vectors: real ones, or the repeated example town."""
    real = find_real_listings()
    listings = real if real is not None else find_example()
    selected = listings[:size]
    vectors = encoder.encode([build_encoder_text(listing) for listing in selected])
    if real is not None:
        return Corpus(selected, vectors, f"{len(selected):,} real listings")
    origin = f"NOT real: {len(selected)} of the example town (no data at CONNECTOR_SHARED_DATA)"
    return grow_corpus(Corpus(selected, vectors, origin), size)


def grow_corpus(corpus: Corpus, size: int) -> Corpus:
    """`size` listings: the given ones, then copies with changed words and rotated vectors."""
    rows = np.arange(len(corpus.listings), size) % len(corpus.listings)
    noise = np.random.default_rng(2026).standard_normal((len(rows), corpus.vectors.shape[1]))
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    rotated = corpus.vectors[rows] + noise.astype(np.float32)
    rotated /= np.linalg.norm(rotated, axis=1, keepdims=True)
    return Corpus(
        repeat_listings(corpus.listings, size),
        np.concatenate([corpus.vectors, rotated]),
        f"{corpus.origin}, repeated to {size:,} with one word in seven changed and vectors rotated",
    )


def repeat_listings(listings: tuple[Listing, ...], size: int) -> tuple[Listing, ...]:
    """`size` listings: the given ones, then copies of them with changed words.

    A replacement is drawn from all words of the descriptions by frequency, so that common
    words stay common. The result is the same every time.
    """
    generator = random.Random(2026)
    words = [word for listing in listings for word in listing.description.split()]
    copies = (
        _change_words(listings[number % len(listings)], number, words, generator)
        for number in range(len(listings), size)
    )
    return (*listings[:size], *copies)


def _change_words(
    listing: Listing, number: int, words: list[str], generator: random.Random
) -> Listing:
    changed = [
        generator.choice(words) if generator.random() < WORDS_CHANGED else word
        for word in listing.description.split()
    ]
    return replace(listing, key=f"{listing.key}~{number}", description=" ".join(changed))
