"""Makes requests for recommendations from slots and wishes."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from directory.places import Area
from directory.recommend import RecommendationRequest
from directory.search.service import SearchService
from nlu.understanding.turn import Turn
from nlu.understanding.wishes import (
    FREE,
    HAVE_A_SAY,
    NEAR,
    VOLUNTEER,
    read_aged,
    read_dates,
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
        away_from=find_areas(turn.slots.get("away_from") or (), search_service),
        shown=frozenset(turn.slots.get("shown") or ()),
    )
    return set_wishes(request, turn.known_wishes)


def find_accepted_area(turn: Turn, search_service: SearchService) -> str | None:
    """The typed words that name where the person is or wants to go; None if no place is named."""
    if turn.is_tap:
        return None
    text = turn.utterance.accepted if turn.utterance.refused else turn.text
    return text if search_service.find_area(text) else None


def find_areas(names: Iterable[str], search_service: SearchService) -> tuple[Area, ...]:
    """The areas of these names that the directory knows."""
    return tuple(area for name in names if (area := search_service.find_area(name)))


def set_wishes(request: RecommendationRequest, wishes: Collection[str]) -> RecommendationRequest:
    """The same request with these wishes and no others."""
    youngest, oldest = read_aged(wishes) or (None, None)
    return replace(
        request,
        needs=read_needs(wishes),
        age=youngest,
        oldest=oldest,
        free=FREE in wishes,
        nearest=NEAR in wishes,
        dates=read_dates(wishes),
        have_a_say=HAVE_A_SAY in wishes,
        volunteers=VOLUNTEER in wishes,
    )
