"""A group's own contact confirms or mends its listing, by a sealed link and without an account."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.auth import HOME, Door, PageError, Visiting
from bot.web.desk.listing_form import CONTACTS_OWN, GROUPS, read_form
from bot.web.desk.listings import see
from bot.web.desk.pages import go, write
from bot.web.desk.signed_links import LinkSigner
from directory.desk.editor import Kept
from directory.desk.services import DeskServices
from directory.errors import ChangedError, PaceError
from directory.publishing.csv_export import write_cells

WHO = "its own contact"
# Whoever has the link may write the listing so often in a day; each time is kept in its history.
MOST_A_DAY = 10
_GROUPS = tuple(
    (name, tuple(field for field in fields if field.name in CONTACTS_OWN))
    for name, fields in GROUPS
)


def create_contact(desk_services: DeskServices, sealer: LinkSigner, door: Door) -> APIRouter:
    router = APIRouter(prefix="/contact")

    @router.get("/{sealed}")
    def ask(request: Request, visit: Visiting, sealed: str) -> Response:
        return show(request, visit, sealed, require(sealed), {})

    @router.post("/{sealed}")
    def answer(request: Request, visit: Visiting, sealed: str) -> Response:
        kept = require(sealed)
        here, version = f"{HOME}/contact/{sealed}", visit.text("version")
        listing = None
        # Before anything is read: it was filled in beside what was seen then.
        if version != kept.version:
            return go(here, "changed-meanwhile")
        if visit.text("do") != "confirm":
            listing, cells, wrong = read_form(visit, kept.stored.listing, CONTACTS_OWN)
            if wrong:
                return show(request, visit, sealed, kept, wrong, cells)
        try:
            desk_services.editor.assure(
                kept.stored.id, WHO, "confirmed", listing, version=version, most_a_day=MOST_A_DAY
            )
        except ChangedError:
            return go(here, "changed-meanwhile")
        except PaceError:
            raise PageError(
                429,
                "This was changed often enough today",
                "Nothing more was saved. Try again tomorrow, or write to those who sent the link.",
            ) from None
        return go(here, "confirmed")

    def require(sealed: str) -> Kept:
        # A link from before links could be withdrawn says no more than the listing.
        number, withdrawn, *_ = (*sealer.open("contact", sealed), 0)
        kept = desk_services.editor.read(number)
        if kept is None or kept.stored.gone:
            raise PageError(410, "We no longer list this", "Write to those who sent you the link.")
        if withdrawn != kept.withdrawn:
            raise PageError(
                410, "This link was withdrawn", "Ask those who sent it to you for a new one."
            )
        return kept

    def show(
        request: Request,
        visit: Visiting,
        sealed: str,
        kept: Kept,
        wrong: dict[str, str],
        cells: dict[str, str] | None = None,
    ) -> Response:
        page = write(
            request,
            "contact.html",
            422 if wrong else 200,
            seen=see(kept.stored),
            kept=kept,
            to=f"{HOME}/contact/{sealed}",
            groups=_GROUPS,
            cells=cells or write_cells(kept.stored.listing),
            wrong=wrong,
        )
        door.give(request, page, visit.cookie)
        return page

    return router
