"""The page of each listing, and the listing as JSON and as a calendar.

Shows only what `describe_listing` returns.
"""

from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict

from bot.web.parameters import RecordId
from bot.web.public import Problem, respond, respond_json
from bot.web.templating import open_templates
from directory.describe import FACT_LABELS, describe_listing
from directory.listing import StoredListing
from directory.publishing.icalendar_export import has_times, write_calendar
from directory.publishing.json_ld import dump_for_script, write_json_ld
from directory.publishing.repository import ServiceRepository

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_pages = open_templates(_TEMPLATES)
_STYLE = (_TEMPLATES / "page.css").read_bytes()

_HTML = "text/html; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"


class Shown(BaseModel):
    """A listing as residents see it; empty text means "not known"."""

    model_config = ConfigDict(extra="allow")
    listing_id: int
    name: str
    kind: Literal["group", "service", "volunteering", "have_a_say"]
    description: str
    alert: str
    notice: str
    page: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "Not found."},
    410: {"model": Problem, "description": "The source no longer has this listing."},
    422: {"model": Problem, "description": "A part of the URL is invalid."},
}


def create_listing_pages_router(repository: ServiceRepository, base_url: str = "") -> APIRouter:
    """The pages under /listings."""
    router = APIRouter(responses=PROBLEMS)
    pages_url = f"{base_url}/listings/"

    def find_listing(number: int) -> StoredListing:
        stored = repository.find_listing(number)
        if stored is None:
            raise HTTPException(404, "There is no listing with this id.")
        if stored.gone:
            raise HTTPException(410, "The source no longer has this listing.")
        return stored

    @router.get("/listings/page.css", include_in_schema=False)
    def style(request: Request) -> Response:
        return respond(request, _STYLE, "text/css; charset=utf-8")

    @router.get(
        "/listings/{number}.ics",
        response_class=Response,
        responses={200: {"content": {"text/calendar": {}}, "description": "Its times."}},
    )
    def times(request: Request, number: RecordId) -> Response:
        """The listing's times as an iCalendar file."""
        calendar = write_calendar([find_listing(number)], date.today(), pages_url)
        if not calendar:
            raise HTTPException(404, "Its days and times are not known.")
        return respond(
            request, calendar, CALENDAR, **_make_download_headers(f"listing-{number}.ics")
        )

    @router.get("/listings/{number}.json", response_model=Shown)
    def data(request: Request, number: RecordId) -> Response:
        """The listing as its page shows it."""
        stored = find_listing(number)
        page = f"{pages_url}{number}"
        return respond_json(request, {**describe_listing(stored), "page": page})

    @router.get("/listings/{number}", include_in_schema=False)
    def listing(request: Request, number: str) -> Response:
        stored = (
            repository.find_listing(int(number))
            if number.isdecimal() and len(number) < 10
            else None
        )
        if stored is None:
            missing = ("Check that the address is complete.",)
            return render_message(request, 404, "There is no such listing", missing)
        if stored.gone:
            ended = (
                "The organisation that listed it no longer does. It may have ended.",
                "Check with the organisation before you go.",
            )
            return render_message(request, 410, f"{stored.listing.name}: no longer listed", ended)
        page = f"{pages_url}{number}"
        service = repository.find_service_of(stored.id)
        service_id = str(service["id"]) if service else ""
        return respond(request, _render_listing(stored, page, service_id), _HTML)

    return router


def _make_download_headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def render_message(
    request: Request, status: int, title: str, sentences: tuple[str, ...]
) -> Response:
    """A page with a title and sentences in place of a listing."""
    body = _pages.get_template("page.html").render(title=title, sentences=sentences)
    response = respond(request, body.encode(), _HTML)
    response.status_code = status
    return response


def _render_listing(stored: StoredListing, page: str, service: str) -> bytes:
    listing, shown = stored.listing, describe_listing(stored)
    facts = [(label, shown[name]) for name, label in FACT_LABELS.items() if shown[name]]
    extra = {"Eligibility": listing.eligibility, "How to join": listing.how_to_join}
    facts += [(label, text) for label, text in extra.items() if text]
    html = _pages.get_template("listing.html").render(
        shown=shown,
        facts=facts,
        links=_list_links(stored),
        closed=listing.status == "closed",
        maintainer=listing.organisation or stored.source,
        checked=f"{listing.assured_date:%-d %B %Y}" if listing.assured_date else "",
        source=stored.source,
        page=page,
        service_id=service,
        json_ld=dump_for_script(write_json_ld(stored, page)),
    )
    return html.encode()


def _list_links(stored: StoredListing) -> list[tuple[str, str, str]]:
    """The label, URL and detail of each link."""
    shown = describe_listing(stored)
    links = []
    if phone := shown["phone"]:
        # A tel: link takes only characters that can be dialled.
        number = "".join(letter for letter in phone if letter in "+0123456789")
        links.append(("Phone", f"tel:{number}", phone))
    if email := shown["email"]:
        links.append(("Email", f"mailto:{quote(email, safe='@')}", email))
    if shown["website"]:
        links.append(("Website", shown["website"], ""))
    if shown["directions"]:
        links.append(("Directions on a map", shown["directions"], ""))
    if has_times(stored, date.today()):
        links.append(("Add to your calendar", f"/listings/{stored.id}.ics", ""))
    return links
