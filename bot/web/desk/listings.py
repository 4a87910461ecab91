"""Listings at the desk: found, read, added, changed and closed, each change with its history."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from bot.web.desk.auth import HOME, PageError, Visiting
from bot.web.desk.listing_form import EMPTY, FIELDS, GROUPS, read_form
from bot.web.desk.pages import go, write
from bot.web.desk.signed_links import DAYS, LinkSigner
from bot.web.parameters import Number, PageNumber
from directory.describe import FACT_LABELS, describe_listing, describe_when, describe_where
from directory.desk.editor import Kept
from directory.desk.services import DeskServices
from directory.errors import ChangedError
from directory.listing import STATUSES, Listing, StoredListing
from directory.publishing.csv_export import write_cells

_A_PAGE = 25
ROOM = f"{HOME}/listings"
_SEEN = {**FACT_LABELS, "phone": "Phone", "email": "E-mail", "website": "Website"}


def create_listings(desk_services: DeskServices, sealer: LinkSigner) -> APIRouter:
    router = APIRouter(prefix="/listings")

    @router.get("")
    def find(
        request: Request,
        q: Annotated[str, Query(max_length=200)] = "",
        status: Literal["", "open", "temporarily closed", "closed"] = "",
        page: PageNumber = 1,
    ) -> Response:
        start = (page - 1) * _A_PAGE
        found, total = desk_services.queries.find(q, status, start, _A_PAGE)
        return write(
            request,
            "listings.html",
            found=[(one, describe_listing(one)) for one in found],
            total=total,
            asked={"q": q, "status": status},
            statuses=STATUSES,
            page=page,
            more=total > start + _A_PAGE,
        )

    @router.get("/new")
    def start_new(request: Request) -> Response:
        return _show_form(request, EMPTY, write_cells(EMPTY), f"{ROOM}/new")

    @router.post("/new")
    def add(request: Request, visit: Visiting) -> Response:
        listing, cells, wrong = read_form(visit, EMPTY)
        if wrong or visit.text("do") == "look":
            return show_form(request, listing, cells, f"{ROOM}/new", wrong=wrong)
        return go(f"{ROOM}/{desk_services.editor.add(listing, visit.who.name)}", "added")

    @router.get("/{number}")
    def read(request: Request, number: Number) -> Response:
        kept = require(number)
        link = sealer.link(request, "contact", [number, kept.withdrawn])
        history = desk_services.history.of(number)
        return write(
            request,
            "listing.html",
            kept=kept,
            seen=see(kept.stored),
            link=link,
            letter=_write_letter(kept.stored, link),
            topics=desk_services.queries.name_topics(number),
            history=[(one, _tell_before(one.before, one.fields)) for one in history],
            statuses=[one for one in STATUSES if one != kept.stored.listing.status],
        )

    @router.get("/{number}/edit")
    def edit(request: Request, number: Number) -> Response:
        kept = require(number)
        listing = kept.stored.listing
        return _show_form(
            request, listing, write_cells(listing), f"{ROOM}/{number}/edit", version=kept.version
        )

    @router.post("/{number}/edit")
    def change(request: Request, visit: Visiting, number: Number) -> Response:
        kept = require(number)
        listing, cells, wrong = read_form(visit, kept.stored.listing)
        version = visit.text("version")
        if wrong or visit.text("do") == "look":
            to = f"{ROOM}/{number}/edit"
            return show_form(request, listing, cells, to, wrong=wrong, version=version)
        changed = desk_services.editor.change(number, listing, visit.who.name, version=version)
        return go(f"{ROOM}/{number}", "changed" if changed else "same")

    @router.post("/{number}/state")
    def set_state(visit: Visiting, number: Number) -> Response:
        kept, status = require(number), visit.text("status")
        if status not in STATUSES:
            raise PageError(422, "There is no such state", "Choose one of those offered.")
        listing = replace(kept.stored.listing, status=status)
        what = {"open": "opened", "closed": "closed"}.get(status, status)
        desk_services.editor.change(
            number, listing, visit.who.name, what, version=visit.text("version")
        )
        return go(f"{ROOM}/{number}", "changed")

    @router.post("/{number}/assure")
    def assure(visit: Visiting, number: Number) -> Response:
        try:
            desk_services.editor.assure(number, visit.who.name, version=visit.text("version"))
        except ChangedError:
            return go(f"{ROOM}/{number}", "changed-meanwhile")
        return go(visit.own("back") or f"{ROOM}/{number}", "assured")

    @router.post("/{number}/withdraw")
    def withdraw(visit: Visiting, number: Number) -> Response:
        desk_services.editor.withdraw_links(number, visit.who.name)
        return go(f"{ROOM}/{number}", "withdrawn")

    @router.post("/{number}/give-back")
    def give_back(visit: Visiting, number: Number) -> Response:
        desk_services.editor.give_back(number, visit.who.name)
        return go(f"{ROOM}/{number}", "given-back")

    def require(number: int) -> Kept:
        kept = desk_services.editor.read(number)
        if kept is None:
            raise PageError(404, "There is no such listing", "Look for it by a word of its name.")
        return kept

    def show_form(
        request: Request, listing: Listing, cells: dict[str, str], to: str, **values: Any
    ) -> Response:
        preview = None if values["wrong"] else look_at(desk_services, listing)
        return _show_form(request, listing, cells, to, preview=preview, **values)

    return router


def see(stored: StoredListing) -> dict[str, Any]:
    """A listing as residents are shown it: a few texts, and facts with their labels."""
    shown = describe_listing(stored)
    facts = [(label, shown[name]) for name, label in _SEEN.items() if shown[name]]
    return {**shown, "facts": facts}


def look_at(desk_services: DeskServices, listing: Listing) -> dict[str, Any]:
    """A listing that is not written yet, as `seen` by residents, and what would find it."""
    preview = desk_services.editor.preview(listing)
    seen = see(StoredListing(0, "", "", preview.listing))
    return {"seen": seen, "topics": preview.topics, "words": preview.words}


def _write_letter(stored: StoredListing, link: str) -> str:
    """An e-mail to the group, as an address that opens in the navigator's own mail program."""
    words = (
        f"Hello,\n\nwe send people to {stored.listing.name}. Is what we say of it still right? "
        f"Look here, and say yes or change it. You need no account; the link works for {DAYS} days."
        f"\n\n{link}\n\nThank you."
    )
    asked = {"subject": f"Is this still right? {stored.listing.name}", "body": words}
    return f"mailto:{quote(stored.listing.email, safe='@')}?{urlencode(asked, quote_via=quote)}"


def _show_form(
    request: Request,
    listing: Listing,
    cells: dict[str, str],
    to: str,
    *,
    wrong: dict[str, str] | None = None,
    version: str = "",
    preview: dict[str, Any] | None = None,
) -> Response:
    new = to.endswith("/new")
    return write(
        request,
        "listing_form.html",
        422 if wrong else 200,
        title="Add a listing" if new else f"Change {listing.name}",
        groups=GROUPS,
        cells=cells,
        wrong=wrong or {},
        to=to,
        back=ROOM if new else to.removesuffix("/edit"),
        version=version,
        preview=preview,
        more_places=len(listing.places) - 1,
        more_times=len(listing.schedules) - 1,
    )


def _tell_before(before: Listing | None, fields: tuple[str, ...]) -> list[tuple[str, str]]:
    """What changed fields were before, in words."""
    if before is None:
        return []
    told = []
    for name in fields:
        value = getattr(before, name)
        if name == "places":
            value = describe_where(before)
        elif name == "schedules":
            value = describe_when(before)
        elif isinstance(value, tuple):
            value = "; ".join(value)
        label = FIELDS[name].label if name in FIELDS else name.capitalize()
        told.append((label, str(value) if value not in ("", None) else "not said"))
    return told
