"""Whatever is sent to a form of the desk, it is answered with a page, and the desk goes on."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.desk_routes import list_required_roles
from tests.support.desk_server import DeskServer, Person

values = st.text(max_size=200) | st.sampled_from(
    ["", "1", "-1", "99999999999999999999", "2026-13-45", "\x00", "é", "../..", "yes", "group"]
)


@pytest.fixture(scope="module")
def routes(desk: DeskServer) -> list[str]:
    return sorted(
        path
        for method, path in list_required_roles(desk)
        if method == "POST" and path not in {"/desk/sign-out", "/desk/sign-in"}
    )


@pytest.fixture(scope="module")
def field_names(desk: DeskServer, admin: Person) -> list[str]:
    """The name of every field on every page that the desk links to."""
    paths = [path for method, path in list_required_roles(desk) if method == "GET"]
    pages = [admin.get(re.sub(r"{\w+}", "1", path)).text for path in paths]
    names = {name for page in pages for name in re.findall(r'name="([\w-]+)"', page)} - {"token"}
    assert len(names) > 40
    return sorted(names)


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_form_of_any_content_is_answered(
    routes: list[str], field_names: list[str], admin: Person, data: st.DataObject
) -> None:
    route = data.draw(st.sampled_from(routes))
    number = data.draw(st.sampled_from(["1", "2", "999", "0", "x"]))
    path = re.sub(r"{\w+}", number, route)
    fields = data.draw(st.dictionaries(st.sampled_from(field_names), values, max_size=12))
    response = admin.post(path, page="/desk/listings", **fields)
    assert response.status_code < 500, (path, fields, response.text[:300])


def test_the_desk_still_answers(admin: Person) -> None:
    assert "Listings" in admin.read("/desk/listings")
