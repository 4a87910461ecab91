"""TeamKinetic's and Do-it's volunteering: every field, and the real data sets if present."""

import json
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.listing import Listing, Place, Point, Schedule, dump_listing, load_listing
from directory.rejected import RejectedRow
from directory.sources import doit, teamkinetic
from directory.sources.detect import read_source
from directory.sources.volunteering import find_minimum_age
from tests.support.shared_data import SHARED

ACTIVITY: dict[str, Any] = {"id": 1, "type": "Activity", "label": "Digger", "description": "Dig."}
DEFINITION: dict[str, Any] = {"title": "Digger", "description": "Dig."}
SUB = "activityDefinitionSubDocument"


def make_concepts(*labels: str) -> list[dict[str, str]]:
    return [{"id": label, "label": label} for label in labels]


def make_session(*time_spans: tuple[str, str], **location: object) -> dict[str, object]:
    return {
        "location": [location] if location else [],
        "time": [{"begining": begins, "end": ends} for begins, ends in time_spans],
    }


def read_activity(**fields: object) -> Listing:
    [row] = teamkinetic.read_rows([ACTIVITY | fields])
    assert isinstance(row, Listing), row
    return row


def read_doit(definition: dict[str, object] | None = None, **fields: object) -> Listing:
    activity = {"_id": {"$oid": "a1"}, SUB: DEFINITION | (definition or {})} | fields
    [row] = doit.read_rows([activity])
    assert isinstance(row, Listing), row
    return row


HALL = {"address": "1 High St, ZY1 1AA", "latitude": 53.5, "longitude": 1.2}


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({}, "key", "1"),
        ({}, "kind", "volunteering"),
        ({"label": "Dig\r\nand sow\r"}, "name", "Dig and sow"),
        ({"description": "<p>Dig</p>&amp; sow"}, "description", "Dig\n& sow"),
        ({"organisation": "B841C84E-8558"}, "organisation", ""),
        ({"organisation": {"label": "Friends"}}, "organisation", "Friends"),
        ({"applyLink": "https://example.org/a"}, "website", "https://example.org/a"),
        ({"session": [{"applylink": "example.org"}]}, "website", "https://example.org"),
        ({"email": "a@example.org"}, "email", "a@example.org"),
        ({"email": "ask Jo"}, "email", ""),
        ({"phone": "01632 960001"}, "phone", "01632 960001"),
        # Only a dialling code was typed.
        ({"phone": "0191"}, "phone", ""),
        ({"allowsRemoteParticipation": True}, "online", True),
        ({"session": [make_session(locationType="Remote", **HALL)]}, "online", True),
        ({"session": [make_session(locationType="Remote", **HALL)]}, "places", ()),
        ({"session": [make_session(locationType="In Person", **HALL)]}, "online", False),
        (
            {"session": [make_session(**HALL), make_session(**HALL)]},
            "places",
            (Place("", "1 High St, ZY1 1AA", "", "ZY1 1AA", Point(53.5, 1.2)),),
        ),
        ({"session": [make_session(address=" ", latitude=400, longitude=1)]}, "places", ()),
        ({"skill": make_concepts("Digging")}, "skills_wanted", ("Digging",)),
        ({"cause": make_concepts("Nature", "Nature")}, "topics", ("Nature",)),
        ({"demography": make_concepts("Carers")}, "audience", ("Carers",)),
        ({"accessibility": make_concepts("Step-free")}, "accessibility", ("Step-free",)),
        ({"language": make_concepts("Welsh")}, "languages", ("Welsh",)),
        ({"requirement": make_concepts("+18", "DBS check")}, "minimum_age", 18),
        ({"requirement": make_concepts("+18", "DBS check")}, "eligibility", "DBS check"),
        ({"requiresEmergencyParticipation": True}, "commitment", "On call for emergencies"),
    ],
)
def test_each_field_of_teamkinetic_is_read(fields, name, value):
    assert getattr(read_activity(**fields), name) == value


def test_an_organisation_in_the_same_graph_is_named():
    organisation = {"id": "X1", "type": "Organisation", "label": "Friends"}
    graph = {"@graph": [ACTIVITY | {"organisation": "x1"}, organisation]}
    assert teamkinetic.can_read(graph)
    [row] = teamkinetic.read_rows(graph)
    assert isinstance(row, Listing)
    assert row.organisation == "Friends"


