"""Reading and sending the desk's forms as a browser would."""

import html
import re
from typing import Any

import httpx

from tests.support.desk_server import Person

NEW = {
    "name": "Ukulele evening",
    "kind": "group",
    "description": "Bring a ukulele, or borrow one.\r\nBeginners are welcome.",
    "venue": "Harbour Hall",
    "neighbourhood": "Harbourside",
    "days": ["Monday", "Thursday"],
    "repeats": "weekly",
    "start_time": "19:00",
    "phone": "01632 960123",
    "status": "open",
}


def add(person: Person, **fields: str | list[str]) -> int:
    """Add a listing and return its id."""
    response = person.post("/desk/listings/new", page="/desk/listings/new", **{**NEW, **fields})
    assert response.status_code == 303, response.text
    match = re.fullmatch(r"/desk/listings/(\d+)\?done=added", response.headers["location"])
    assert match
    return int(match[1])


def read_form(page: str) -> dict[str, str | list[str]]:
    """All fields of a page's listing form, as a browser would send them unchanged."""
    form = page[page.rindex('<form method="post" action="/desk/listings/') :]
    fields: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") == "checkbox":
            if " checked" in tag:
                ticked = fields.setdefault(attributes["name"], [])
                assert isinstance(ticked, list)
                ticked.append(attributes["value"])
        elif "name" in attributes:
            fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    for name, options in re.findall(
        r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', form, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'name="(\w+)" rows="\d+"[^>]*>\n(.*?)</textarea>', form, re.S):
        fields[name] = html.unescape(text).replace("\n", "\r\n")
    return fields


def read_version(page: str) -> str:
    """The version of a listing in the buttons of its page."""
    return re.search(r'name="version" value="(\w+)"', page)[1]


def change(person: Person, listing_id: int, **fields: str | list[str]) -> httpx.Response:
    """Open the form, change these fields and send it."""
    path = f"/desk/listings/{listing_id}/edit"
    form = read_form(person.read(path))
    return person.client.post(path, data={**form, **fields})


HEADER = "id,name,kind,description,venue,confidential\n"


def send(person: Person, content: str, name: str = "clubs.csv", **fields: str) -> httpx.Response:
    """Import a file at the desk."""
    token = re.search(r'name="token" value="(\w+)"', person.read("/desk/imports"))
    assert token
    files: dict[str, Any] = {"file": (name, content.encode(), "text/csv")}
    return person.client.post("/desk/imports", data={"token": token[1], **fields}, files=files)
