"""How often pairs found as duplicates are the same thing, in two councils' real feeds.

Only identifiers and labels of the feeds are stored. docs/decisions/duplicates.md says how the
labels were given.
"""

import json
from pathlib import Path

import pytest

from directory.encoder import Encoder
from directory.importing.candidate_pairs import find_candidate_pairs
from directory.importing.similarity import CERTAIN, read_facts
from directory.listing import Listing
from directory.listing_text import build_encoder_text
from directory.sources.openreferral import read_service

LABELS = Path(__file__).parents[1] / "labels" / "duplicates.jsonl"

Likeness = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def labels() -> dict[tuple[str, str], bool]:
    lines = LABELS.read_text("utf-8").splitlines()
    return {(one["first"], one["second"]): one["same"] for one in map(json.loads, lines)}


@pytest.fixture(scope="module")
def found(feeds: Path, encoder: Encoder) -> Likeness:
    """Every pair that is found between and within the two feeds."""
    listings: dict[str, Listing] = {}
    for source in ("bristol", "north-lincolnshire"):
        for service in json.loads((feeds / f"{source}.json").read_text("utf-8")):
            listing = read_service(service)
            if isinstance(listing, Listing):
                listings[f"{source}:{listing.key}"] = listing
    keys = list(listings)
    facts = [read_facts(listings[key], key.partition(":")[0]) for key in keys]
    vectors = encoder.encode([build_encoder_text(listings[key]) for key in keys])
    return {
        tuple(sorted((keys[pair.first], keys[pair.second]))): pair.likeness
        for pair in find_candidate_pairs(facts, vectors)
    }


def test_linked_pairs_are_the_same_thing(found: Likeness, labels: dict[tuple[str, str], bool]):
    certain = [pair for pair, likeness in found.items() if likeness >= CERTAIN]
    unknown = [pair for pair in certain if pair not in labels]
    assert not unknown, "read these pairs and add them to tests/labels/duplicates.jsonl"
    right = sum(labels[pair] for pair in certain)
    print(f"certain: {right} of {len(certain)} are the same thing")
    assert right >= 13
    assert right / len(certain) >= 0.9


def test_few_duplicates_are_missed_and_navigators_see_few_pairs(
    found: Likeness, labels: dict[tuple[str, str], bool]
):
    same = [pair for pair, alike in labels.items() if alike]
    put_forward = sum(pair in found for pair in same)
    print(f"found: {put_forward} of {len(same)} that are the same, among {len(found)} pairs")
    assert put_forward / len(same) >= 0.9
    assert len(found) <= 60
