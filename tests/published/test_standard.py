"""Every answer of the Open Referral UK API against the official schemas, formats checked."""

import json

import pytest
from jsonschema import ValidationError

from tests.support.example_listings import NOTICE
from tests.support.open_referral import Caller

API = "/openreferral/v3"
# Which official schema each list and each single answer has; `full` lists have the single one's.
SCHEMAS = {
    "services": ("service_list", "service"),
    "service_at_locations": ("service_at_location_list", "service_at_location"),
    "organizations": ("organization_list", "organization"),
    "taxonomies": ("taxonomy", "taxonomy"),
    "taxonomy_terms": ("taxonomy_term", "taxonomy_term"),
}


@pytest.fixture(params=["town", "councils"])
def client(request: pytest.FixtureRequest) -> Caller:
    return request.getfixturevalue(request.param)


def read_all(client: Caller, path: str) -> list[dict]:
    found, page = [], 1
    joint = "&" if "?" in path else "?"
    while True:
        answer = client.get(f"{API}{path}{joint}page={page}&per_page=500")
        assert answer.status_code == 200, answer.text[:200]
        body = answer.json()
        found += body["contents"]
        assert body["size"] == len(body["contents"])
        if body["last_page"]:
            assert len(found) == body["total_items"]
            return found
        page += 1


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_list_and_all_on_it_is_valid(client, standard, path):
    listed, _ = SCHEMAS[path]
    standard.check_page(listed, client.get(f"{API}/{path}?per_page=7").json())
    found = read_all(client, f"/{path}")
    assert found
    for one in found:
        standard.check(listed, one)
    ids = [one["id"] for one in found]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["services", "service_at_locations", "organizations"])
def test_every_full_list_is_valid(client, standard, path):
    extra = "?full=true&full_service=true" if path == "organizations" else "?full=true"
    for one in read_all(client, f"/{path}{extra}"):
        standard.check(SCHEMAS[path][1], one)


@pytest.mark.parametrize("path", SCHEMAS)
def test_each_is_found_by_its_id(client, standard, path):
    listed = read_all(client, f"/{path}")
    for one in listed[:: max(1, len(listed) // 20)]:
        answer = client.get(f"{API}/{path}/{one['id']}")
        assert answer.status_code == 200
        standard.check(SCHEMAS[path][1], answer.json())
        if path == "service_at_locations":
            # The schema that the standard's API document names for this address.
            standard.check("service", answer.json())
        assert answer.json()["id"] == one["id"]


def test_the_check_of_schemas_would_see_a_fault(standard):
    for wrong in ({"id": "1", "name": "x", "status": "active"}, {"name": "x"}):
        with pytest.raises(ValidationError):
            standard.check("service", wrong)
    fit = {"id": "48102e86-bb50-41c4-8f1e-e269368c41d1", "name": "x", "status": "active"}
    standard.check("service", fit)
    for wrong in ({"url": "no address"}, {"email": "none"}, {"last_modified": "yesterday"}):
        with pytest.raises(ValidationError):
            standard.check("service", {**fit, **wrong})


def test_our_document_covers_the_official_one(town, standards):
    official = json.loads((standards / "oruk-v3" / "schema" / "openapi.json").read_text())
    ours = town.get(f"{API}/openapi.json").json()
    for path, item in official["paths"].items():
        assert path in ours["paths"]
        asked = {one["name"] for one in ours["paths"][path]["get"].get("parameters", ())}
        for parameter in item["get"].get("parameters", ()):
            assert parameter["$ref"].rpartition("/")[2] in asked, (path, parameter)
    # Named in the document, though no address of it takes them.
    everywhere = {
        one["name"] for item in ours["paths"].values() for one in item["get"].get("parameters", ())
    }
    assert set(official["components"]["parameters"]) <= everywhere


def test_the_beginning_tells_of_the_document(town):
    about = town.get(f"{API}/").json()
    assert about["version"] == "HSDS-UK-3.0"
    assert about["openapi_url"] == f"http://directory.example{API}/openapi.json"
    assert town.get(about["openapi_url"]).json()["openapi"].startswith("3.")


def test_the_notice_is_told_with_every_listing(town):
    for one in read_all(town, "/services"):
        assert NOTICE in one["alert"]
    for one in read_all(town, "/service_at_locations"):
        assert NOTICE in one["service"]["alert"]
