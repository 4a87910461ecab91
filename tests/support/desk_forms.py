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
    """Adds a listing; its number."""
    answer = person.post("/desk/listings/new", page="/desk/listings/new", **{**NEW, **fields})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/desk/listings/(\d+)\?done=added", answer.headers["location"])
    assert found
    return int(found[1])


def read_form(page: str) -> dict[str, str | list[str]]:
    """Every field of the page's form as a browser would send it back untouched."""
    form = page[page.rindex('<form method="post" action="/desk/listings/') :]
    fields: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if told.get("type") == "checkbox":
            if " checked" in tag:
                known = fields.setdefault(told["name"], [])
                assert isinstance(known, list)
                known.append(told["value"])
        elif "name" in told:
            fields[told["name"]] = html.unescape(told.get("value", ""))
    for name, inside in re.findall(
        r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', form, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        fields[name] = chosen[1] if chosen else ""
    for name, inside in re.findall(r'name="(\w+)" rows="\d+"[^>]*>\n(.*?)</textarea>', form, re.S):
        fields[name] = html.unescape(inside).replace("\n", "\r\n")
    return fields


def read_version(page: str) -> str:
    """Which version of a listing a page shows, as its buttons send it back."""
    return re.search(r'name="version" value="(\w+)"', page)[1]


def change(person: Person, number: int, **fields: str | list[str]) -> httpx.Response:
    """Opens the form, changes these fields and sends it."""
    path = f"/desk/listings/{number}/edit"
    filled = read_form(person.read(path))
    return person.client.post(path, data={**filled, **fields})


HEADER = "id,name,kind,description,venue,confidential\n"


def send(person: Person, content: str, name: str = "clubs.csv", **fields: str) -> httpx.Response:
    token = re.search(r'name="token" value="(\w+)"', person.read("/desk/imports"))
    assert token
    files: dict[str, Any] = {"file": (name, content.encode(), "text/csv")}
    return person.client.post("/desk/imports", data={"token": token[1], **fields}, files=files)
