"""Type as a resident would: what is found, why, and the scores behind it.

The words are handed to the catalogue and kept nowhere.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.web.desk.listings import see
from bot.web.desk.pages import write
from directory.search.query import GOOD_ENOUGH
from directory.search.query import Query as Wanted
from directory.search.service import SearchService

_SHOWN = 10


def create_trying(search_service: SearchService) -> APIRouter:
    router = APIRouter(prefix="/try")

    @router.get("")
    def search(
        request: Request,
        q: Annotated[str, Query(max_length=1_000)] = "",
        near: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        area = search_service.find_area(near) if near.strip() else None
        hits = search_service.search(Wanted(q, near=area, limit=_SHOWN)) if q.strip() else []
        return write(
            request,
            "try.html",
            asked={"q": q, "near": near},
            area=area.name if area else "",
            unknown=bool(near.strip()) and area is None,
            topic=search_service.name_need(q) if q.strip() else "",
            hits=[(hit, see(hit.found)) for hit in hits],
            enough=GOOD_ENOUGH,
        )

    return router
