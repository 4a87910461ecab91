"""The listings and queries to measure with: real ones where they are, and more made of them.

Owns where they are found and how they are multiplied. Says plainly what was used.
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
MOST_LISTINGS = 100_000

MIDDLE = Area("the middle", Point(51.45, -2.59))

_FEEDS = ("bristol", "north-lincolnshire")
# One word in seven is another, and a vector is turned by some 17 degrees (cosine about 0.96):
# near-duplicates, but no two alike.
WORDS_CHANGED = 0.15
NOISE = 0.3

_OUR_QUERIES = (
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
    """`vectors` has one row a listing, in order. `origin` says where they came from."""

    listings: tuple[Listing, ...]
    vectors: Vectors
    origin: str


def find_queries() -> tuple[tuple[str, ...], str]:
    """What residents would type, and where it came from."""
    judged = SHARED / "eval" / "search_dev.jsonl"
    if not judged.exists():
        return _OUR_QUERIES, f"{len(_OUR_QUERIES)} queries written here"
    lines = judged.read_text("utf-8").splitlines()
    queries = tuple(json.loads(line)["query"] for line in lines if line)
    return queries, f"{len(queries)} residents' queries"


def find_real_listings() -> tuple[Listing, ...] | None:
    """Two councils' services and two volunteering files; None where they are not.

    A service that an import would quarantine for want of a description is kept with its
    name alone, so that these are the 1,906 that the residents' queries were judged over.
    """
    if not (SHARED / "feeds").is_dir() or not (SHARED / "volunteering").is_dir():
        return None
    found = [
        replace(row, key=f"{name}:{row.key}")
        if isinstance(row, Listing)
        else Listing(f"{name}:{row.key}", row.name, "service", "")
        for name in _FEEDS
        for row in read_source(str(SHARED / "feeds" / f"{name}.json"))
        if row.name
    ]
    teamkinetic = json.loads((SHARED / "volunteering/teamkinetic-activity.json").read_text("utf-8"))
    found += [
        _volunteering(f"teamkinetic:{row['id']}", row["label"], row["description"])
        for row in teamkinetic
    ]
    for row in json.loads((SHARED / "volunteering/doit-activities.json").read_text("utf-8")):
        role = row["activityDefinitionSubDocument"]
        found.append(
            _volunteering(f"doit:{row['_id']['$oid']}", role["title"], role["description"])
        )
    return tuple(found)


def scatter(listings: Sequence[Listing]) -> tuple[Listing, ...]:
    """The same, three in four of them with a point within some 10 miles of `MIDDLE`.

    The feeds' copies carry no coordinates, and without any a distance costs nothing.
    """
    dice = random.Random(2026)
    return tuple(
        replace(listing, places=(Place(point=_near_middle(dice)),))
        if dice.random() < 0.75
        else replace(listing, places=())
        for listing in listings
    )


def _near_middle(dice: random.Random) -> Point:
    return Point(
        MIDDLE.point.latitude + dice.uniform(-0.14, 0.14),
        MIDDLE.point.longitude + dice.uniform(-0.22, 0.22),
    )


def _volunteering(key: str, name: str, description: str) -> Listing:
    return Listing(key, clean_text(name), "volunteering", clean_text(description))


def find_example() -> tuple[Listing, ...]:
    """The fictional town that comes with the project."""
    return tuple(row for row in read_source(str(EXAMPLE)) if isinstance(row, Listing))


def find_bristol() -> Path | None:
    """One council's 819 services, as published; None where they are not."""
    path = SHARED / "feeds" / "bristol.json"
    return path if path.exists() else None


def gather(encoder: Encoder, size: int) -> Corpus:
    """`size` listings with their vectors: real ones, else the example town repeated."""
    real = find_real_listings()
    listings = real if real is not None else find_example()
    kept = listings[:size]
    vectors = encoder.encode([build_encoder_text(listing) for listing in kept])
    if real is not None:
        return Corpus(kept, vectors, f"{len(kept):,} real listings")
    origin = f"NOT real: {len(kept)} of the example town (no data at CONNECTOR_SHARED_DATA)"
    return grow(Corpus(kept, vectors, origin), size)


def grow(corpus: Corpus, size: int) -> Corpus:
    """`size` listings: the given ones, then copies with changed words and turned vectors."""
    rows = np.arange(len(corpus.listings), size) % len(corpus.listings)
    noise = np.random.default_rng(2026).standard_normal((len(rows), corpus.vectors.shape[1]))
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    turned = corpus.vectors[rows] + noise.astype(np.float32)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    return Corpus(
        repeat(corpus.listings, size),
        np.concatenate([corpus.vectors, turned]),
        f"{corpus.origin}, repeated to {size:,} with one word in seven changed and vectors turned",
    )


def repeat(listings: tuple[Listing, ...], size: int) -> tuple[Listing, ...]:
    """`size` listings: the given ones, then copies of them with changed words.

    A changed word is drawn from all words of the descriptions as often as it occurs there,
    so that the index's common words stay common. The same every time.
    """
    dice = random.Random(2026)
    words = [word for listing in listings for word in listing.description.split()]
    copies = (
        _change(listings[number % len(listings)], number, words, dice)
        for number in range(len(listings), size)
    )
    return (*listings[:size], *copies)


def _change(listing: Listing, number: int, words: list[str], dice: random.Random) -> Listing:
    changed = [
        dice.choice(words) if dice.random() < WORDS_CHANGED else word
        for word in listing.description.split()
    ]
    return replace(listing, key=f"{listing.key}~{number}", description=" ".join(changed))
