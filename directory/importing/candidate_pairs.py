"""Finding pairs of listings that may be duplicates.

Owns how pairs are found without comparing every listing with every other: listings that share a
contact, a place or a name, and listings near in meaning. `similarity` says how alike two are. Must
never change a listing or need a database.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from directory.importing.similarity import CERTAIN, LIKELY, Facts, compare

# A key that more listings share (a council's switchboard) says little by itself, and counts only
# together with a word of the name.
_MAX_SHARED = 40
# In each neighbourhood, a listing is compared with the nearest in meaning, at most so many...
_NEAREST_COUNT = 12
# ...whose cosine is at least this.
_MIN_COSINE = 0.6
# One listing in so many leads a neighbourhood; each listing is in the nearest three.
_LISTINGS_PER_LEADER = 256
_OVERLAP = 3
_CHUNK_SIZE = 1024
_MAX_COSINES = 20_000_000

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """Two listings by position, `first` before `second`; `likeness` is from 0 to 1."""

    first: int
    second: int
    likeness: float
    reason: str


def find_candidate_pairs(
    facts: Sequence[Facts],
    vectors: NDArray[np.floating],
    changed: set[int] | None = None,
    threshold: float = LIKELY,
) -> list[Pair]:
    """Pairs with a likeness of `threshold` or more, the most alike first.

    `vectors` holds a unit vector for each listing, shape (len(facts), dimensions), in any
    precision. With `changed`, the positions of new or changed listings, only pairs with one of them
    are returned: the same ones that comparing all would give.
    """
    if changed is not None and not changed:
        return []
    codes = _find_candidates(facts, vectors, changed)
    pairs: list[Pair] = []
    for start in range(0, len(codes), _CHUNK_SIZE):
        first, second = np.divmod(codes[start : start + _CHUNK_SIZE], len(facts))
        cosines = np.einsum(
            "ij,ij->i", vectors[first].astype(np.float32), vectors[second].astype(np.float32)
        )
        for i, j, cosine in zip(first.tolist(), second.tolist(), cosines.tolist(), strict=True):
            likeness, reason = compare(facts[i], facts[j], cosine)
            if likeness >= threshold:
                pairs.append(Pair(i, j, likeness, reason))
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair.first, pair.second))


def link_certain_pairs(pairs: Iterable[Pair]) -> dict[int, int]:
    """For each listing to hide, the position of the one that is shown for it: the first.

    Two listings that are certainly the same as a third are linked too.
    """
    shown: dict[int, int] = {}

    def find_shown(position: int) -> int:
        while position in shown:
            position = shown[position]
        return position

    for pair in pairs:
        low, high = sorted((find_shown(pair.first), find_shown(pair.second)))
        if pair.likeness >= CERTAIN and low != high:
            shown[high] = low
    return {position: find_shown(position) for position in shown}


def _find_candidates(
    facts: Sequence[Facts], vectors: NDArray[np.floating], changed: set[int] | None
) -> Codes:
    """Pairs worth comparing, each once, coded as first * len(facts) + second."""
    n = len(facts)
    parts = [np.fromiter(_find_pairs_by_key(facts, changed), dtype=np.int64)]
    parts += _find_pairs_by_meaning(facts, vectors, changed)
    codes: Codes = np.unique(np.concatenate(parts))
    if changed is not None and len(codes):
        is_changed = np.zeros(n, dtype=bool)
        is_changed[list(changed)] = True
        codes = codes[is_changed[codes // n] | is_changed[codes % n]]
    return codes


def _find_pairs_by_key(facts: Sequence[Facts], changed: set[int] | None) -> Iterator[int]:
    n = len(facts)
    blocks: dict[str, list[int]] = defaultdict(list)
    for i, listing_facts in enumerate(facts):
        for key in _list_keys(listing_facts):
            blocks[key].append(i)
    for members in blocks.values():
        for block in [members] if len(members) <= _MAX_SHARED else _split_by_word(facts, members):
            if changed is None or not changed.isdisjoint(block):
                yield from (i * n + j for i, j in combinations(block, 2))


def _list_keys(facts: Facts) -> Iterator[str]:
    if facts.name:
        yield "n " + " ".join(sorted(set(facts.name.split())))
    if facts.website:
        yield f"w {facts.website}"
    if facts.email:
        yield f"e {facts.email}"
    yield from (f"t {phone}" for phone in facts.phones)
    yield from (f"p {postcode}" for postcode in facts.postcodes)


def _split_by_word(facts: Sequence[Facts], members: list[int]) -> list[list[int]]:
    by_word: dict[str, list[int]] = defaultdict(list)
    for i in members:
        for word in set(facts[i].name.split()):
            by_word[word].append(i)
    return [block for block in by_word.values() if 1 < len(block) <= _MAX_SHARED]


def _find_pairs_by_meaning(
    facts: Sequence[Facts], vectors: NDArray[np.floating], changed: set[int] | None
) -> Iterator[Codes]:
    n = len(facts)
    order = _order_by_content(facts)
    ranks = np.empty(n, dtype=np.int64)
    ranks[order] = np.arange(n)
    for members in _find_neighbourhoods(order, vectors):
        if changed is not None and changed.isdisjoint(members.tolist()):
            continue
        near = vectors[members].astype(np.float32)
        chunk_size = max(1, min(_CHUNK_SIZE, _MAX_COSINES // max(1, len(members))))
        for start in range(0, len(members), chunk_size):
            cosines = near[start : start + chunk_size] @ near.T
            rows = np.arange(len(cosines))
            cosines[rows, rows + start] = -1.0
            keep = cosines >= _MIN_COSINE
            if len(members) > _NEAREST_COUNT:
                # Listings that tie with the last of the nearest count as well.
                last = np.partition(cosines, -_NEAREST_COUNT, axis=1)[:, -_NEAREST_COUNT]
                keep &= cosines >= last[:, None]
                _limit_ties(keep, ranks[members])
            row, column = np.nonzero(keep)
            first, second = members[row + start], members[column]
            yield np.minimum(first, second) * n + np.maximum(first, second)


def _limit_ties(keep: NDArray[np.bool_], ranks: NDArray[np.int64]) -> None:
    """Leave each row at most `_MAX_SHARED` others.

    Only equal texts tie, and without a limit two thousand of them would be two million pairs. All
    keep the same others, so that they are still linked with each other.
    """
    for row in np.flatnonzero(keep.sum(axis=1) > _MAX_SHARED):
        columns = np.flatnonzero(keep[row])
        keep[row, columns[np.argsort(ranks[columns])[_MAX_SHARED:]]] = False


def _find_neighbourhoods(
    order: Sequence[int], vectors: NDArray[np.floating]
) -> Iterator[NDArray[np.int64]]:
    """Positions of listings with similar meaning, overlapping so that few near pairs are split.

    `order` holds the positions in an order by content.
    """
    n = len(order)
    count = n // _LISTINGS_PER_LEADER
    if count <= _OVERLAP:
        yield np.arange(n, dtype=np.int64)
        return
    leaders = vectors[order[:count]].astype(np.float32)
    nearest = np.empty((n, _OVERLAP), dtype=np.int32)
    for start in range(0, n, _CHUNK_SIZE):
        cosines = vectors[start : start + _CHUNK_SIZE].astype(np.float32) @ leaders.T
        nearest[start : start + _CHUNK_SIZE] = np.argpartition(-cosines, _OVERLAP, axis=1)[
            :, :_OVERLAP
        ]
    flat = nearest.ravel()
    by_leader = np.argsort(flat, kind="stable")
    ends = np.cumsum(np.bincount(flat, minlength=count))
    for members in np.split(by_leader // _OVERLAP, ends[:-1]):
        if len(members) > 1:
            yield members.astype(np.int64)


def _order_by_content(facts: Sequence[Facts]) -> list[int]:
    """The positions in a random order that depends on the content: their own must not matter."""
    return sorted(range(len(facts)), key=lambda i: _make_shuffle_key(facts[i]))


def _make_shuffle_key(facts: Facts) -> tuple[int, str, str, str]:
    texts = (facts.name, facts.email, facts.website)
    return (crc32("\n".join(texts).encode("utf-8", "replace")), *texts)
