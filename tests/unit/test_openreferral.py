"""Open Referral UK services, as the standard has them and as councils really send them."""

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

BARE = {"id": "s1", "name": "Tea", "description": "Tea and talk."}


def read(**fields: object) -> Listing:
    service = read_service(BARE | fields)
    assert isinstance(service, Listing), service
    return service


def at(**location: object) -> dict[str, object]:
    return {"service_at_locations": [{"location": location}]}


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ([BARE, BARE], 2),
        ({"contents": [BARE], "last_page": True}, 1),
        ({"content": [BARE], "last": True}, 1),
        ({"services": [BARE]}, 1),
        (BARE, 1),
        ([], 0),
        ({"error": "sign in"}, None),
        ([1, 2], None),
        ("services", None),
        (None, None),
    ],
)
def test_services_are_found_in_every_wrapping(content, count):
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
        (at(phones=[{"number": "0120"}]), "phone", "0120"),
        (at(contacts=[{"phones": [{"number": "0121"}]}]), "phone", "0121"),
        ({"phones": [{"number": None}, {"number": "0122"}]}, "phone", "0122"),
        (at(name="Hall", latitude=53.5, longitude="1.2", addresses=[ADDRESS]), "places", (HALL,)),
        (
            at(name="Hall", latitude=53.5, longitude=1.2, physical_addresses=[ADDRESS]),
            "places",
            (HALL,),
        ),
        (
            at(addresses=[{"address_type": "postal", "city": "Far"}, {"city": "Near"}]),
            "places",
            (Place(neighbourhood="Near"),),
        ),
        (at(name="Hall", latitude=0, longitude=0), "places", (Place("Hall"),)),
        (at(name="Hall", latitude="", longitude=None), "places", (Place("Hall"),)),
        (at(name="Zoom", location_type="virtual"), "places", ()),
        (at(name="Zoom", location_type="virtual"), "online", True),
        ({"attending_type": "Online"}, "online", True),
        ({"attending_type": "Venue"}, "online", False),
        (at(), "places", ()),
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
        # Free for some is not free.
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
def test_each_field(fields, name, value):
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
        # No form of ours for this one, and the day alone would promise every Tuesday.
        (
            {"freq": "WEEKLY", "interval": 3, "byday": "TU"},
            Schedule(description="Every 3 weeks on Tuesday"),
        ),
        (
            {"freq": "WEEKLY", "byday": "MO", "valid_from": "2026-01-05", "valid_to": "2026-03-30"},
            Schedule(("Monday",), "weekly", starts=JANUARY, ends=date(2026, 3, 30)),
        ),
        # The fortnight is counted from its beginning, and told from the first that is valid.
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
def test_schedules(name, schedule, expected):
    assert read(**{name: [schedule]}).schedules == (expected,)


def test_two_days_of_the_month_are_two_schedules():
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
        (at(latitude="north", longitude=1), "must be numbers of degrees"),
        (at(latitude=math.nan, longitude=1), "latitude nan is not between -90 and 90"),
        (at(latitude=10**400, longitude=1), "must be numbers of degrees"),
        (at(latitude=100, longitude=101), "latitude 100 is not between"),
        ({"volunteering": "yes"}, "`volunteering` is not an object"),
    ],
)
def test_a_fault_that_leaves_a_listing_of_use_is_told_only_if_the_row_is_refused(fields, fault):
    listing = read(**fields)
    assert (listing.website, listing.email) == ("", "")
    assert not any(place.point for place in listing.places)
    rejected = read_service(BARE | fields | {"description": ""})
    assert isinstance(rejected, RejectedRow)
    assert rejected.reason.startswith("it has no description")
    assert fault in rejected.reason


def test_a_service_says_all_that_is_wrong_with_it():
    rejected = read_service({"minimum_age": "old", "assured_date": "soon", "email": "no"})
    assert isinstance(rejected, RejectedRow)
    for fault in ("no id", "no name", "no description", "minimum_age", "assured_date", "email"):
        assert fault in rejected.reason


def test_the_record_is_kept_of_version_3_and_not_of_the_older_form():
    assert read(eligibility_description="Carers", x=[1.5]).record == BARE | {
        "eligibility_description": "Carers",
        "x": [1.5],
    }
    assert read(pc_metadata={}).record == {}
    assert read(pc_targetAudience=[]).record
    assert read(**at(physical_addresses=[])).record == {}


def test_who_may_come_and_how_to_join():
    service = read(eligibility_description="<p>Carers</p>", application_process="Ring first")
    assert (service.eligibility, service.how_to_join) == ("Carers", "Ring first")


def test_what_we_publish_is_read_back():
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
def test_a_long_text_is_no_address():
    found = read(email="a" * 100_000)
    assert found.email == ""
    assert read(email="a" * 65 + "@example.org").email == ""
    assert read(email="a" * 64 + "@example.org").email == "a" * 64 + "@example.org"


