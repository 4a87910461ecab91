"""The audit log for admins: who changed what, and when. It holds nothing about residents."""

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.pages import render_page
from bot.web.desk.permissions import ADMINS
from bot.web.parameters import PageNumber
from directory.importing.audit_log import AuditLog

_PAGE_SIZE = 50


def create_audit_router(history: AuditLog) -> APIRouter:
    router = APIRouter(prefix="/audit", dependencies=[Depends(ADMINS)])

    @router.get("")
    def list_changes(request: Request, page: PageNumber = 1) -> Response:
        # One entry more than is shown, to know whether there is another page.
        changes = history.read_entries((page - 1) * _PAGE_SIZE, _PAGE_SIZE + 1)
        return render_page(
            request,
            "audit.html",
            changes=changes[:_PAGE_SIZE],
            page=page,
            has_next=len(changes) > _PAGE_SIZE,
        )

    return router
