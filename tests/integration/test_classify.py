"""How often a proposal is what a reader of the listing said.

Of the feeds, only identifiers and labels are kept. The words of `classification.yml` were chosen
with the dev labels in sight, and never with the test ones.
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
# A little under what was measured on the test half: 0.910, 0.926 and 0.758.
KIND_FLOOR, STRANDS_FLOOR, ASSETS_FLOOR = 0.89, 0.91, 0.74

Labelled = list[tuple[dict, Listing]]


def _read_all(feeds: Path) -> Iterator[tuple[str, Listing]]:
    for name in ("bristol", "north-lincolnshire"):
        for service in json.loads((feeds / f"{name}.json").read_text("utf-8")):
            listing = read_service(service)
            if isinstance(listing, Listing):
                yield f"{name}:{listing.key}", listing
    folder = feeds.parent / "volunteering"
    for one in json.loads((folder / "teamkinetic-activity.json").read_text("utf-8")):
        yield f"teamkinetic:{one['id']}", _make_role(one["label"], one["description"])
    for one in json.loads((folder / "doit-activities.json").read_text("utf-8")):
        role = one["activityDefinitionSubDocument"]
        yield f"doit:{one['_id']['$oid']}", _make_role(role["title"], role["description"])


def _make_role(name: str, description: str) -> Listing:
    return Listing("1", clean_text(name), "volunteering", clean_text(description))


@pytest.fixture(scope="module")
def labelled(feeds: Path) -> Labelled:
    """The test half: each label with what is proposed for its listing."""
    listings = dict(_read_all(feeds))
    labels = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    return [
        (label, classify_listing(replace(listings[label["listing"]], strands=(), assets=())))
        for label in labels
        if label["half"] == "test"
    ]


def test_the_kind_is_right_where_the_source_does_not_say(labelled: Labelled):
    asked = [(label, listing) for label, listing in labelled if "kind" in listing.proposed]
    right = sum(label["kind"] == listing.kind for label, listing in asked)
    print(f"kind: {right} of {len(asked)}, {right / len(asked):.3f}")
    assert len(asked) >= 75
    assert right / len(asked) >= KIND_FLOOR


@pytest.mark.parametrize(("field", "floor"), [("strands", STRANDS_FLOOR), ("assets", ASSETS_FLOOR)])
def test_strands_and_assets_are_mostly_right(labelled: Labelled, field: str, floor: float):
    said = [set(label[field]) for label, _ in labelled]
    proposed = [set(getattr(listing, field)) for _, listing in labelled]
    both = sum(len(a & b) for a, b in zip(said, proposed, strict=True))
    micro_f1 = 2 * both / (sum(map(len, said)) + sum(map(len, proposed)))
    print(f"{field}: micro-F1 {micro_f1:.3f}")
    assert micro_f1 >= floor
