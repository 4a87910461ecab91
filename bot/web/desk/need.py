"""What people looked for and did not find, beside what there is: where a gap could be closed."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.paper import write
from directory.desk.office import Office

_MOST_NEEDS, _MOST_AREAS = 50, 40


def create_need(office: Office) -> APIRouter:
    router = APIRouter(prefix="/need")

    @router.get("")
    def show(request: Request) -> Response:
        needs, drawn = office.supply.survey(_MOST_NEEDS, _MOST_AREAS)
        return write(request, "need.html", needs=needs, drawn=drawn)

    return router
