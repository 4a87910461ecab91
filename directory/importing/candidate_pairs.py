"""Which listings are the same thing, listed twice.

Owns how the pairs are found without comparing every listing with every other: those that
share a contact, a place or a name, and those near in meaning. What counts is in
`similarity`. Must never change a listing, nor need the directory's own database.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from directory.importing.similarity import LIKELY, SURE, Facts, compare

# A key shared by more listings than this (a council's switchboard) says little by itself, and is
# looked at only together with a word of the name.
_CROWD = 40
# Each listing is compared with so many of those nearest in meaning in each neighbourhood...
_NEAREST = 12
# ...if their cosine is at least this.
_NEAR = 0.6
# A neighbourhood is made around one listing in so many; each listing is in the three nearest.
_PER_LEADER = 256
_OVERLAP = 3
_CHUNK = 1024

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """Two listings by their positions, `first` below `second`; `likeness` is from 0 to 1."""

    first: int
    second: int
    likeness: float
    reason: str


def find_candidate_pairs(
    facts: Sequence[Facts],
    vectors: NDArray[np.floating],
    changed: set[int] | None = None,
    least: float = LIKELY,
) -> list[Pair]:
    """Pairs with a likeness of `least` or more, the likest first.

    `vectors` holds a unit vector for each listing, shape (len(facts), dimensions), in any
    precision. With `changed`, positions of new or changed listings, only pairs with one of
    them: the same ones that comparing all would give.
    """
    if changed is not None and not changed:
        return []
    codes = _find_candidates(facts, vectors, changed)
    pairs: list[Pair] = []
    for start in range(0, len(codes), _CHUNK):
        first, second = np.divmod(codes[start : start + _CHUNK], len(facts))
        cosines = np.einsum(
            "ij,ij->i", vectors[first].astype(np.float32), vectors[second].astype(np.float32)
        )
        for i, j, cosine in zip(first.tolist(), second.tolist(), cosines.tolist(), strict=True):
            likeness, reason = compare(facts[i], facts[j], cosine)
            if likeness >= least:
                pairs.append(Pair(i, j, likeness, reason))
    return sorted(pairs, key=lambda pair: (-pair.likeness, pair.first, pair.second))


def link_certain_pairs(pairs: Iterable[Pair]) -> dict[int, int]:
    """For each listing that is not to be shown, the one that is shown for it: the first.

    What is surely the same as the same third listing is linked too.
    """
    shown: dict[int, int] = {}

    def find(one: int) -> int:
        while one in shown:
            one = shown[one]
        return one

    for pair in pairs:
        low, high = sorted((find(pair.first), find(pair.second)))
        if pair.likeness >= SURE and low != high:
            shown[high] = low
    return {one: find(one) for one in shown}


def _find_candidates(
    facts: Sequence[Facts], vectors: NDArray[np.floating], changed: set[int] | None
) -> Codes:
    """Pairs worth comparing, each once as first * len(facts) + second."""
    n = len(facts)
    parts = [np.fromiter(_pairs_by_keys(facts, changed), dtype=np.int64)]
    parts += _pairs_by_meaning(facts, vectors, changed)
    codes: Codes = np.unique(np.concatenate(parts))
    if changed is not None and len(codes):
        new = np.zeros(n, dtype=bool)
        new[list(changed)] = True
        codes = codes[new[codes // n] | new[codes % n]]
    return codes


def _pairs_by_keys(facts: Sequence[Facts], changed: set[int] | None) -> Iterator[int]:
    n = len(facts)
    blocks: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(facts):
        for key in _find_keys(one):
            blocks[key].append(i)
    for members in blocks.values():
        for block in [members] if len(members) <= _CROWD else _split(facts, members):
            if changed is None or not changed.isdisjoint(block):
                yield from (i * n + j for i, j in combinations(block, 2))


def _find_keys(one: Facts) -> Iterator[str]:
    if one.name:
        yield "n " + " ".join(sorted(set(one.name.split())))
    if one.website:
        yield f"w {one.website}"
    if one.email:
        yield f"e {one.email}"
    yield from (f"t {phone}" for phone in one.phones)
    yield from (f"p {postcode}" for postcode in one.postcodes)


def _split(facts: Sequence[Facts], members: list[int]) -> list[list[int]]:
    by_word: dict[str, list[int]] = defaultdict(list)
    for i in members:
        for word in set(facts[i].name.split()):
            by_word[word].append(i)
    return [block for block in by_word.values() if 1 < len(block) <= _CROWD]


def _pairs_by_meaning(
    facts: Sequence[Facts], vectors: NDArray[np.floating], changed: set[int] | None
) -> Iterator[Codes]:
    n = len(facts)
    for members in _find_neighbourhoods(facts, vectors):
        if changed is not None and changed.isdisjoint(members.tolist()):
            continue
        near = vectors[members].astype(np.float32)
        for start in range(0, len(members), _CHUNK):
            cosines = near[start : start + _CHUNK] @ near.T
            rows = np.arange(len(cosines))
            cosines[rows, rows + start] = -1.0
            keep = cosines >= _NEAR
            if len(members) > _NEAREST:
                # The cosine of the last that is kept: what ties with it is kept as well.
                last = np.partition(cosines, -_NEAREST, axis=1)[:, -_NEAREST]
                keep &= cosines >= last[:, None]
            row, column = np.nonzero(keep)
            first, second = members[row + start], members[column]
            yield np.minimum(first, second) * n + np.maximum(first, second)


def _find_neighbourhoods(
    facts: Sequence[Facts], vectors: NDArray[np.floating]
) -> Iterator[NDArray[np.int64]]:
    """Positions of listings of like meaning, overlapping, so that few near pairs are parted."""
    n = len(facts)
    count = n // _PER_LEADER
    if count <= _OVERLAP:
        yield np.arange(n, dtype=np.int64)
        return
    # Drawn by content, not by position: the order of the listings must not matter.
    order = sorted(range(n), key=lambda i: _draw(facts[i]))
    leaders = vectors[order[:count]].astype(np.float32)
    nearest = np.empty((n, _OVERLAP), dtype=np.int32)
    for start in range(0, n, _CHUNK):
        cosines = vectors[start : start + _CHUNK].astype(np.float32) @ leaders.T
        nearest[start : start + _CHUNK] = np.argpartition(-cosines, _OVERLAP, axis=1)[:, :_OVERLAP]
    flat = nearest.ravel()
    by_leader = np.argsort(flat, kind="stable")
    ends = np.cumsum(np.bincount(flat, minlength=count))
    for members in np.split(by_leader // _OVERLAP, ends[:-1]):
        if len(members) > 1:
            yield members.astype(np.int64)


def _draw(one: Facts) -> tuple[int, str, str, str]:
    said = (one.name, one.email, one.website)
    return (crc32("\n".join(said).encode("utf-8", "replace")), *said)
