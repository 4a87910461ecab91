"""What people looked for and did not find, beside what there is: where a gap could be closed."""

from fastapi import APIRouter, Request, Response

from bot.web.desk.paper import write
from directory.desk.office import Office

_MOST_NEEDS, _MOST_AREAS = 50, 40


def create_need(office: Office) -> APIRouter:
    router = APIRouter(prefix="/need")

    @router.get("")
    def show(request: Request) -> Response:
        return write(
            request,
            "need.html",
            needs=office.supply.list_needs(_MOST_NEEDS),
            drawn=office.supply.draw_map(_MOST_AREAS),
        )

    return router
