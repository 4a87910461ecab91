"""The API's manners: parameters, pages, headers, and what is wrong told in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from directory.hsds.ids import taxonomy_id, term_id
from directory.hsds.vocabulary import KIND, STRAND
from directory.listing import Listing, Place, Point, Schedule
from tests.support.open_referral import connect, fill

API = "/openreferral/v3"
PLAIN = Listing("plain", "Plain", "service", "Nothing more is known.")
CHOIR = Listing(
    "choir",
    "Café Choir",
    "group",
    "We sing.",
    organisation="Singers",
    strands=("strengthening_communities",),
    topics=("singing",),
    places=(Place("Hall", "1 High Street", "Harbour", "ZY1 4NS", Point(53.9, 1.3)),),
    schedules=(Schedule(("Tuesday",), "weekly", time(10), time(12)),),
    minimum_age=18,
    maximum_age=60,
)
FAR = replace(
    CHOIR,
    key="far",
    name="Far Choir",
    organisation="Others",
    places=(Place("Barn", "", "Hills", "ZY9 1AA", Point(54.9, 1.3)),),
    schedules=(Schedule(("Friday",), "weekly", time(18), time(20)),),
    minimum_age=5,
    maximum_age=None,
)


@pytest.fixture
def client(sqlite_engine):
    fill(sqlite_engine, "town", [PLAIN, CHOIR, FAR], modified=datetime(2026, 5, 1, 12))
    return connect(sqlite_engine)


def names(client, asked: str, path: str = "services") -> list[str]:
    answer = client.get(f"{API}/{path}?{asked}")
    assert answer.status_code == 200, answer.text
    return [one.get("name") or one["service"]["name"] for one in answer.json()["contents"]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["Plain", "Café Choir", "Far Choir"]),
        ("search=choir", ["Café Choir", "Far Choir"]),
        ("search=CAFE+sing", ["Café Choir"]),
        ("search=%25", []),
        ("search=trombone", []),
        ("minimum_age=18", ["Café Choir"]),
        ("minimum_age=4", ["Café Choir", "Far Choir"]),
        ("maximum_age=60", ["Café Choir"]),
        ("maximum_age=59.5", []),
        ("day=Tuesday", ["Café Choir"]),
        ("day=FR", ["Far Choir"]),
        ("start_time=10:00", ["Café Choir", "Far Choir"]),
        ("start_time=10:01", ["Far Choir"]),
        ("end_time=12:00:00", ["Café Choir"]),
        ("day=TU&start_time=17:00", []),
        (f"taxonomy_term_id={term_id(KIND, 'group')}", ["Café Choir", "Far Choir"]),
        (f"taxonomy_id={taxonomy_id(STRAND)}", ["Café Choir", "Far Choir"]),
        (f"taxonomy_id={taxonomy_id('nothing')}", []),
        ("modified_after=2026-05-01T12:00:00Z", ["Plain", "Café Choir", "Far Choir"]),
        ("modified_after=2026-05-01T13:00:01%2B01:00", []),
        ("status=inactive", []),
        ("postcode=zy14ns", ["Café Choir"]),
        ("postcode=ZY9", ["Far Choir"]),
        ("postcode=ZY1+4NS&proximity=1000", ["Café Choir"]),
        ("postcode=ZY1+4NS&proximity=112000", ["Café Choir", "Far Choir"]),
        ("per_page=1&page=2", ["Café Choir"]),
        ("page=9", []),
    ],
)
def test_lists_hold_what_was_asked_for(client, asked, expected):
    assert names(client, asked) == expected


def test_the_nearest_location_comes_first(client):
    asked = "postcode=ZY9+1AA&proximity=150000"
    assert names(client, asked, "service_at_locations") == ["Far Choir", "Café Choir"]


def test_organisations_have_their_services(client):
    found = client.get(f"{API}/organizations").json()["contents"]
    assert {one["name"] for one in found} == {"Singers", "Others"}
    of = next(one for one in found if one["name"] == "Singers")
    whole = client.get(f"{API}/organizations/{of['id']}").json()
    assert [one["name"] for one in whole["services"]] == ["Café Choir"]
    assert names(client, f"organization_id={of['id']}") == ["Café Choir"]


def test_an_organisation_holds_so_many_services_and_the_list_has_the_rest(sqlite_engine, client):
    fill(
        sqlite_engine, "many", [replace(CHOIR, key=f"{n}", organisation="Many") for n in range(510)]
    )
    found = client.get(f"{API}/organizations?full_service=true").json()["contents"]
    of = next(one for one in found if one["name"] == "Many")
    whole = client.get(f"{API}/organizations/{of['id']}").json()
    asked = f"{API}/services?organization_id={of['id']}&per_page=300&page="
    listed = [one["id"] for n in (1, 2) for one in client.get(f"{asked}{n}").json()["contents"]]
    assert len(set(listed)) == 510
    for nested in (of["services"], whole["services"]):
        assert [one["id"] for one in nested] == listed[:500]


def test_the_envelope_counts(client):
    page = client.get(f"{API}/services?per_page=2&page=2").json()
    del page["contents"]
    assert page == {
        "total_items": 3,
        "total_pages": 2,
        "page_number": 2,
        "size": 1,
        "first_page": False,
        "last_page": True,
        "empty": False,
    }
    assert client.get(f"{API}/services?search=zebra").json()["empty"] is True


def test_minimal_and_ndjson_tell_everything_at_once(client):
    page = client.get(f"{API}/services?minimal=true").json()
    assert page["size"] == 3
    assert set(page["contents"][0]) == {"id", "modified_date"}
    assert page["contents"][0]["modified_date"] == "2026-05-01T12:00:00Z"
    for path in ("services", "service_at_locations", "organizations"):
        answer = client.get(f"{API}/{path}?format=ndjson")
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        assert len(answer.text.splitlines()) == client.get(f"{API}/{path}").json()["total_items"]


@pytest.mark.parametrize(
    "path", ["/services", "/services?format=ndjson", "/", "/openapi.json", "/taxonomies"]
)
def test_what_the_caller_has_is_not_sent_again(client, path):
    first = client.get(f"{API}{path}")
    tag = first.headers["etag"]
    again = client.get(f"{API}{path}", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"{API}{path}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_is_seen_at_once_and_changes_the_etag(sqlite_engine, client):
    before = client.get(f"{API}/services")
    fill(sqlite_engine, "town", [replace(PLAIN, name="Plainer")])
    after = client.get(f"{API}/services", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["contents"][0]["name"] == "Plainer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/services", 200),
        ("HEAD", "/services", 200),
        ("OPTIONS", "/services", 204),
        ("GET", "/services/none", 404),
        ("GET", "/services?page=0", 422),
        ("POST", "/services", 405),
        ("GET", "/nowhere", 404),
    ],
)
def test_any_page_may_read_every_answer(client, method, path, status):
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = client.request(method, f"{API}{path}", headers=asked)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    if method in ("HEAD", "OPTIONS"):
        assert answer.content == b""
    if status >= 400:
        assert set(answer.json()) == {"error"}
        assert answer.json()["error"].endswith(".")


def test_head_tells_what_get_would(client):
    head, get = (client.request(method, f"{API}/services") for method in ("HEAD", "GET"))
    same = ("etag", "content-type", "content-length")
    assert {name: head.headers.get(name) for name in same} == {
        name: get.headers.get(name) for name in same
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("page=no", "The parameter page must be a whole number, 1 or more."),
        ("per_page=501", "The parameter per_page must be a whole number from 1 to 500."),
        ("day=Someday", "The parameter day must be a day such as Tuesday or TU."),
        ("start_time=25:00", "The parameter start_time must be a time such as 09:30."),
        ("full=perhaps", "The parameter full must be true or false."),
        ("modified_after=soon", "The parameter modified_after must be a date and time such as"),
    ],
)
def test_a_wrong_parameter_is_named_and_not_quoted(client, asked, told):
    answer = client.get(f"{API}/services?{asked}")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(told)


def test_a_parameter_that_is_missing_is_said_to_be_needed(client):
    answer = client.get("/api/search")
    assert answer.status_code == 422
    assert answer.json()["error"] == "The parameter words is missing."


def test_an_unknown_postcode_is_said_to_be(client):
    answer = client.get(f"{API}/service_at_locations?postcode=QQ1+1QQ&proximity=500")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "We do not know where this postcode is."},
    )


def test_closed_and_gone_listings_are_inactive(sqlite_engine):
    fill(sqlite_engine, "town", [replace(PLAIN, status="closed"), replace(CHOIR, key="other")])
    fill(sqlite_engine, "town", [CHOIR], gone=True)
    client = connect(sqlite_engine)
    statuses = {
        one["name"]: one["status"] for one in client.get(f"{API}/services").json()["contents"]
    }
    assert statuses["Plain"] == "inactive"
    found = client.get(f"{API}/services?status=inactive").json()["contents"]
    assert len(found) == 2


def test_the_same_feed_under_two_names_has_ids_of_its_own(sqlite_engine):
    key = "48102e86-bb50-41c4-8f1e-e269368c41d1"
    for source in ("one", "two"):
        fill(sqlite_engine, source, [replace(CHOIR, key=key, name=f"Choir of {source}")])
    client = connect(sqlite_engine)
    found = client.get(f"{API}/services").json()["contents"]
    assert found[0]["id"] == key
    assert found[1]["id"] != key
    for one in found:
        assert client.get(f"{API}/services/{one['id']}").json()["name"] == one["name"]


def test_the_assured_date_and_change_are_told(sqlite_engine):
    fill(
        sqlite_engine,
        "town",
        [replace(PLAIN, assured_date=date(2026, 10, 1))],
        modified=datetime(2026, 10, 2, tzinfo=UTC).replace(tzinfo=None),
    )
    [one] = connect(sqlite_engine).get(f"{API}/services").json()["contents"]
    assert (one["assured_date"], one["last_modified"]) == ("2026-10-01", "2026-10-02T00:00:00Z")


def test_what_breaks_here_is_told_in_words_and_not_quoted(sqlite_engine, caplog):
    fill(sqlite_engine, "town", [PLAIN])
    client = connect(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE published_time")
    answer = client.get(f"{API}/services?day=Friday&search=zebracrossing")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Something went wrong on our side. Try again in a minute."}
    assert answer.headers["access-control-allow-origin"] == "*"
    ours = [one for one in caplog.records if not one.name.startswith("httpx")]
    assert not any("zebracrossing" in one.getMessage() + str(one.exc_text) for one in ours)


def test_what_is_near_counts_for_every_list(client):
    asked = "postcode=ZY1+4NS&proximity=1000"
    assert names(client, asked, "organizations") == ["Singers"]
    assert client.get(f"{API}/services?minimal=true&{asked}").json()["total_items"] == 1


def test_what_is_not_published_is_left_alone(client):
    @client.app.post("/api/chat")
    def chat() -> str:
        return "said"

    asked = {"Origin": "https://elsewhere.example"}
    answer = client.request("POST", "/api/chat", headers=asked)
    assert (answer.json(), "access-control-allow-origin" in answer.headers) == ("said", False)
    assert client.request("POST", "/api/search?words=a", headers=asked).status_code == 405
    assert client.get("/api/searches").json() == {"detail": "Not Found"}
