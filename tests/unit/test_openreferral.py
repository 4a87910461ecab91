"""Open Referral UK services, in the standard's form and in the forms that councils publish."""

import json
import math
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.listing import (
    Listing,
    Place,
    Point,
    Schedule,
    dump_listing,
    load_listing,
)
from directory.rejected import RejectedRow
from directory.sources.envelopes import find_services
from directory.sources.openreferral import read_service
from tests.support.shared_data import SHARED

SERVICE = {"id": "s1", "name": "Tea", "description": "Tea and talk."}


def read(**fields: object) -> Listing:
    service = read_service(SERVICE | fields)
    assert isinstance(service, Listing), service
    return service


def locate_at(**location: object) -> dict[str, object]:
    return {"service_at_locations": [{"location": location}]}


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ([SERVICE, SERVICE], 2),
        ({"contents": [SERVICE], "last_page": True}, 1),
        ({"content": [SERVICE], "last": True}, 1),
        ({"services": [SERVICE]}, 1),
        (SERVICE, 1),
        ([], 0),
        ({"error": "sign in"}, None),
        ([1, 2], None),
        ("services", None),
        (None, None),
    ],
)
def test_services_are_found_in_every_envelope(content, count):
    services = find_services(content)
    assert (None if services is None else len(services)) == count


HALL = Place("Hall", "1 High St", "Larkhaven", "ZY1 1AA", Point(53.5, 1.2))
ADDRESS = {"address_1": "1 High St", "city": "Larkhaven", "postal_code": "zy11aa"}


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"name": "Tea &amp; Talk"}, "name", "Tea & Talk"),
        ({"id": 17}, "key", "17"),
        ({"description": "<p>Tea</p>&lt;p&gt;Talk"}, "description", "Tea\nTalk"),
        ({"description": "Tea \ud800"}, "description", "Tea"),
        ({"organization": {"name": "Friends"}}, "organisation", "Friends"),
        ({"organization": None}, "organisation", ""),
        ({"url": "https://example.org/a"}, "website", "https://example.org/a"),
        ({"url": "www.example.org"}, "website", "https://www.example.org"),
        ({"url": "example.org:8080/x"}, "website", "https://example.org:8080/x"),
        ({"url": "//example.org"}, "website", "https://example.org"),
        ({"url": "javascript:alert(1)"}, "website", ""),
        ({"url": "JavaScript:alert(1)//example.org"}, "website", ""),
        ({"url": "data:text/html,hello"}, "website", ""),
        ({"url": "ftp://example.org"}, "website", ""),
        ({"url": "https://bank.example@evil.example"}, "website", ""),
        ({"url": "https://example.org:99999"}, "website", ""),
        ({"url": "http://["}, "website", ""),
        ({"url": "n/a"}, "website", ""),
        ({"url": "tea@example.org"}, "website", ""),
        ({"url": "see example.org"}, "website", ""),
        ({"url": "n/a", "organization": {"url": "example.org"}}, "website", "https://example.org"),
        ({"email": "a@example.org"}, "email", "a@example.org"),
        ({"contacts": [{"email": "b@example.org"}]}, "email", "b@example.org"),
        ({"phones": [{"number": "0117"}]}, "phone", "0117"),
        ({"contacts": [{"phones": [{"number": "0118"}]}]}, "phone", "0118"),
        ({"organization": {"phones": [{"number": "0119"}]}}, "phone", "0119"),
        (locate_at(phones=[{"number": "0120"}]), "phone", "0120"),
        (locate_at(contacts=[{"phones": [{"number": "0121"}]}]), "phone", "0121"),
        ({"phones": [{"number": None}, {"number": "0122"}]}, "phone", "0122"),
        (
            locate_at(name="Hall", latitude=53.5, longitude="1.2", addresses=[ADDRESS]),
            "places",
            (HALL,),
        ),
        (
            locate_at(name="Hall", latitude=53.5, longitude=1.2, physical_addresses=[ADDRESS]),
            "places",
            (HALL,),
        ),
        (
            locate_at(addresses=[{"address_type": "postal", "city": "Far"}, {"city": "Near"}]),
            "places",
            (Place(neighbourhood="Near"),),
        ),
        (locate_at(name="Hall", latitude=0, longitude=0), "places", (Place("Hall"),)),
        (locate_at(name="Hall", latitude="", longitude=None), "places", (Place("Hall"),)),
        (locate_at(name="Zoom", location_type="virtual"), "places", ()),
        (locate_at(name="Zoom", location_type="virtual"), "online", True),
        ({"attending_type": "Online"}, "online", True),
        ({"attending_type": "Venue"}, "online", False),
        (locate_at(), "places", ()),
        ({"service_at_locations": [{"location": None}]}, "places", ()),
        ({"service_areas": [{"name": "All of Bristol"}, {}]}, "covers", "All of Bristol"),
        ({"fees": "&pound;3"}, "cost", "£3"),
        ({"cost_options": [{"amount": 0}]}, "cost_amount", 0.0),
        ({"cost_options": [{"amount": "£2.50", "option": "Adults"}]}, "cost_amount", 2.5),
        ({"cost_options": [{"amount": "£2.50", "option": "Adults"}]}, "cost", "Adults £2.50"),
        ({"cost_options": [{"amount": "what you can"}]}, "cost", "what you can"),
        ({"cost_options": [{"amount": "what you can"}]}, "cost_amount", None),
        ({"cost_options": [{"amount": math.nan}]}, "cost_amount", None),
        ({"cost_options": [{"amount": -3}]}, "cost_amount", None),
        # A service that is free only for some is not free.
        ({"cost_options": [{"amount": 0}, {"amount": 5}]}, "cost_amount", 5.0),
        ({"cost_options": [{"amount": 0}, {"option": "Members"}]}, "cost_amount", None),
        ({"minimum_age": "18"}, "minimum_age", 18),
        ({"minimum_age": 18.0}, "minimum_age", 18),
        ({"maximum_age": 999}, "maximum_age", None),
        ({"maximum_age": 1e400}, "maximum_age", None),
        ({"status": "Active"}, "status", "open"),
        ({"status": "temporarily closed"}, "status", "temporarily closed"),
        ({"status": "defunct"}, "status", "closed"),
        ({"status": "inactive"}, "status", "closed"),
        ({"assured_date": "2026-10-01T09:00:00Z"}, "assured_date", date(2026, 10, 1)),
        ({"languages": [{"name": "Polish"}, {}]}, "languages", ("Polish",)),
        (
            {"pc_targetAudience": [{"audienceType": "Parents>Carers &amp; kin"}]},
            "audience",
            ("Carers & kin",),
        ),
        ({"eligibilitys": [{"eligibility": "Carers"}]}, "audience", ("Carers",)),
        ({"attributes": [{"taxonomy_term": {"name": "Tea"}}, {}]}, "topics", ("Tea",)),
        ({"service_taxonomys": [{"taxonomy_term": {"name": "Tea"}}]}, "topics", ("Tea",)),
        ({"contacts": None, "phones": None, "schedules": None}, "phone", ""),
    ],
)
def test_each_field_is_read(fields, name, value):
    assert getattr(read(**fields), name) == value


