"""The page where a group's own contact confirms or changes its listing.

The page opens by a signed link, without an account.
"""

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.auth import HOME, Context, DeskAuth, PageError
from bot.web.desk.cards import build_card
from bot.web.desk.listing_form import CONTACT_FIELDS, FIELD_GROUPS, parse_listing_form
from bot.web.desk.pages import redirect, render_page
from bot.web.desk.permissions import EVERYBODY
from bot.web.desk.signed_links import LinkSigner
from directory.desk.editor import EditableListing
from directory.desk.services import DeskServices
from directory.errors import ConflictError, DailyLimitError
from directory.publishing.csv_export import write_cells

# The name in the audit log.
CONTACT_NAME = "its own contact"
# A link can change its listing this often in a day, since each change stays in the history.
MAX_CHANGES_PER_DAY = 10
_GROUPS = tuple(
    (name, tuple(field for field in fields if field.name in CONTACT_FIELDS))
    for name, fields in FIELD_GROUPS
)


def create_contact_router(
    desk_services: DeskServices, link_signer: LinkSigner, auth: DeskAuth
) -> APIRouter:
    router = APIRouter(prefix="/contact", dependencies=[Depends(EVERYBODY)])

    @router.get("/{token}")
    def show_listing(request: Request, context: Context, token: str) -> Response:
        return render_contact_page(request, context, token, require_listing(token), {})

    @router.post("/{token}")
    def save_listing(request: Request, context: Context, token: str) -> Response:
        record = require_listing(token)
        path, version = f"{HOME}/contact/{token}", context.get_text("version")
        listing = None
        # Checked before the form is parsed: it was filled in for the version shown then.
        if version != record.version:
            return redirect(path, "changed-meanwhile")
        if context.get_text("do") != "confirm":
            listing, cells, errors = parse_listing_form(
                context, record.stored.listing, CONTACT_FIELDS
            )
            if errors:
                return render_contact_page(request, context, token, record, errors, cells)
        try:
            desk_services.editor.assure(
                record.stored.id,
                CONTACT_NAME,
                "confirmed",
                listing,
                version=version,
                daily_limit=MAX_CHANGES_PER_DAY,
            )
        except ConflictError:
            return redirect(path, "changed-meanwhile")
        except DailyLimitError:
            raise PageError(
                429,
                "This listing was changed too often today",
                "Nothing more was saved. Try again tomorrow, or write to the people who sent you "
                "the link.",
            ) from None
        return redirect(path, "confirmed")

    def require_listing(token: str) -> EditableListing:
        # Links from before links could be withdrawn hold only the listing's id.
        listing_id, withdrawn, *_ = (*link_signer.read_token("contact", token), 0)
        record = desk_services.editor.read(listing_id)
        if record is None or record.stored.gone:
            raise PageError(
                410, "We no longer list this", "Write to the people who sent you the link."
            )
        if withdrawn != record.withdrawn:
            raise PageError(
                410, "This link was withdrawn", "Ask the people who sent it to you for a new one."
            )
        return record

    def render_contact_page(
        request: Request,
        context: Context,
        token: str,
        record: EditableListing,
        errors: dict[str, str],
        cells: dict[str, str] | None = None,
    ) -> Response:
        page = render_page(
            request,
            "contact.html",
            422 if errors else 200,
            card=build_card(record.stored),
            record=record,
            path=f"{HOME}/contact/{token}",
            groups=_GROUPS,
            cells=cells or write_cells(record.stored.listing),
            errors=errors,
        )
        auth.set_session_cookie(request, page, context.session_token)
        return page

    return router
