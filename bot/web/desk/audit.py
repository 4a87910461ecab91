"""Who changed which listing, for admins. Of residents there is nothing to be seen here."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.pages import write
from bot.web.parameters import PageNumber
from directory.importing.audit_log import History

_A_PAGE = 50


def create_audit(history: History) -> APIRouter:
    router = APIRouter(prefix="/audit")

    @router.get("")
    def list_changes(request: Request, page: PageNumber = 1) -> Response:
        # One more than is shown, to know whether there is another page.
        changes = history.read((page - 1) * _A_PAGE, _A_PAGE + 1)
        return write(
            request,
            "audit.html",
            changes=changes[:_A_PAGE],
            page=page,
            more=len(changes) > _A_PAGE,
        )

    return router
