"""Search, read, add, change and close listings. Every change is written to the audit log."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from bot.web.desk.auth import HOME, Context, PageError
from bot.web.desk.cards import build_card, build_preview
from bot.web.desk.listing_form import EMPTY_LISTING, FIELD_GROUPS, FIELDS, parse_listing_form
from bot.web.desk.pages import redirect, render_page
from bot.web.desk.permissions import EDITORS
from bot.web.desk.signed_links import LINK_DAYS, LinkSigner
from bot.web.parameters import PageNumber, RecordId
from directory.describe import describe_listing, describe_when, describe_where
from directory.desk.editor import EditableListing
from directory.desk.services import DeskServices
from directory.errors import ConflictError
from directory.listing import STATUSES, Listing, StoredListing
from directory.publishing.csv_export import write_cells

_PAGE_SIZE = 25
PATH = f"{HOME}/listings"


def create_listings_router(desk_services: DeskServices, link_signer: LinkSigner) -> APIRouter:
    router = APIRouter(prefix="/listings", dependencies=[Depends(EDITORS)])

    @router.get("")
    def search_listings(
        request: Request,
        q: Annotated[str, Query(max_length=200)] = "",
        status: Literal["", "open", "temporarily closed", "closed"] = "",
        page: PageNumber = 1,
    ) -> Response:
        start = (page - 1) * _PAGE_SIZE
        listings, total = desk_services.queries.find(q, status, start, _PAGE_SIZE)
        return render_page(
            request,
            "listings.html",
            listings=[(stored, describe_listing(stored)) for stored in listings],
            total=total,
            query={"q": q, "status": status},
            statuses=STATUSES,
            page=page,
            has_next=total > start + _PAGE_SIZE,
        )

    @router.get("/new")
    def show_new_form(request: Request) -> Response:
        return _render_form(request, EMPTY_LISTING, write_cells(EMPTY_LISTING), f"{PATH}/new")

    @router.post("/new")
    def add_listing(request: Request, context: Context) -> Response:
        listing, cells, errors = parse_listing_form(context, EMPTY_LISTING)
        if errors or context.get_text("do") == "look":
            return render_checked_form(request, listing, cells, f"{PATH}/new", errors)
        listing_id = desk_services.editor.add(listing, context.user.name)
        return redirect(f"{PATH}/{listing_id}", "added")

    @router.get("/{listing_id}")
    def show_listing(request: Request, listing_id: RecordId) -> Response:
        record = require_listing(listing_id)
        link = link_signer.create_link("contact", [listing_id, record.withdrawn])
        history = desk_services.audit_log.read_listing_entries(listing_id)
        return render_page(
            request,
            "listing.html",
            record=record,
            card=build_card(record.stored),
            link=link,
            days=LINK_DAYS,
            mailto=_write_contact_email(record.stored, link),
            topics=desk_services.queries.name_topics(listing_id),
            history=[(entry, _describe_before(entry.before, entry.fields)) for entry in history],
            statuses=[status for status in STATUSES if status != record.stored.listing.status],
        )

    @router.get("/{listing_id}/edit")
    def show_edit_form(request: Request, listing_id: RecordId) -> Response:
        record = require_listing(listing_id)
        listing = record.stored.listing
        path = f"{PATH}/{listing_id}/edit"
        return _render_form(request, listing, write_cells(listing), path, version=record.version)

    @router.post("/{listing_id}/edit")
    def change_listing(request: Request, context: Context, listing_id: RecordId) -> Response:
        record = require_listing(listing_id)
        listing, cells, errors = parse_listing_form(context, record.stored.listing)
        version = context.get_text("version")
        if errors or context.get_text("do") == "look":
            path = f"{PATH}/{listing_id}/edit"
            return render_checked_form(request, listing, cells, path, errors, version)
        changed = desk_services.editor.change(
            listing_id, listing, context.user.name, version=version
        )
        return redirect(f"{PATH}/{listing_id}", "changed" if changed else "same")

    @router.post("/{listing_id}/state")
    def set_status(context: Context, listing_id: RecordId) -> Response:
        record, status = require_listing(listing_id), context.get_text("status")
        if status not in STATUSES:
            raise PageError(422, "There is no such status", "Choose one of the buttons.")
        listing = replace(record.stored.listing, status=status)
        action = {"open": "opened"}.get(status, status)
        desk_services.editor.change(
            listing_id, listing, context.user.name, action, version=context.get_text("version")
        )
        return redirect(f"{PATH}/{listing_id}", "changed")

    @router.post("/{listing_id}/assure")
    def confirm_listing(context: Context, listing_id: RecordId) -> Response:
        version = context.get_text("version")
        try:
            desk_services.editor.assure(listing_id, context.user.name, version=version)
        except ConflictError:
            return redirect(f"{PATH}/{listing_id}", "changed-meanwhile")
        return redirect(context.get_desk_path("back") or f"{PATH}/{listing_id}", "assured")

    @router.post("/{listing_id}/withdraw")
    def withdraw_links(context: Context, listing_id: RecordId) -> Response:
        desk_services.editor.withdraw_links(listing_id, context.user.name)
        return redirect(f"{PATH}/{listing_id}", "withdrawn")

    @router.post("/{listing_id}/give-back")
    def follow_source(context: Context, listing_id: RecordId) -> Response:
        desk_services.editor.follow_source(listing_id, context.user.name)
        return redirect(f"{PATH}/{listing_id}", "given-back")

    def require_listing(listing_id: int) -> EditableListing:
        record = desk_services.editor.read(listing_id)
        if record is None:
            raise PageError(404, "There is no such listing", "Search for a word of its name.")
        return record

    def render_checked_form(
        request: Request,
        listing: Listing,
        cells: dict[str, str],
        path: str,
        errors: dict[str, str],
        version: str = "",
    ) -> Response:
        """The form again, with its errors, or without errors with a preview."""
        preview = None if errors else build_preview(desk_services, listing)
        return _render_form(
            request, listing, cells, path, errors=errors, version=version, preview=preview
        )

    return router


def _write_contact_email(stored: StoredListing, link: str) -> str:
    """An email to the group, as a mailto URL that opens in the navigator's own mail program."""
    body = (
        f"Hello,\n\nWe send people to {stored.listing.name}. Is what we say about it still right? "
        "Please open this link, then confirm it or change it. You need no account. "
        f"The link works for {LINK_DAYS} days.\n\n{link}\n\nThank you."
    )
    email = {"subject": f"Is this still right? {stored.listing.name}", "body": body}
    return f"mailto:{quote(stored.listing.email, safe='@')}?{urlencode(email, quote_via=quote)}"


