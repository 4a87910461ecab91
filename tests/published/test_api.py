"""The Open Referral API's parameters, pages, headers and error sentences."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from fastapi import FastAPI

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


def list_names(client, query: str, path: str = "services") -> list[str]:
    response = client.get(f"{API}/{path}?{query}")
    assert response.status_code == 200, response.text
    return [item.get("name") or item["service"]["name"] for item in response.json()["contents"]]


@pytest.mark.parametrize(
    ("query", "expected"),
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
def test_a_list_holds_the_services_that_match(client, query, expected):
    assert list_names(client, query) == expected


def test_the_nearest_location_comes_first(client):
    query = "postcode=ZY9+1AA&proximity=150000"
    assert list_names(client, query, "service_at_locations") == ["Far Choir", "Café Choir"]


def test_organisations_have_their_services(client):
    organisations = client.get(f"{API}/organizations").json()["contents"]
    ids = {organisation["name"]: organisation["id"] for organisation in organisations}
    assert set(ids) == {"Singers", "Others"}
    singers = client.get(f"{API}/organizations/{ids['Singers']}").json()
    assert [service["name"] for service in singers["services"]] == ["Café Choir"]
    assert list_names(client, f"organization_id={ids['Singers']}") == ["Café Choir"]


def test_an_organisation_nests_500_services_and_the_list_has_all(sqlite_engine, client):
    fill(
        sqlite_engine, "many", [replace(CHOIR, key=f"{n}", organisation="Many") for n in range(510)]
    )
    organisations = client.get(f"{API}/organizations?full_service=true").json()["contents"]
    in_list = next(item for item in organisations if item["name"] == "Many")
    alone = client.get(f"{API}/organizations/{in_list['id']}").json()
    url = f"{API}/services?organization_id={in_list['id']}&per_page=300&page="
    pages = [client.get(f"{url}{number}").json() for number in (1, 2)]
    ids = [service["id"] for page in pages for service in page["contents"]]
    assert len(set(ids)) == 510
    for organisation in (in_list, alone):
        assert [service["id"] for service in organisation["services"]] == ids[:500]


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


def test_minimal_and_ndjson_return_everything_on_one_page(client):
    page = client.get(f"{API}/services?minimal=true").json()
    assert page["size"] == 3
    assert set(page["contents"][0]) == {"id", "modified_date"}
    assert page["contents"][0]["modified_date"] == "2026-05-01T12:00:00Z"
    for path in ("services", "service_at_locations", "organizations"):
        response = client.get(f"{API}/{path}?format=ndjson")
        assert response.headers["content-type"].startswith("application/x-ndjson")
        assert len(response.text.splitlines()) == client.get(f"{API}/{path}").json()["total_items"]


@pytest.mark.parametrize(
    "path", ["/services", "/services?format=ndjson", "/", "/openapi.json", "/taxonomies"]
)
def test_an_unchanged_response_is_304(client, path):
    first = client.get(f"{API}{path}")
    tag = first.headers["etag"]
    again = client.get(f"{API}{path}", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"{API}{path}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_is_visible_at_once_and_changes_the_etag(sqlite_engine, client):
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
def test_any_origin_can_read_every_response(client, method, path, status):
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    response = client.request(method, f"{API}{path}", headers=headers)
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == "*"
    if method in ("HEAD", "OPTIONS"):
        assert response.content == b""
    if status >= 400:
        assert set(response.json()) == {"error"}
        assert response.json()["error"].endswith(".")


def test_head_has_the_headers_of_get(client):
    head, get = (client.request(method, f"{API}/services") for method in ("HEAD", "GET"))
    same = ("etag", "content-type", "content-length")
    assert {name: head.headers.get(name) for name in same} == {
        name: get.headers.get(name) for name in same
    }


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("page=no", "The parameter page must be a whole number, 1 or more."),
        ("per_page=501", "The parameter per_page must be a whole number from 1 to 500."),
        ("day=Someday", "The parameter day must be a day such as Tuesday or TU."),
        ("start_time=25:00", "The parameter start_time must be a time such as 09:30."),
        ("full=perhaps", "The parameter full must be true or false."),
        ("modified_after=soon", "The parameter modified_after must be a date and time such as"),
    ],
)
def test_an_error_names_the_invalid_parameter_without_its_value(client, query, sentence):
    response = client.get(f"{API}/services?{query}")
    assert response.status_code == 422
    assert response.json()["error"].startswith(sentence)


def test_an_error_names_the_missing_parameter(client):
    response = client.get("/api/search")
    assert response.status_code == 422
    assert response.json()["error"] == "The parameter words is missing."


def test_an_unknown_postcode_is_404(client):
    response = client.get(f"{API}/service_at_locations?postcode=QQ1+1QQ&proximity=500")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "We do not know where this postcode is."},
    )


def test_closed_and_gone_listings_are_inactive(sqlite_engine):
    fill(sqlite_engine, "town", [replace(PLAIN, status="closed"), replace(CHOIR, key="other")])
    fill(sqlite_engine, "town", [CHOIR], gone=True)
    client = connect(sqlite_engine)
    statuses = {
        service["name"]: service["status"]
        for service in client.get(f"{API}/services").json()["contents"]
    }
    assert statuses["Plain"] == "inactive"
    inactive = client.get(f"{API}/services?status=inactive").json()
    assert inactive["total_items"] == 2


def test_the_same_feed_under_two_names_has_separate_ids(sqlite_engine):
    key = "48102e86-bb50-41c4-8f1e-e269368c41d1"
    for source in ("one", "two"):
        fill(sqlite_engine, source, [replace(CHOIR, key=key, name=f"Choir of {source}")])
    client = connect(sqlite_engine)
    services = client.get(f"{API}/services").json()["contents"]
    assert services[0]["id"] == key
    assert services[1]["id"] != key
    for service in services:
        assert client.get(f"{API}/services/{service['id']}").json()["name"] == service["name"]


def test_the_assured_date_and_the_last_change_are_published(sqlite_engine):
    fill(
        sqlite_engine,
        "town",
        [replace(PLAIN, assured_date=date(2026, 10, 1))],
        modified=datetime(2026, 10, 2, tzinfo=UTC).replace(tzinfo=None),
    )
    [service] = connect(sqlite_engine).get(f"{API}/services").json()["contents"]
    assert (service["assured_date"], service["last_modified"]) == (
        "2026-10-01",
        "2026-10-02T00:00:00Z",
    )


def test_a_server_error_is_a_sentence_without_the_request(sqlite_engine, caplog):
    fill(sqlite_engine, "town", [PLAIN])
    client = connect(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE published_time")
    response = client.get(f"{API}/services?day=Friday&search=zebracrossing")
    assert response.status_code == 500
    assert response.json() == {"error": "Something went wrong on our side. Try again in a minute."}
    assert response.headers["access-control-allow-origin"] == "*"
    records = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert not any(
        "zebracrossing" in record.getMessage() + str(record.exc_text) for record in records
    )


def test_proximity_filters_every_list(client):
    query = "postcode=ZY1+4NS&proximity=1000"
    assert list_names(client, query, "organizations") == ["Singers"]
    assert client.get(f"{API}/services?minimal=true&{query}").json()["total_items"] == 1


def test_other_routes_are_unaffected(sqlite_engine):
    chat = FastAPI()
    chat.post("/api/chat")(lambda: "reply")
    client = connect(sqlite_engine, chat=chat)
    headers = {"Origin": "https://elsewhere.example"}
    response = client.request("POST", "/api/chat", headers=headers)
    assert (response.json(), "access-control-allow-origin" in response.headers) == ("reply", False)
    assert client.request("POST", "/api/search?words=a", headers=headers).status_code == 405
    assert client.get("/api/searches").json() == {"detail": "Not Found"}
