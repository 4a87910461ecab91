"""Bulk import at the desk, and what of any source could not be shown, to mend and try again."""

import json
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from bot.web.desk.auth import HOME, PageError, Visiting
from bot.web.desk.listing_form import EMPTY, GROUPS, read_form
from bot.web.desk.listings import look_at
from bot.web.desk.pages import go, write
from bot.web.parameters import Number, PageNumber
from directory.desk.queries import Quarantined
from directory.desk.services import DeskServices
from directory.errors import HeldError
from directory.importing.importer import ImportReport
from directory.publishing.csv_export import write_cells
from directory.sources.detect import read_bytes
from directory.sources.template import COLUMNS
from directory.text import drop_unprintable

ROOM = f"{HOME}/imports"
MOST_UPLOADED = 5 * 1024 * 1024
# What is learnt in about a minute; more is for the command, which tells how far it is.
_MOST_ROWS = 2_000
_LONGEST_NAME = 60
_A_PAGE = 50


def create_importing(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/imports")

    @router.get("")
    def show(request: Request, page: PageNumber = 1) -> Response:
        return show_page(request, page=page)

    @router.post("", max_body_size=MOST_UPLOADED)
    def take_in(request: Request, visit: Visiting) -> Response:
        sent = visit.form.get("file")
        if not isinstance(sent, UploadFile) or not sent.filename:
            raise PageError(422, "There is no file", "Choose a file, then send it again.")
        name = drop_unprintable(PurePath(sent.filename).name)[:_LONGEST_NAME]
        source = visit.text("source")[:_LONGEST_NAME] or PurePath(name).stem
        rows = read_bytes(sent.file.read(), name)
        if len(rows) > _MOST_ROWS:
            raise PageError(
                413,
                f"It has more than {_MOST_ROWS:,} rows",
                f"Send it in parts of {_MOST_ROWS:,} rows at most, all under one name and none as "
                "the whole list, or ask an operator to take it in.",
            )
        whole = visit.text("whole") == "yes"
        accepted = visit.text("loss") == "yes"
        try:
            report = desk_services.take_in(
                source, rows, visit.who.name, complete=whole, accept_loss=accepted
            )
        except HeldError:
            return show_page(request, 409, refused=source, whole=whole)
        return show_page(request, report=report)

    @router.get("/{number}")
    def look(request: Request, number: Number) -> Response:
        row = require(number)
        return show_form(request, row, _guess_cells(row), {})

    @router.post("/{number}")
    def mend(request: Request, visit: Visiting, number: Number) -> Response:
        row = require(number)
        listing, cells, wrong = read_form(visit, EMPTY)
        if wrong or visit.text("do") == "look":
            preview = None if wrong else look_at(desk_services, listing)
            return show_form(request, row, cells, wrong, preview)
        at = desk_services.editor.mend(number, listing, visit.who.name)
        return go(f"{HOME}/listings/{at}", "mended")

    @router.post("/{number}/drop")
    def drop(visit: Visiting, number: Number) -> Response:
        desk_services.editor.leave_out(number, visit.who.name)
        return go(ROOM, "dropped")

    def require(number: int) -> Quarantined:
        row = desk_services.queries.get_quarantined(number)
        if row is None:
            raise PageError(
                404, "This row is not held back any more", "It was mended, or read again since."
            )
        return row

    def show_page(
        request: Request,
        status: int = 200,
        *,
        page: int = 1,
        report: ImportReport | None = None,
        refused: str = "",
        whole: bool = False,
    ) -> Response:
        start = (page - 1) * _A_PAGE
        held, total = desk_services.queries.list_quarantined(start, _A_PAGE)
        return write(
            request,
            "imports.html",
            status,
            report=report,
            refused=refused,
            whole=whole,
            quarantined=held,
            total=total,
            first=start + 1,
            page=page,
            more=total > start + _A_PAGE,
        )

    def show_form(
        request: Request,
        row: Quarantined,
        cells: dict[str, str],
        wrong: dict[str, str],
        preview: dict[str, Any] | None = None,
    ) -> Response:
        return write(
            request,
            "mend.html",
            422 if wrong else 200,
            preview=preview,
            row=row,
            content=json.dumps(row.content, ensure_ascii=False, indent=1),
            groups=GROUPS,
            cells=cells,
            wrong=wrong,
        )

    return router


def _guess_cells(row: Quarantined) -> dict[str, str]:
    """The form's cells from what was read of the row, whichever form its source has."""
    told = {name: str(row.content.get(name, "")) for name in COLUMNS if row.content.get(name)}
    cells = {**write_cells(EMPTY), "name": row.name}
    cells |= {
        name: text for name, text in told.items() if not isinstance(row.content[name], dict | list)
    }
    if row.confidential:
        cells["confidential"] = "yes"
    return cells