def ten_to_twelve(*days: str) -> list[tuple[str, str]]:
    return [(f"{day}T10:00:00", f"{day}T12:00:00") for day in days]


TEN, TWELVE = time(10), time(12)


@pytest.mark.parametrize(
    ("time_spans", "expected"),
    [
        (
            ten_to_twelve("2026-01-19", "2026-01-05", "2026-01-12"),
            (
                Schedule(
                    ("Monday",), "weekly", TEN, TWELVE, "", date(2026, 1, 5), date(2026, 1, 19)
                ),
            ),
        ),
        (
            ten_to_twelve("2026-01-05", "2026-01-19"),
            (
                Schedule(
                    ("Monday",), "fortnightly", TEN, TWELVE, "", date(2026, 1, 5), date(2026, 1, 19)
                ),
            ),
        ),
        (
            ten_to_twelve("2026-01-05", "2026-01-07"),
            tuple(
                Schedule((), "once", TEN, TWELVE, "", day, day)
                for day in (date(2026, 1, 5), date(2026, 1, 7))
            ),
        ),
        # Not weekly, and too many days to list.
        (
            ten_to_twelve(*(f"2026-{month:02}-05" for month in range(1, 13))),
            (
                Schedule(
                    description="On 12 different days; ask which",
                    starts=date(2026, 1, 5),
                    ends=date(2026, 12, 5),
                ),
            ),
        ),
        # The span in which the role is done, not a time of day.
        (
            [("2026-01-05T09:00:00", "2026-03-05T00:00:00")],
            (Schedule(starts=date(2026, 1, 5), ends=date(2026, 3, 5)),),
        ),
        (
            [("2026-01-05T22:00:00", "2026-01-06T02:00:00")],
            (Schedule((), "once", time(22), time(2), "", date(2026, 1, 5), date(2026, 1, 5)),),
        ),
        ([("", "")], ()),
        ([("soon", "later")], ()),
    ],
)
def test_sessions_become_schedules(time_spans, expected):
    assert (
        read_activity(session=[make_session(time_span) for time_span in time_spans]).schedules
        == expected
    )


@pytest.mark.parametrize(
    ("requirements", "age"),
    [
        (["+18"], 18),
        (["16+", "+18"], 18),
        (["Over 16"], 16),
        (["2 references"], None),
        (["Aged 18 to 25"], 18),
        ([], None),
    ],
)
def test_the_minimum_age_is_found_among_requirements(requirements, age):
    assert find_minimum_age(requirements) == age


POINT = {"coordinates": [1.2, 53.5]}