TEN = time(10)
JANUARY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"freq": "WEEKLY", "byday": "MO,WE"}, Schedule(("Monday", "Wednesday"), "weekly")),
        ({"freq": "WEEKLY", "interval": 2, "byday": "FR"}, Schedule(("Friday",), "fortnightly")),
        ({"freq": "MONTHLY", "byday": "1TU"}, Schedule(("Tuesday",), "1st of month")),
        ({"freq": "MONTHLY", "byday": "-1SU"}, Schedule(("Sunday",), "last of month")),
        # `Schedule` has no field for this rhythm; the day alone would mean every Tuesday.
        (
            {"freq": "WEEKLY", "interval": 3, "byday": "TU"},
            Schedule(description="Every 3 weeks on Tuesday"),
        ),
        (
            {"freq": "WEEKLY", "byday": "MO", "valid_from": "2026-01-05", "valid_to": "2026-03-30"},
            Schedule(("Monday",), "weekly", starts=JANUARY, ends=date(2026, 3, 30)),
        ),
        # The fortnight is counted from `dtstart`, and starts on the first valid date.
        (
            {
                "freq": "WEEKLY",
                "interval": "2",
                "byday": "MO",
                "dtstart": "2025-12-22",
                "valid_from": "2026-01-01",
            },
            Schedule(("Monday",), "fortnightly", starts=JANUARY),
        ),
        (
            {"freq": "MONTHLY", "bymonthday": "15", "dtstart": "2026-01-05"},
            Schedule(repeats="monthly", starts=date(2026, 1, 15)),
        ),
        (
            {"freq": "MONTHLY", "bymonthday": "15"},
            Schedule(description="Every month on the 15th"),
        ),
        (
            {"dtstart": "2026-01-05", "valid_to": "2026-01-05", "opens_at": "10:00"},
            Schedule((), "once", TEN, None, "", JANUARY, JANUARY),
        ),
        (
            {"dtstart": "2026-01-05", "valid_from": "2026-01-05", "count": 1, "byday": "MO"},
            Schedule(("Monday",), "once", starts=JANUARY),
        ),
        ({"freq": "WEEKLY", "byday": "MO", "until": "soon"}, Schedule(("Monday",), "weekly")),
        ({"opens_at": "10:00:00", "closes_at": "2:30 pm"}, Schedule((), "", TEN, time(14, 30))),
        ({"opens_at": "12:15am", "closes_at": "late"}, Schedule((), "", time(0, 15))),
        ({"opens_at": "99:00", "description": "Ring first"}, Schedule(description="Ring first")),
    ],
)
@pytest.mark.parametrize("name", ["schedules", "regular_schedules"])
def test_each_recurrence_becomes_a_schedule(name, schedule, expected):
    assert read(**{name: [schedule]}).schedules == (expected,)


