"""Import of files, and the rows of any source that were quarantined, to fix or to remove."""

import json
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from bot.web.desk.auth import HOME, Context, PageError
from bot.web.desk.cards import build_preview
from bot.web.desk.listing_form import EMPTY_LISTING, FIELD_GROUPS, parse_listing_form
from bot.web.desk.pages import redirect, render_page
from bot.web.desk.permissions import EDITORS
from bot.web.parameters import PageNumber, RecordId
from directory.desk.import_jobs import ImportCounts, Upload
from directory.desk.queries import Quarantined
from directory.desk.services import DeskServices
from directory.errors import ImportHeldError, SourceTooLargeError
from directory.publishing.csv_export import write_cells
from directory.sources.limits import UPLOAD_LIMITS
from directory.sources.template import COLUMNS
from directory.text import drop_unprintable

PATH = f"{HOME}/imports"
MAX_UPLOAD_BYTES = UPLOAD_LIMITS.max_bytes
_MAX_NAME_LENGTH = 60
_PAGE_SIZE = 50


def create_imports_router(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/imports", dependencies=[Depends(EDITORS)])

    @router.get("")
    def show_imports(request: Request, page: PageNumber = 1) -> Response:
        return render_imports(request, page=page)

    @router.post("")
    def import_file(request: Request, context: Context) -> Response:
        file = context.form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise PageError(422, "No file was chosen", "Choose a file, then send it again.")
        name = drop_unprintable(PurePath(file.filename).name)[:_MAX_NAME_LENGTH]
        source = context.get_text("source")[:_MAX_NAME_LENGTH] or PurePath(name).stem
        upload = Upload(
            file.file.read(),
            name,
            source,
            context.user.name,
            complete=context.get_text("whole") == "yes",
            accept_loss=context.get_text("loss") == "yes",
        )
        try:
            counts = desk_services.import_upload(upload)
        except ImportHeldError:
            return render_imports(request, 409, refused_source=source, is_complete=upload.complete)
        except SourceTooLargeError as error:
            raise PageError(
                413,
                "The file is too large",
                f"{error.message} Split it into files of at most {UPLOAD_LIMITS.max_rows:,} rows, "
                "give them the same source name and leave “This is the complete list” unticked. "
                "Or ask the person who runs this service to import it.",
            ) from None
        return render_imports(request, counts=counts)

    @router.get("/{row_id}")
    def show_row(request: Request, row_id: RecordId) -> Response:
        row = require_row(row_id)
        return render_row(request, row, _guess_cells(row), {})

    @router.post("/{row_id}")
    def fix_row(request: Request, context: Context, row_id: RecordId) -> Response:
        row = require_row(row_id)
        listing, cells, errors = parse_listing_form(context, EMPTY_LISTING)
        if errors or context.get_text("do") == "look":
            preview = None if errors else build_preview(desk_services, listing)
            return render_row(request, row, cells, errors, preview)
        listing_id = desk_services.editor.fix_quarantined(row_id, listing, context.user.name)
        return redirect(f"{HOME}/listings/{listing_id}", "mended")

    @router.post("/{row_id}/drop")
    def remove_row(context: Context, row_id: RecordId) -> Response:
        desk_services.editor.remove_quarantined(row_id, context.user.name)
        return redirect(PATH, "dropped")

    def require_row(row_id: int) -> Quarantined:
        row = desk_services.queries.get_quarantined(row_id)
        if row is None:
            raise PageError(
                404,
                "This row is no longer on the list",
                "Somebody fixed or removed it, or its source was read again.",
            )
        return row

    def render_imports(
        request: Request,
        status: int = 200,
        *,
        page: int = 1,
        counts: ImportCounts | None = None,
        refused_source: str = "",
        is_complete: bool = False,
    ) -> Response:
        start = (page - 1) * _PAGE_SIZE
        rows, total = desk_services.queries.list_quarantined(start, _PAGE_SIZE)
        return render_page(
            request,
            "imports.html",
            status,
            counts=counts,
            refused_source=refused_source,
            is_complete=is_complete,
            rows=rows,
            total=total,
            first=start + 1,
            page=page,
            has_next=total > start + _PAGE_SIZE,
        )

    def render_row(
        request: Request,
        row: Quarantined,
        cells: dict[str, str],
        errors: dict[str, str],
        preview: dict[str, Any] | None = None,
    ) -> Response:
        return render_page(
            request,
            "fix_row.html",
            422 if errors else 200,
            preview=preview,
            row=row,
            content=json.dumps(row.content, ensure_ascii=False, indent=1),
            groups=FIELD_GROUPS,
            cells=cells,
            errors=errors,
        )

    return router


def _guess_cells(row: Quarantined) -> dict[str, str]:
    """The form's cells from the stored row, in any source format."""
    values = {
        column: str(value)
        for column in COLUMNS
        if (value := row.content.get(column)) and not isinstance(value, dict | list)
    }
    cells = {**write_cells(EMPTY_LISTING), "name": row.name, **values}
    if row.confidential:
        cells["confidential"] = "yes"
    return cells
