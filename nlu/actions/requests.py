"""Makes requests for recommendations from slots and wishes."""

from collections.abc import Collection
from dataclasses import replace

from directory.recommend import RecommendationRequest
from directory.search.service import SearchService
from nlu.understanding.turn import Turn
from nlu.understanding.wishes import (
    FREE,
    HAVE_A_SAY,
    NEAR,
    THIS_WEEK,
    VOLUNTEER,
    read_age,
    read_needs,
)


def read_request(turn: Turn, search_service: SearchService) -> RecommendationRequest:
    """The search as the slots of `turn` describe it."""
    area = turn.slots.get("area")
    request = RecommendationRequest(
        interest=turn.slots.get("interest"),
        strength=turn.slots.get("strength"),
        area=search_service.find_area(area) if area else None,
        avoid=turn.slots.get("avoid") or "",
        shown=frozenset(turn.slots.get("shown") or ()),
    )
    return set_wishes(request, turn.known_wishes)


def set_wishes(request: RecommendationRequest, wishes: Collection[str]) -> RecommendationRequest:
    """The same request with these wishes and no others."""
    return replace(
        request,
        needs=read_needs(wishes),
        age=read_age(wishes),
        free=FREE in wishes,
        nearest=NEAR in wishes,
        this_week=THIS_WEEK in wishes,
        have_a_say=HAVE_A_SAY in wishes,
        volunteers=VOLUNTEER in wishes,
    )
