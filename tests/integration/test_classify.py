"""How often a proposed value agrees with the label that a person gave.

Only identifiers and labels of the feeds are stored. The words of `classification.yml` were chosen
from the dev labels, never from the test labels.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from directory.importing.classify import classify_listing
from directory.listing import Listing
from directory.sources.openreferral import read_service
from directory.text import clean_text

LABELS = Path(__file__).parents[1] / "labels" / "kinds.jsonl"
# A little below the results on the test half: 0.910, 0.926 and 0.758.
KIND_FLOOR, STRANDS_FLOOR, ASSETS_FLOOR = 0.89, 0.91, 0.74

Labelled = list[tuple[dict, Listing]]


def _read_feeds(feeds: Path) -> Iterator[tuple[str, Listing]]:
    for name in ("bristol", "north-lincolnshire"):
        for service in json.loads((feeds / f"{name}.json").read_text("utf-8")):
            listing = read_service(service)
            if isinstance(listing, Listing):
                yield f"{name}:{listing.key}", listing
    folder = feeds.parent / "volunteering"
    for activity in json.loads((folder / "teamkinetic-activity.json").read_text("utf-8")):
        listing = _make_role(activity["label"], activity["description"])
        yield f"teamkinetic:{activity['id']}", listing
    for activity in json.loads((folder / "doit-activities.json").read_text("utf-8")):
        role = activity["activityDefinitionSubDocument"]
        yield f"doit:{activity['_id']['$oid']}", _make_role(role["title"], role["description"])


def _make_role(name: str, description: str) -> Listing:
    return Listing("1", clean_text(name), "volunteering", clean_text(description))


@pytest.fixture(scope="module")
def labelled(feeds: Path) -> Labelled:
    """The test half: each label with its listing, classified."""
    listings = dict(_read_feeds(feeds))
    labels = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    return [
        (label, classify_listing(replace(listings[label["listing"]], strands=(), assets=())))
        for label in labels
        if label["half"] == "test"
    ]


def test_a_missing_kind_is_mostly_proposed_correctly(labelled: Labelled):
    pairs = [(label, listing) for label, listing in labelled if "kind" in listing.proposed]
    correct = sum(label["kind"] == listing.kind for label, listing in pairs)
    print(f"kind: {correct} of {len(pairs)}, {correct / len(pairs):.3f}")
    assert len(pairs) >= 75
    assert correct / len(pairs) >= KIND_FLOOR


@pytest.mark.parametrize(("field", "floor"), [("strands", STRANDS_FLOOR), ("assets", ASSETS_FLOOR)])
def test_strands_and_assets_are_mostly_proposed_correctly(
    labelled: Labelled, field: str, floor: float
):
    expected = [set(label[field]) for label, _ in labelled]
    proposed = [set(getattr(listing, field)) for _, listing in labelled]
    agreed = sum(len(a & b) for a, b in zip(expected, proposed, strict=True))
    micro_f1 = 2 * agreed / (sum(map(len, expected)) + sum(map(len, proposed)))
    print(f"{field}: micro-F1 {micro_f1:.3f}")
    assert micro_f1 >= floor
