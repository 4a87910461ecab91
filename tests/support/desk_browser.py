"""A browser that is signed in at the desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.desk_server import DeskServer, Person
from tests.support.web_chat import OpenPage

Enter = Callable[..., Page]


@pytest.fixture
def enter(open_page: OpenPage, desk: DeskServer, admin: Person) -> Enter:
    """Opens a page of the desk as a signed-in admin."""

    def enter(path: str, **settings: object) -> Page:
        page = open_page(f"{desk.url}/desk/sign-in", java_script_enabled=True, **settings)
        name = "connector-desk"
        cookie = {"name": name, "value": admin.client.cookies[name], "url": f"{desk.url}/desk"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto(f"{desk.url}{path}")
        return page

    return enter