def test_two_days_of_the_month_become_two_schedules():
    schedules = read(schedules=[{"freq": "MONTHLY", "byday": "3TU,1TU,-1FR"}]).schedules
    assert schedules == (
        Schedule(("Tuesday",), "1st of month"),
        Schedule(("Tuesday",), "3rd of month"),
        Schedule(("Friday",), "last of month"),
    )


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"url": "see our page"}, "url 'see our page' is not a web address"),
        ({"url": True}, "a field holds the wrong kind of value"),
        ({"email": "jo at example.org"}, "email 'jo at example.org' is not an e-mail address"),
        ({"email": False}, "email is False"),
        (locate_at(latitude="north", longitude=1), "must be numbers of degrees"),
        (locate_at(latitude=math.nan, longitude=1), "latitude nan is not between -90 and 90"),
        (locate_at(latitude=10**400, longitude=1), "must be numbers of degrees"),
        (locate_at(latitude=100, longitude=101), "latitude 100 is not between"),
        ({"volunteering": "yes"}, "`volunteering` is not an object"),
    ],
)
def test_a_minor_fault_alone_does_not_reject_a_service(fields, fault):
    listing = read(**fields)
    assert (listing.website, listing.email) == ("", "")
    assert not any(place.point for place in listing.places)
    rejected = read_service(SERVICE | fields | {"description": ""})
    assert isinstance(rejected, RejectedRow)
    assert rejected.reason.startswith("it has no description")
    assert fault in rejected.reason


def test_a_rejected_service_reports_all_of_its_faults():
    rejected = read_service({"minimum_age": "old", "assured_date": "soon", "email": "no"})
    assert isinstance(rejected, RejectedRow)
    for fault in ("no id", "no name", "no description", "minimum_age", "assured_date", "email"):
        assert fault in rejected.reason


def test_only_version_3_services_keep_their_record():
    assert read(eligibility_description="Carers", x=[1.5]).record == SERVICE | {
        "eligibility_description": "Carers",
        "x": [1.5],
    }
    assert read(pc_metadata={}).record == {}
    assert read(pc_targetAudience=[]).record
    assert read(**locate_at(physical_addresses=[])).record == {}


def test_eligibility_and_application_process_are_read():
    service = read(eligibility_description="<p>Carers</p>", application_process="Ring first")
    assert (service.eligibility, service.how_to_join) == ("Carers", "Ring first")


def test_our_published_extension_is_read_back():
    terms = [
        ("Community Connector kind", "volunteering"),
        ("Community Connector strand", "volunteer_and_peer_roles"),
        ("Community Connector strand", "no such strand"),
        ("Community Connector asset", "skills_and_knowledge"),
        ("Our own topics", "Gardening"),
    ]
    attributes = [
        {"taxonomy_term": {"name": term, "term": term, "taxonomy": taxonomy}}
        for taxonomy, term in terms
    ]
    role = {"role": True, "skills_wanted": ["digging"], "commitment": "an hour", "remote": True}
    listing = read(attributes=attributes, volunteering=role)
    assert (listing.kind, listing.proposed) == ("volunteering", ())
    assert listing.strands == ("volunteer_and_peer_roles",)
    assert listing.assets == ("skills_and_knowledge",)
    assert listing.topics == ("Gardening",)
    assert (listing.skills_wanted, listing.commitment, listing.online) == (
        ("digging",),
        "an hour",
        True,
    )
    assert listing.record["volunteering"] == role


