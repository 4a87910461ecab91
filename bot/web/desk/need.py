"""Unmet need next to the listings there are, to show where a gap could be closed."""

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.pages import render_page
from bot.web.desk.permissions import EDITORS
from directory.desk.services import DeskServices

_MAX_NEEDS, _MAX_AREAS = 50, 40


def create_need_router(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/need", dependencies=[Depends(EDITORS)])

    @router.get("")
    def show_need(request: Request) -> Response:
        needs, asset_map = desk_services.asset_supply.survey(_MAX_NEEDS, _MAX_AREAS)
        return render_page(request, "need.html", needs=needs, asset_map=asset_map)

    return router