@pytest.mark.parametrize(
    ("definition", "fields", "name", "value"),
    [
        ({}, {}, "key", "a1"),
        ({"organizationSubDocument": {"name": "Friends"}}, {}, "organisation", "Friends"),
        ({}, {"externalApplyLink": "https://example.org/a"}, "website", "https://example.org/a"),
        (
            {"organizationSubDocument": {"websiteLink": "example.org"}},
            {"meetingLink": ""},
            "website",
            "https://example.org",
        ),
        ({"causeOptions": [{"displayName": "Nature"}]}, {}, "topics", ("Nature",)),
        ({"requirementOptions": [{"displayName": "+14"}]}, {}, "minimum_age", 14),
        (
            {"requirementOptions": [{"displayName": "None"}, {"displayName": "Own Transport"}]},
            {},
            "eligibility",
            "Own Transport",
        ),
        (
            {"volunteerRequirements": ["Listening ", "", "We want you to learn a lot here."]},
            {},
            "skills_wanted",
            ("Listening",),
        ),
        (
            {"volunteerRequirements": ["Listening ", "", "We want you to learn a lot here."]},
            {},
            "eligibility",
            "We want you to learn a lot here.",
        ),
        ({"durationInHours": "0.25"}, {}, "commitment", "15 minutes"),
        (
            {"durationInHours": "3", "type": "OngoingOpportunity"},
            {},
            "commitment",
            "3 hours, ongoing",
        ),
        ({"durationInHours": "as long as you like"}, {}, "commitment", "as long as you like"),
        (
            {},
            {"address": {"street": "High St, Town ZY1 1AA, UK", "location": POINT}},
            "places",
            (Place("", "High St, Town", "", "ZY1 1AA", Point(53.5, 1.2)),),
        ),
        # The point is the middle of England, not an address.
        (
            {"locationOption": "From Home"},
            {"address": {"street": "From Home", "location": POINT}},
            "places",
            (),
        ),
        ({"locationOption": "From Home"}, {}, "online", True),
        (
            {"locationOption": "Single Location"},
            {"isOnline": True, "address": {"street": "High St", "location": POINT}},
            "online",
            False,
        ),
        (
            {"locationOption": "From Home"},
            {
                "regions": [
                    {"type": "Nation", "displayName": "Wales"},
                    {"type": "Region", "displayName": "West Wales"},
                ]
            },
            "covers",
            "Wales",
        ),
        ({}, {"deleted": True}, "status", "closed"),
        ({}, {"deleted": False}, "status", "open"),
        (
            {},
            {"startDate": {"$date": "2026-05-07T07:00:00Z"}, "endDate": None},
            "schedules",
            (Schedule(starts=date(2026, 5, 7)),),
        ),
    ],
)
def test_each_field_of_do_it_is_read(definition, fields, name, value):
    assert getattr(read_doit(definition, **fields), name) == value


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (teamkinetic.read_rows([ACTIVITY | {"label": ""}]), "it has no label"),
        (teamkinetic.read_rows([ACTIVITY | {"description": "N/A"}]), "it has no description"),
        (teamkinetic.read_rows([{"type": "Activity"}]), "no id; add one that never changes; "),
        (teamkinetic.read_rows([ACTIVITY | {"session": 3}]), "wrong kind of value"),
        (teamkinetic.read_rows([7]), "it is not an activity"),
        (doit.read_rows([{SUB: {"title": "Dig"}}]), "it has no _id"),
        (doit.read_rows([{"_id": "1", SUB: DEFINITION | {"title": " "}}]), "it has no title"),
        (doit.read_rows([{"_id": "1", SUB: "Dig"}]), "wrong kind of value"),
    ],
)
def test_a_rejected_activity_says_why(rows, fault):
    [rejected] = rows
    assert isinstance(rejected, RejectedRow)
    assert fault in rejected.reason


@pytest.mark.parametrize("organisation_id", [None, False, [1], 1e400, "", "x" * 200_001])
def test_an_organisation_without_a_usable_id_names_nothing(organisation_id):
    organisation = {"type": "Organisation", "id": organisation_id, "label": "Friends"}
    [row] = teamkinetic.read_rows([ACTIVITY | {"organisation": "o1"}, organisation])
    assert isinstance(row, Listing)
    assert row.organisation == ""


def test_secrets_of_an_organisation_are_not_stored_with_a_rejected_row():
    organisation = {"name": "Friends", "apiKey": "s3cret", "webhookEndpoint": "https://s3cret"}
    [row] = doit.read_rows([{"_id": "1", SUB: {"organizationSubDocument": organisation}}])
    assert isinstance(row, RejectedRow)
    assert "s3cret" not in str(row)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from("label location time address $oid $date begining street".split()),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FIELDS = "id _id label description session organisation email skill address regions startDate"


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS.split()), JSON), JSON)
def test_no_json_crashes_the_reader(fields, definition):
    definitions = [fields | {SUB: definition}, fields | {"_id": "1", SUB: DEFINITION}]
    for row in (*teamkinetic.read_rows([ACTIVITY | fields]), *doit.read_rows(definitions)):
        assert isinstance(row, Listing | RejectedRow)
        if isinstance(row, Listing):
            assert load_listing(dump_listing(row)) == row


@pytest.mark.parametrize(
    ("name", "accepted", "rejected"),
    [("teamkinetic-activity", 248, 2), ("doit-activities", 100, 0)],
)
def test_real_data_sets_are_recognised_and_read(name, accepted, rejected, tmp_path):
    path = SHARED / "volunteering" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the volunteering sets are not at {path}; set CONNECTOR_SHARED_DATA")
    # The name of the file does not matter.
    copy = tmp_path / "x.csv"
    copy.write_bytes(Path(path).read_bytes())
    rows = read_source(str(copy))
    listings = [row for row in rows if isinstance(row, Listing)]
    assert (len(listings), len(rows) - len(listings)) == (accepted, rejected)
    assert {listing.kind for listing in listings} == {"volunteering"}
    assert len({listing.key for listing in listings}) == accepted
    assert all(listing.places or listing.online or listing.website for listing in listings)
    assert len(json.dumps([row.reason for row in rows if isinstance(row, RejectedRow)])) < 500