def test_a_field_that_is_far_too_long_is_refused_before_it_is_read():
    assert read(cost_options=[{"option": "a" * 200_000}]).cost
    for field in ("name", "description", "status", "alert"):
        rejected = read_service(BARE | {field: "a" * 200_001})
        assert isinstance(rejected, RejectedRow)
        assert "a field has 200,001 letters; keep it to 200,000" in rejected.reason


@pytest.mark.parametrize("flag", [False, 0, 0.0, None, "", " ", "false", "FALSE", "No", "n", "0"])
def test_a_plain_no_is_not_confidential(flag):
    listing = read(confidential=flag, **at(name="Hall"))
    assert (listing.confidential, len(listing.places)) == (False, 1)
    rejected = read_service({"id": "s1", "confidential": flag})
    assert isinstance(rejected, RejectedRow)
    assert not rejected.confidential


@pytest.mark.parametrize("flag", [True, 1, "true", "yes", "1", "perhaps", "a" * 200_000, [], {}])
def test_of_a_confidential_service_nothing_of_its_places_is_read(flag):
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
    assert [one.description for one in listing.schedules] == ["Ring us"]
    rejected = read_service({"id": "s1", "confidential": flag, "name": 5 * ["wrong"]})
    assert isinstance(rejected, RejectedRow)
    assert rejected.confidential


@pytest.mark.parametrize("flag", [True, "yes", 1])
def test_a_confidential_service_is_read_and_set_aside_without_its_place(flag):
    place = at(name="Secret Hall", addresses=[ADDRESS], latitude=53.5, longitude=1.2)
    listing = read(confidential=flag, **place)
    assert (listing.confidential, listing.places, listing.record) == (True, (), {})
    rejected = read_service({"id": "s1", "confidential": flag, **place})
    assert isinstance(rejected, RejectedRow)
    assert "Secret" not in str(rejected)
    assert read(confidential=False, **place).places


def test_what_its_publisher_only_proposed_is_still_a_proposal():
    term = {"name": "group", "term": "group", "taxonomy": "Community Connector kind"}
    listing = read(attributes=[{"taxonomy_term": term, "proposed": True}])
    assert (listing.kind, listing.proposed) == ("group", ("kind",))


def test_a_kind_that_is_not_told_is_left_open():
    assert (read().kind, read().proposed) == ("", ())
    assert read(volunteering={"role": True}).kind == "volunteering"


ORGANISATION = {"id": "o1", "name": "Friends", "website": "https://example.org", "uri": "x"}


@pytest.mark.parametrize(
    "content",
    [
        {"contents": [ORGANISATION | {"services": [BARE]}]},
        ORGANISATION | {"services": [BARE]},
        [BARE | {"organization": ORGANISATION}],
    ],
)
def test_services_inside_their_organisation(content):
    [service] = find_services(content) or []
    listing = read_service(service)
    assert isinstance(listing, Listing)
    assert (listing.organisation, listing.website) == ("Friends", "https://example.org")


def test_services_at_locations_are_one_service_each():
    rows = [
        {"id": f"at{n}", "service": BARE, "location": {"id": f"l{n}", "name": f"Hall {n}"}}
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
def test_lists_of_something_else_hold_no_services(content):
    assert find_services(content) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
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
def test_a_service_that_is_not_fit_says_why(fields, reason):
    rejected = read_service(BARE | fields)
    assert isinstance(rejected, RejectedRow)
    assert reason in rejected.reason


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
def test_no_json_can_break_the_reading(fields):
    for row in (read_service(BARE | fields), read_service(fields)):
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
    return [read_service(one) for one in find_services(json.loads(path.read_text())) or []]


@pytest.mark.parametrize("name", ["Default", "Warn", "Test"])
def test_the_validators_good_services_are_taken(mocks, name):
    for kind in ("service_full", "service_at_location_full"):
        [row] = read_mock(mocks / f"V3.0-UK-{name}" / f"{kind}.json")
        assert isinstance(row, Listing), row
        assert row.record["id"] == row.key
        # A latitude of 100 is not known; the address is.
        assert [(place.point, place.address) for place in row.places] == [
            (None, "1-30 Main Street")
        ]


def test_the_validators_bad_services_are_refused_for_its_reasons(mocks):
    [whole] = read_mock(mocks / "V3.0-UK-Fail" / "service_full.json")
    assert isinstance(whole, RejectedRow)
    for fault in ("no description", "url 'example/counselling'", "email 'email-example_com'"):
        assert fault in whole.reason
    listed = read_mock(mocks / "V3.0-UK-Fail" / "service_list.json")
    emails = ("'email-example_com'", "'email-example_com'", "is False", "is 12345")
    for row, email in zip(listed, emails, strict=True):
        assert isinstance(row, RejectedRow)
        assert "it has no name" in row.reason
        assert f"email {email}" in row.reason
