"""When each listing was last checked, and which listings to check again."""

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.cards import build_card
from bot.web.desk.pages import render_page
from bot.web.desk.permissions import EDITORS
from bot.web.parameters import PageNumber
from directory.desk.services import DeskServices

_PAGE_SIZE = 25


def create_freshness_router(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/freshness", dependencies=[Depends(EDITORS)])

    @router.get("")
    def show_freshness(request: Request, page: PageNumber = 1) -> Response:
        start = (page - 1) * _PAGE_SIZE
        freshness = desk_services.queries.read_freshness(start, _PAGE_SIZE)
        return render_page(
            request,
            "freshness.html",
            counts=freshness.counts,
            stale=[(checked, build_card(checked.stored)) for checked in freshness.stale],
            total=freshness.total,
            page=page,
            has_next=freshness.total > start + _PAGE_SIZE,
        )

    return router
