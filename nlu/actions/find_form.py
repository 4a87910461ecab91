"""Asking what matters, what the person can give, where, and what would make it easier.

Once each, and never twice: one message may answer several, and any text is an answer.
"""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.search.query import Query
from directory.search.service import SearchService
from nlu.actions.turn import AGED, PASSING, SKIPPED, TOLD, Turn, said
from nlu.understanding.feelings import recognise
from nlu.understanding.topics import CLOSE
from nlu.understanding.utterance import asks, asks_outright, gives_nothing

# In characters: the encoder reads no more than about this.
_MOST_WORDS = 500
ASKED = ("interest", "strength", "area", "ease")
_PLACES_OFFERED = 6
_LONGEST_PLACE = 4  # in words
_SEEKING = {"find_group", "have_a_say"}
# These answer the question that was asked, whatever Rasa takes them for.
_TELLING = {
    "find_group", "offer_help", "have_a_say", "set_area", "share_feeling",
    "refine_search",
}  # fmt: skip


class ActionBeginSearch(Action):
    """Starts a new search with what was just said; what is known of the person stays known."""

    def name(self) -> str:
        return "action_begin_search"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return begin(dispatcher, tracker)


def begin(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """The slots that a new search starts with. Hears first what was told beside the wish."""
    turn = Turn.read(tracker)
    feeling = None if turn.tapped else recognise(turn.text)
    if feeling:
        dispatcher.utter_message(response=f"utter_hear_{feeling.name}")
    interest, strength = _read_beginning(turn)
    if strength is None:
        # Somebody who has just told of a grief is not asked what they could do for others.
        heard = tracker.get_slot("heard") or (feeling and feeling.name == "bereaved")
        strength = SKIPPED if heard else tracker.get_slot("strength")
    known = set(tracker.get_slot("wishes") or ()) - PASSING
    shown = tracker.get_slot("shown") if turn.said.changed else None
    return [
        SlotSet("interest", interest),
        SlotSet("strength", strength),
        SlotSet("wishes", turn.merge_wishes(known)),
        SlotSet("avoid", turn.said.refused),
        SlotSet("results", []),
        SlotSet("shown", shown or []),
        SlotSet("looking_at", None),
        SlotSet("heard", None),
    ]


def _read_beginning(turn: Turn) -> tuple[str | None, str | None]:
    """What is looked for, and what is offered, in the words that begin a search."""
    told = turn.said
    if turn.tapped:
        interest, strength = turn.entities.get("interest"), turn.entities.get("strength")
        return (SKIPPED, strength) if turn.intent == "offer_help" else (interest, None)
    if turn.intent != "offer_help" or told.changed:
        if told.given and not asks(told.wanted):
            return turn.text, told.given
        return told.wanted or (None if told.refused else turn.text), told.given or None
    if told.given and asks(told.wanted):
        return told.wanted, told.given
    return SKIPPED, turn.text


class ValidateFindForm(Action):
    """Reads an answer to the form's question. Setting no slot hands the turn to the rules."""

    def __init__(self, search_service: SearchService) -> None:
        self._search_service = search_service

    def name(self) -> str:
        return "validate_find_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        if turn.asked_for and _tells_feeling(turn):
            return []
        told = self._read(turn, tracker)
        lost = turn.asked_for == "area" and told.get("area") == SKIPPED
        if lost and turn.intent not in {"deny", "show_more"} and not gives_nothing(turn.text):
            dispatcher.utter_message(response="utter_area_unknown")
        if told and turn.asked_for and turn.asked_for not in told:
            # The same question comes again, as if nobody had listened.
            dispatcher.utter_message(response="utter_kept_in_mind")
        # A directory that knows no places is not worth asking where about.
        if not self._search_service.area_names() and tracker.get_slot("area") is None:
            told.setdefault("area", SKIPPED)
        return [SlotSet(slot, value) for slot, value in told.items()]

    def _read(self, turn: Turn, tracker: Tracker) -> dict[str, Any]:
        """The slots that this turn fills."""
        told: dict[str, Any] = {}
        named = turn.entities.get("area") if turn.tapped else turn.text
        if named and self._search_service.find_area(named):
            told["area"] = named
        wishes = turn.merge_wishes(tracker.get_slot("wishes") or ())
        if tracker.get_slot("ease") is None and any(map(_eases, wishes)):
            told["ease"] = TOLD
        if turn.asked_for is None:
            return told
        if turn.wishes or turn.dropped:
            told["wishes"] = wishes
        if turn.intent == "show_more":
            unanswered = (slot for slot in ASKED if tracker.get_slot(slot) is None)
            return dict.fromkeys(unanswered, SKIPPED) | told
        if turn.tapped:
            return _read_tap(turn) | told
        return told | self._read_words(turn, tracker, told)

    def _read_words(self, turn: Turn, tracker: Tracker, told: dict[str, Any]) -> dict[str, Any]:
        """What the typed words add to what was `told` beside them."""
        asked, words = str(turn.asked_for), turn.said
        answers = turn.intent in {*_TELLING, "deny"} or not turn.sure
        if asked == "area" and turn.intent == "out_of_scope":
            # A place that nobody here knows has an odd name to Rasa too.
            answers = len(turn.text.split()) <= _LONGEST_PLACE
        if not answers and not told and not gives_nothing(turn.text):
            return {}
        if gives_nothing(turn.text):
            return {asked: SKIPPED}
        if "area" not in told or asks_outright(turn.text):
            seeks = turn.intent in _SEEKING and turn.sure
            new_wish = asks_outright(turn.text) or (
                seeks and (asks(turn.text) or self._finds(turn))
            )
            says_more = words.wanted or words.refused or words.given
            if (
                (words.changed and says_more)
                or (words.refused and asked != "strength")
                or (new_wish and asked != "interest")
            ):
                return _change_mind(turn, tracker, asked)
        if turn.intent == "deny":
            return {asked: SKIPPED}
        if asked in told:
            return {}
        if told and turn.intent in {"refine_search", "set_area"}:
            # Said beside the question, which comes again.
            return {}
        if not answers:
            return {}
        if asked == "area":
            return {"area": SKIPPED}
        if asked == "ease" or turn.intent == "refine_search":
            known = said(tracker.get_slot("interest"))
            return {"interest": add_words(known, turn.text)} | (
                {"ease": TOLD} if asked == "ease" else {}
            )
        if asked == "interest" and words.given and words.wanted:
            return {"interest": words.wanted, "strength": words.given}
        return {asked: turn.text}

    def _finds(self, turn: Turn) -> bool:
        """Whether words that name no place name something that the directory has."""
        if turn.asked_for != "area":
            return False
        hits = self._search_service.search(Query(turn.text, limit=1))
        return bool(hits) and hits[0].fit >= CLOSE


def _tells_feeling(turn: Turn) -> bool:
    """Whether it is to be heard, and answers no question."""
    if turn.intent != "share_feeling" or not turn.sure or gives_nothing(turn.text):
        return False
    return recognise(turn.text) is not None or not turn.wishes


def _eases(wish: str) -> bool:
    """Whether the wish answers what would make it easier to go."""
    return wish not in PASSING and not wish.startswith(AGED)


def _read_tap(turn: Turn) -> dict[str, Any]:
    """What a button fills; one that answers no question fills nothing."""
    # A place that is not known is an answer too.
    if turn.intent == "deny" or (turn.intent, turn.asked_for) == ("set_area", "area"):
        return {str(turn.asked_for): SKIPPED}
    return {slot: turn.entities[slot] for slot in ("interest", "strength") if slot in turn.entities}


def _change_mind(turn: Turn, tracker: Tracker, asked: str) -> dict[str, Any]:
    """Something else is looked for, or something is not; the question comes again."""
    words = turn.said
    avoid = ", ".join(filter(None, [tracker.get_slot("avoid"), words.refused]))
    filled: dict[str, Any] = {"avoid": avoid}
    if words.wanted:
        filled["interest"] = words.wanted
    elif asked == "ease":
        filled["ease"] = TOLD
    if words.given:
        filled["strength"] = words.given
    return filled


class ActionAskArea(Action):
    """Asks where, with the directory's own places to pick from."""

    def __init__(self, search_service: SearchService) -> None:
        self._search_service = search_service

    def name(self) -> str:
        return "action_ask_area"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        buttons = [
            {"title": name, "payload": f"set_area:area={name}"}
            for name in self._search_service.area_names()[:_PLACES_OFFERED]
        ]
        buttons += [
            {"title": "Skip", "payload": "deny"},
            {"title": "Just show me", "payload": "show_more"},
        ]
        dispatcher.utter_message(response="utter_ask_where", buttons=buttons)
        return []


def add_words(interest: str | None, more: str) -> str:
    """What was looked for, and what was said of it since; the latest counts if it grows long."""
    return ". ".join(filter(None, [interest, more.strip()]))[-_MOST_WORDS:]
