"""What people looked for and did not find, beside what there is: where a gap could be closed."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.pages import write
from directory.desk.services import DeskServices

_MOST_NEEDS, _MOST_AREAS = 50, 40


def create_need(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/need")

    @router.get("")
    def show(request: Request) -> Response:
        needs, drawn = desk_services.supply.survey(_MOST_NEEDS, _MOST_AREAS)
        return write(request, "need.html", needs=needs, drawn=drawn)

    return router
