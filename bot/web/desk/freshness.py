"""How long ago somebody checked each listing, and which want another look."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.listings import see
from bot.web.desk.pages import write
from bot.web.parameters import PageNumber
from directory.desk.services import DeskServices

_A_PAGE = 25


def create_freshness(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/freshness")

    @router.get("")
    def show(request: Request, page: PageNumber = 1) -> Response:
        start = (page - 1) * _A_PAGE
        found = desk_services.queries.read_freshness(start, _A_PAGE)
        return write(
            request,
            "freshness.html",
            counts=found.counts,
            stale=[(one, see(one.stored)) for one in found.stale],
            total=found.total,
            page=page,
            more=found.total > start + _A_PAGE,
        )

    return router
