"""Our own questions about real listings, in two files of `tests/labels`: `OWN_SETS`.

Nothing of a listing is copied into the file: evidence is a piece of the description, by its first
and last position, or the name of a field. The questions that are sealed
are about other listings: what was learnt and every setting was chosen without them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings import ROOT
from directory.answers.evaluation import JudgedMessage, Judgement
from directory.answers.statements import list_statements
from directory.listing import Listing
from directory.sources.detect import read_source

_FILES = {
    "bristol": "feeds/bristol.json",
    "north-lincolnshire": "feeds/north-lincolnshire.json",
    "doit": "volunteering/doit-activities.json",
    "teamkinetic": "volunteering/teamkinetic-activity.json",
}


def read_shared_listings(shared: Path) -> dict[str, Listing]:
    """The listings of the real feeds, by `source:key`."""
    return {
        f"{source}:{row.key}": row
        for source, name in _FILES.items()
        for row in read_source(str(shared / name))
        if isinstance(row, Listing)
    }


OWN_SETS = ("listing_questions", "listing_questions_second")


def read_own_questions(
    listings: Mapping[str, Listing], *, sealed: bool, name: str = OWN_SETS[0]
) -> list[JudgedMessage]:
    """The sealed questions of one of our sets, or the rest of it."""
    lines = (ROOT / "tests" / "labels" / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["sealed"] == sealed]
    return [_judge(row, listings[row["listing"]]) for row in rows]


def _judge(row: dict[str, Any], listing: Listing) -> JudgedMessage:
    return JudgedMessage(
        row["listing"],
        row["question"],
        tuple(
            Judgement(verdict, _read_evidence(evidence, listing), row.get("topic", ""))
            for verdict, evidence in zip(row["answers"], row["evidence"], strict=True)
        ),
    )


def _read_evidence(evidence: str | list[int], listing: Listing) -> str:
    if isinstance(evidence, list):
        start, end = evidence
        return listing.description[start:end]
    facts = (item.evidence for item in list_statements(listing) if item.field == evidence)
    return next(facts, "")