def _render_form(
    request: Request,
    listing: Listing,
    cells: dict[str, str],
    path: str,
    *,
    errors: dict[str, str] | None = None,
    version: str = "",
    preview: dict[str, Any] | None = None,
) -> Response:
    is_new = path.endswith("/new")
    return render_page(
        request,
        "listing_form.html",
        422 if errors else 200,
        title="Add a listing" if is_new else f"Change {listing.name}",
        groups=FIELD_GROUPS,
        cells=cells,
        errors=errors or {},
        path=path,
        back=PATH if is_new else path.removesuffix("/edit"),
        version=version,
        preview=preview,
        more_places=len(listing.places) - 1,
        more_times=len(listing.schedules) - 1,
    )


def _describe_before(before: Listing | None, fields: tuple[str, ...]) -> list[tuple[str, str]]:
    """The earlier values of changed fields, as pairs of label and text."""
    if before is None:
        return []
    values = []
    for name in fields:
        value = getattr(before, name)
        if name == "places":
            value = describe_where(before)
        elif name == "schedules":
            value = describe_when(before)
        elif isinstance(value, tuple):
            value = "; ".join(value)
        label = FIELDS[name].label if name in FIELDS else name.capitalize()
        values.append((label, str(value) if value not in ("", None) else "empty"))
    return values