@pytest.mark.timeout(20)
def test_an_overlong_email_is_ignored():
    assert read(email="a" * 100_000).email == ""
    assert read(email="a" * 65 + "@example.org").email == ""
    assert read(email="a" * 64 + "@example.org").email == "a" * 64 + "@example.org"


def test_a_service_with_an_oversized_field_is_rejected():
    assert read(cost_options=[{"option": "a" * 200_000}]).cost
    for field in ("name", "description", "status", "alert"):
        rejected = read_service(SERVICE | {field: "a" * 200_001})
        assert isinstance(rejected, RejectedRow)
        assert "a field has 200,001 letters; keep it to 200,000" in rejected.reason


@pytest.mark.parametrize("flag", [False, 0, 0.0, None, "", " ", "false", "FALSE", "No", "n", "0"])
def test_any_form_of_no_means_not_confidential(flag):
    listing = read(confidential=flag, **locate_at(name="Hall"))
    assert (listing.confidential, len(listing.places)) == (False, 1)
    rejected = read_service({"id": "s1", "confidential": flag})
    assert isinstance(rejected, RejectedRow)
    assert not rejected.confidential


@pytest.mark.parametrize("flag", [True, 1, "true", "yes", "1", "perhaps", "a" * 200_000, [], {}])
def test_a_confidential_service_is_read_without_its_places(flag):
    phone = {"phones": [{"number": "01632 960000"}], "contacts": [{"email": "hall@example.org"}]}
    schedule = {"schedules": [{"freq": "WEEKLY", "byday": "TU"}]}
    ramp = {"accessibility": [{"description": "ramp in Secret Street"}], "location_type": "virtual"}
    listing = read(
        confidential=flag,
        service_at_locations=[
            {"location": {"name": "Secret Hall", **phone, **schedule, **ramp}, **phone, **schedule}
        ],
        service_areas=[{"name": "Secret Quarter"}],
        contacts=[{"name": "Jo", "email": "jo@example.org"}],
        schedules=[{"description": "Ring us"}],
    )
    assert listing.confidential
    assert (listing.places, listing.covers, listing.accessibility) == ((), "", ())
    assert (listing.phone, listing.email, listing.online) == ("", "jo@example.org", False)
    assert [schedule.description for schedule in listing.schedules] == ["Ring us"]
    rejected = read_service({"id": "s1", "confidential": flag, "name": 5 * ["wrong"]})
    assert isinstance(rejected, RejectedRow)
    assert rejected.confidential


@pytest.mark.parametrize("flag", [True, "yes", 1])
def test_no_place_of_a_confidential_service_is_stored(flag):
    place = locate_at(name="Secret Hall", addresses=[ADDRESS], latitude=53.5, longitude=1.2)
    listing = read(confidential=flag, **place)
    assert (listing.confidential, listing.places, listing.record) == (True, (), {})
    rejected = read_service({"id": "s1", "confidential": flag, **place})
    assert isinstance(rejected, RejectedRow)
    assert "Secret" not in str(rejected)
    assert read(confidential=False, **place).places


def test_a_proposal_of_the_publisher_stays_a_proposal():
    term = {"name": "group", "term": "group", "taxonomy": "Community Connector kind"}
    listing = read(attributes=[{"taxonomy_term": term, "proposed": True}])
    assert (listing.kind, listing.proposed) == ("group", ("kind",))


def test_an_unknown_kind_stays_empty():
    assert (read().kind, read().proposed) == ("", ())
    assert read(volunteering={"role": True}).kind == "volunteering"


ORGANISATION = {"id": "o1", "name": "Friends", "website": "https://example.org", "uri": "x"}


@pytest.mark.parametrize(
    "content",
    [
        {"contents": [ORGANISATION | {"services": [SERVICE]}]},
        ORGANISATION | {"services": [SERVICE]},
        [SERVICE | {"organization": ORGANISATION}],
    ],
)
def test_services_inside_their_organisation_are_found(content):
    [service] = find_services(content) or []
    listing = read_service(service)
    assert isinstance(listing, Listing)
    assert (listing.organisation, listing.website) == ("Friends", "https://example.org")


