"""Type as a resident would: what is found, why, and the scores behind it.

The words are handed to the catalogue and kept nowhere.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.web.desk.listings import see
from bot.web.desk.paper import write
from directory.catalogue import Catalogue
from directory.finding.query import GOOD_ENOUGH
from directory.finding.query import Query as Wanted

_SHOWN = 10


def create_trying(catalogue: Catalogue) -> APIRouter:
    router = APIRouter(prefix="/try")

    @router.get("")
    def search(
        request: Request,
        q: Annotated[str, Query(max_length=1_000)] = "",
        near: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        area = catalogue.find_area(near) if near.strip() else None
        hits = catalogue.search(Wanted(q, near=area, limit=_SHOWN)) if q.strip() else []
        return write(
            request,
            "try.html",
            asked={"q": q, "near": near},
            area=area.name if area else "",
            unknown=bool(near.strip()) and area is None,
            topic=catalogue.name_need(q) if q.strip() else "",
            hits=[(hit, see(hit.found)) for hit in hits],
            enough=GOOD_ENOUGH,
        )

    return router
