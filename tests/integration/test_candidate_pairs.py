"""How many candidate pairs of two councils' real feeds are true duplicates.

Only identifiers and labels of the feeds are stored. docs/decisions/duplicates.md explains
how they were labelled.
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

Likenesses = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def labels() -> dict[tuple[str, str], bool]:
    lines = LABELS.read_text("utf-8").splitlines()
    return {(label["first"], label["second"]): label["same"] for label in map(json.loads, lines)}


@pytest.fixture(scope="module")
def likenesses(feeds: Path, encoder: Encoder) -> Likenesses:
    """The candidate pairs between and within the two feeds, with their likeness."""
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


def test_linked_pairs_are_duplicates(likenesses: Likenesses, labels: dict[tuple[str, str], bool]):
    certain = [pair for pair, likeness in likenesses.items() if likeness >= CERTAIN]
    unlabelled = [pair for pair in certain if pair not in labels]
    assert not unlabelled, "read these pairs and add them to tests/labels/duplicates.jsonl"
    correct = sum(labels[pair] for pair in certain)
    print(f"certain: {correct} of {len(certain)} are the same thing")
    assert correct >= 13
    assert correct / len(certain) >= 0.9


def test_few_duplicates_are_missed_and_few_pairs_need_a_navigator(
    likenesses: Likenesses, labels: dict[tuple[str, str], bool]
):
    duplicates = [pair for pair, is_same in labels.items() if is_same]
    found_count = sum(pair in likenesses for pair in duplicates)
    print(f"found {found_count} of {len(duplicates)} duplicates, among {len(likenesses)} pairs")
    assert found_count / len(duplicates) >= 0.9
    assert len(likenesses) <= 60
