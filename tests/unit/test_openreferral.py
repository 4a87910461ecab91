"""Open Referral UK services, as the standard has them and as councils really send them."""

import math
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.importing import Rejected
from directory.listings import Listing, Place, Point, Schedule
from directory.sources.openreferral import find_services, read_service

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


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"freq": "WEEKLY", "byday": "MO,WE"}, Schedule(("Monday", "Wednesday"), "weekly")),
        ({"freq": "WEEKLY", "interval": 2, "byday": "FR"}, Schedule(("Friday",), "fortnightly")),
        ({"freq": "MONTHLY", "byday": "1TU"}, Schedule(("Tuesday",), "1st of month")),
        ({"freq": "MONTHLY", "byday": "-1SU"}, Schedule(("Sunday",), "last of month")),
        # No words of ours for these: the days alone promise nothing.
        ({"freq": "MONTHLY", "byday": "1TU,3TU"}, Schedule(("Tuesday",))),
        ({"freq": "WEEKLY", "interval": 3, "byday": "TU"}, Schedule(("Tuesday",))),
        ({"opens_at": "10:00:00", "closes_at": "2:30 pm"}, Schedule((), "", TEN, time(14, 30))),
        ({"opens_at": "12:15am", "closes_at": "late"}, Schedule((), "", time(0, 15))),
        ({"opens_at": "99:00", "description": "Ring first"}, Schedule(description="Ring first")),
    ],
)
@pytest.mark.parametrize("name", ["schedules", "regular_schedules"])
def test_schedules(name, schedule, expected):
    assert read(**{name: [schedule]}).schedules == (expected,)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "it has no id"),
        ({"name": "<b></b>"}, "it has no name"),
        ({"name": "Tea " * 100}, "its name has 399 letters"),
        ({"description": "&nbsp;"}, "it has no description"),
        ({"name": {"en": "Tea"}}, "wrong kind of value"),
        ({"description": ["Tea"]}, "wrong kind of value"),
        ({"url": True}, "wrong kind of value"),
        ({"organization": "Friends"}, "wrong kind of value"),
        ({"contacts": "Jo"}, "wrong kind of value"),
        ({"cost_options": {"amount": 1}}, "wrong kind of value"),
        ({"schedules": [None]}, "wrong kind of value"),
        (at(latitude="north", longitude=1), "must be numbers of degrees"),
        (at(latitude=math.nan, longitude=1), "latitude nan is not between -90 and 90"),
        (at(latitude=10**400, longitude=1), "must be numbers of degrees"),
        (at(latitude=100, longitude=101), "latitude 100 is not between"),
        ({"minimum_age": "grown-up"}, "minimum_age must be a whole number"),
        ({"minimum_age": -1}, "minimum_age must be a whole number"),
        ({"minimum_age": 50, "maximum_age": 18}, "its lowest age, 50, is above its highest, 18"),
        ({"assured_date": "last spring"}, "is not a date like 2026-10-01"),
    ],
)
def test_a_service_that_is_not_fit_says_why(fields, reason):
    rejected = read_service(BARE | fields)
    assert isinstance(rejected, Rejected)
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
    "assured_date alert attending_type eligibilitys"
).split()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_json_can_break_the_reading(fields):
    assert isinstance(read_service(BARE | fields), Listing | Rejected)
    assert isinstance(read_service(fields), Listing | Rejected)
