"""Search as a resident would: what is found, why, and the scores behind it.

The text is passed to the search and stored nowhere.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from bot.web.desk.cards import build_card
from bot.web.desk.pages import render_page
from bot.web.desk.permissions import EDITORS
from directory.search.query import GOOD_ENOUGH
from directory.search.query import Query as SearchQuery
from directory.search.service import SearchService

_MAX_HITS = 10


def create_try_search_router(search_service: SearchService) -> APIRouter:
    router = APIRouter(prefix="/try", dependencies=[Depends(EDITORS)])

    @router.get("")
    def try_search(
        request: Request,
        q: Annotated[str, Query(max_length=1_000)] = "",
        near: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        area = search_service.find_area(near) if near.strip() else None
        query = SearchQuery(q, near=area, limit=_MAX_HITS)
        hits = search_service.search(query) if q.strip() else []
        return render_page(
            request,
            "try_search.html",
            query={"q": q, "near": near},
            area=area.name if area else "",
            is_unknown_place=bool(near.strip()) and area is None,
            topic=search_service.name_unmet_need(q) if q.strip() else "",
            hits=[(hit, build_card(hit.stored)) for hit in hits],
            good_fit=GOOD_ENOUGH,
        )

    return router