def test_a_service_repeated_for_each_location_is_one_listing():
    rows = [
        {"id": f"at{n}", "service": SERVICE, "location": {"id": f"l{n}", "name": f"Hall {n}"}}
        for n in range(2)
    ]
    [service] = find_services({"contents": rows}) or []
    listing = read_service(service)
    assert isinstance(listing, Listing)
    assert listing.places == (Place("Hall 0"), Place("Hall 1"))


@pytest.mark.parametrize(
    "content",
    [[ORGANISATION], {"contents": [ORGANISATION]}, [{"id": "1", "name": "Tea", "term": "tea"}]],
)
def test_lists_of_other_objects_hold_no_services(content):
    assert find_services(content) is None


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"id": None}, "it has no id"),
        ({"name": "<b></b>"}, "it has no name"),
        ({"name": "Tea " * 100}, "its name has 399 letters"),
        ({"description": "&nbsp;"}, "it has no description"),
        ({"name": {"en": "Tea"}}, "wrong kind of value"),
        ({"description": ["Tea"]}, "wrong kind of value"),
        ({"organization": "Friends"}, "wrong kind of value"),
        ({"contacts": "Jo"}, "wrong kind of value"),
        ({"cost_options": {"amount": 1}}, "wrong kind of value"),
        ({"schedules": [None]}, "wrong kind of value"),
        ({"minimum_age": "grown-up"}, "minimum_age must be a whole number"),
        ({"minimum_age": -1}, "minimum_age must be a whole number"),
        ({"minimum_age": 50, "maximum_age": 18}, "its lowest age, 50, is above its highest, 18"),
        ({"assured_date": "last spring"}, "is not a date like 2026-10-01"),
    ],
)
def test_a_rejected_service_says_why(fields, fault):
    rejected = read_service(SERVICE | fields)
    assert isinstance(rejected, RejectedRow)
    assert fault in rejected.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                "name location addresses number amount byday opens_at latitude".split()
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FIELDS = (
    "id name description organization url email phones contacts service_at_locations schedules "
    "cost_options fees minimum_age status attributes languages pc_targetAudience service_areas "
    "assured_date alert attending_type eligibilitys volunteering x"
).split()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_json_crashes_the_reader(fields):
    for row in (read_service(SERVICE | fields), read_service(fields)):
        assert isinstance(row, Listing | RejectedRow)
        if isinstance(row, Listing):
            assert load_listing(dump_listing(row)) == row


MOCKS = SHARED / "standards" / "oruk-validator-mocks"


@pytest.fixture
def mocks() -> Path:
    if not MOCKS.is_dir():
        pytest.skip(f"the validator's feeds are not at {MOCKS}; set CONNECTOR_SHARED_DATA")
    return MOCKS


def read_mock(path: Path) -> list[Listing | RejectedRow]:
    return [read_service(service) for service in find_services(json.loads(path.read_text())) or []]


@pytest.mark.parametrize("name", ["Default", "Warn", "Test"])
def test_valid_services_of_the_validator_are_accepted(mocks, name):
    for kind in ("service_full", "service_at_location_full"):
        [row] = read_mock(mocks / f"V3.0-UK-{name}" / f"{kind}.json")
        assert isinstance(row, Listing), row
        assert row.record["id"] == row.key
        # The latitude of 100 is invalid; the address is read.
        assert [(place.point, place.address) for place in row.places] == [
            (None, "1-30 Main Street")
        ]


def test_invalid_services_of_the_validator_are_rejected_for_the_same_reasons(mocks):
    [service] = read_mock(mocks / "V3.0-UK-Fail" / "service_full.json")
    assert isinstance(service, RejectedRow)
    for fault in ("no description", "url 'example/counselling'", "email 'email-example_com'"):
        assert fault in service.reason
    services = read_mock(mocks / "V3.0-UK-Fail" / "service_list.json")
    emails = ("'email-example_com'", "'email-example_com'", "is False", "is 12345")
    for row, email in zip(services, emails, strict=True):
        assert isinstance(row, RejectedRow)
        assert "it has no name" in row.reason
        assert f"email {email}" in row.reason
