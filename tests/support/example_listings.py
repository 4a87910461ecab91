"""Listings that several tests use."""

import json
from dataclasses import replace
from pathlib import Path

from bot.settings import ROOT
from directory.importing.classify import classify_listing
from directory.listing import Listing, Place, Point, Schedule
from directory.sources.detect import read_source
from directory.sources.openreferral import find_services, read_service

TEA = Listing(
    "tea",
    "Tea",
    "group",
    "Tea and talk.",
    strands=("strengthening_communities",),
    assets=("groups_and_associations",),
    places=(Place("Hall", neighbourhood="Old Town", point=Point(53, 1)),),
    schedules=(Schedule(("Monday",), "weekly"),),
)


NOTICE = "Fictional example: this place does not exist."


def read_feed(path: Path) -> list[Listing]:
    """The listings of a feed, each with its record."""
    services = find_services(json.loads(path.read_text())) or []
    read = [(record, read_service(record)) for record in services]
    return [
        replace(classify_listing(listing), record=record)
        for record, listing in read
        if isinstance(listing, Listing)
    ]


def read_town() -> list[Listing]:
    rows = read_source(str(ROOT / "examples" / "larkhaven.csv"))
    return [row for row in rows if isinstance(row, Listing)]
