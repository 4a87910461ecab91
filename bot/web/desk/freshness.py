"""How long ago somebody checked each listing, and which want another look."""

from fastapi import APIRouter, Request, Response

from bot.web.asking import PageNumber
from bot.web.desk.listings import see
from bot.web.desk.paper import write
from directory.desk.office import Office

_A_PAGE = 25


def create_freshness(office: Office) -> APIRouter:
    router = APIRouter(prefix="/freshness")

    @router.get("")
    def show(request: Request, page: PageNumber = 1) -> Response:
        start = (page - 1) * _A_PAGE
        found = office.register.read_freshness(start, _A_PAGE)
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
