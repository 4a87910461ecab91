"""Answers while Rasa is away: written answers to taps, and typed words by the same actions.

Must never hold what a person wrote.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.cards import build_card
from bot.checkin_flow import CheckInFlow
from bot.messages import Message, Reply
from bot.responses import Responses
from nlu.actions import Services
from nlu.actions.without_rasa import answer_words, search_words

_DETAILS_TAP = re.compile(r"ask_details:listing=#([0-9]{1,18})")
_SEARCH_TAP = re.compile(r"(?P<intent>find_group:interest|offer_help:strength)=(?P<text>.+)", re.S)

KeepSlots = Callable[[Mapping[str, Any]], None]


class AnswersWithoutRasa:
    """What the conversation goes on with."""

    def __init__(self, services: Services, checkin_flow: CheckInFlow, responses: Responses) -> None:
        self._services = services
        self._checkin_flow = checkin_flow
        self._responses = responses

    def answer(
        self,
        message: Message,
        slots: Mapping[str, Any],
        keep_slots: KeepSlots,
        *,
        is_starting: bool,
    ) -> list[Reply]:
        """The replies to `message`; `slots` are what is kept of the conversation.

        `keep_slots` gets the ids of the listings that the replies show. While Rasa `is_starting`
        for the first time, no reply says that it is away.
        """
        tap = message.tap or ""
        if tap == "start_check_in":
            return self._checkin_flow.start()
        if details := _DETAILS_TAP.fullmatch(tap):
            stored = self._services.search.get(int(details[1]))
            if stored is not None:
                keep_slots({"looking_at": stored.id})
                return [build_card(stored, "details")]
        team = self._services.team
        if tap == "ask_navigator" and team.contact:
            contact = {"team": team.name, "contact": team.contact}
            return [self._responses.render("utter_navigators", **contact)]
        if f"utter_{tap}" in self._responses.templates:
            return [self._responses.render(f"utter_{tap}")]
        if message.text is not None:
            messages, kept = answer_words(message.text, slots, self._services)
        elif search_tap := _SEARCH_TAP.fullmatch(tap):
            offers_help = search_tap["intent"] == "offer_help:strength"
            search = partial(search_words, offers_help=offers_help)
            messages, kept = search(search_tap["text"], slots, self._services)
        else:
            return [self._responses.render("utter_rasa_away_tap")]
        keep_slots(kept)
        replies = [reply for part in messages if (reply := self._make_reply(part))]
        has_searched = not messages or "results" in kept
        away = (
            [] if is_starting or not has_searched else [self._responses.render("utter_rasa_away")]
        )
        if not replies:
            replies = [
                self._responses.render("utter_greet" if is_starting else "utter_nlu_fallback")
            ]
        return [*away, *replies]

    def _make_reply(self, message: Mapping[str, Any]) -> Reply | None:
        """A message of the actions as a reply; None for a listing that has just gone."""
        custom = message.get("custom")
        if not custom:
            values = {name: str(value) for name, value in message.items()}
            return self._responses.render(values.pop("response"), **values)
        stored = self._services.search.get(int(custom["id"]))
        return build_card(stored, custom["view"], custom["reasons"]) if stored else None
