"""Every response of the Open Referral UK API against the official schemas, with formats."""

import json

import pytest
from jsonschema import ValidationError

from tests.support.example_listings import NOTICE
from tests.support.open_referral import AppClient

API = "/openreferral/v3"
# The official schemas of each list's entries and of a single entity; `full` lists have the latter.
SCHEMAS = {
    "services": ("service_list", "service"),
    "service_at_locations": ("service_at_location_list", "service_at_location"),
    "organizations": ("organization_list", "organization"),
    "taxonomies": ("taxonomy", "taxonomy"),
    "taxonomy_terms": ("taxonomy_term", "taxonomy_term"),
}


@pytest.fixture(params=["town", "councils"])
def client(request: pytest.FixtureRequest) -> AppClient:
    return request.getfixturevalue(request.param)


def read_all(client: AppClient, path: str) -> list[dict]:
    entities, page = [], 1
    separator = "&" if "?" in path else "?"
    while True:
        response = client.get(f"{API}{path}{separator}page={page}&per_page=500")
        assert response.status_code == 200, response.text[:200]
        body = response.json()
        entities += body["contents"]
        assert body["size"] == len(body["contents"])
        if body["last_page"]:
            assert len(entities) == body["total_items"]
            return entities
        page += 1


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_list_is_valid(client, standard, path):
    schema, _ = SCHEMAS[path]
    standard.check_page(schema, client.get(f"{API}/{path}?per_page=7").json())
    entities = read_all(client, f"/{path}")
    assert entities
    for entity in entities:
        standard.check(schema, entity)
    ids = [entity["id"] for entity in entities]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["services", "service_at_locations", "organizations"])
def test_every_full_list_is_valid(client, standard, path):
    extra = "?full=true&full_service=true" if path == "organizations" else "?full=true"
    for entity in read_all(client, f"/{path}{extra}"):
        standard.check(SCHEMAS[path][1], entity)


@pytest.mark.parametrize("path", SCHEMAS)
def test_every_entity_is_found_by_its_id_and_valid(client, standard, path):
    entities = read_all(client, f"/{path}")
    for entity in entities[:: max(1, len(entities) // 20)]:
        response = client.get(f"{API}/{path}/{entity['id']}")
        assert response.status_code == 200
        standard.check(SCHEMAS[path][1], response.json())
        if path == "service_at_locations":
            # The standard's OpenAPI document gives this response the schema of a service.
            standard.check("service", response.json())
        assert response.json()["id"] == entity["id"]


def test_the_schema_check_finds_faults(standard):
    for invalid in ({"id": "1", "name": "x", "status": "active"}, {"name": "x"}):
        with pytest.raises(ValidationError):
            standard.check("service", invalid)
    valid = {"id": "48102e86-bb50-41c4-8f1e-e269368c41d1", "name": "x", "status": "active"}
    standard.check("service", valid)
    for invalid in ({"url": "no address"}, {"email": "none"}, {"last_modified": "yesterday"}):
        with pytest.raises(ValidationError):
            standard.check("service", {**valid, **invalid})


def test_the_openapi_document_covers_the_official_one(town, standards):
    official = json.loads((standards / "oruk-v3" / "schema" / "openapi.json").read_text())
    ours = town.get(f"{API}/openapi.json").json()
    for path, official_path in official["paths"].items():
        assert path in ours["paths"]
        own_names = {item["name"] for item in ours["paths"][path]["get"].get("parameters", ())}
        for parameter in official_path["get"].get("parameters", ()):
            assert parameter["$ref"].rpartition("/")[2] in own_names, (path, parameter)
    # The official document defines parameters that none of its own paths takes.
    all_names = {
        parameter["name"]
        for path in ours["paths"].values()
        for parameter in path["get"].get("parameters", ())
    }
    assert set(official["components"]["parameters"]) <= all_names


def test_the_root_links_to_the_openapi_document(town):
    about = town.get(f"{API}/").json()
    assert about["version"] == "HSDS-UK-3.0"
    assert about["openapi_url"] == f"{API}/openapi.json"
    assert town.get(about["openapi_url"]).json()["openapi"].startswith("3.")


def test_every_service_has_the_notice_of_its_source(town):
    for service in read_all(town, "/services"):
        assert NOTICE in service["alert"]
    for at_location in read_all(town, "/service_at_locations"):
        assert NOTICE in at_location["service"]["alert"]
