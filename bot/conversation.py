"""Turns a message into replies, for any channel: safety first, then check-in, then Rasa.

Owns the order of these steps and what happens while Rasa is away. Must never store, log or pass
on who is speaking: Rasa sees a keyed hash of the sender.
"""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Sequence
from functools import partial

from bot.active_conversations import ActiveConversations
from bot.cards import build_card
from bot.checkin_flow import CheckInFlow
from bot.commands import read_command
from bot.messages import Message, Reply
from bot.rasa.client import (
    Handover,
    ListingReference,
    RasaBusyError,
    RasaReply,
    RasaUnavailableError,
)
from bot.rasa.process import RasaProcess
from bot.responses import Responses, clean_typed_text
from bot.safety.guard import Guard
from bot.safety.guard import make_replies as make_safety_replies
from directory.notes import Notebook
from directory.recommend import RecommendationRequest, recommend_listings, record_unmet_need
from directory.search.service import SearchService
from directory.team import Team

log = logging.getLogger(__name__)

_DETAILS_TAP = re.compile(r"ask_details:listing=#([0-9]{1,18})")
_SEARCH_TAP = re.compile(r"(?P<intent>find_group:interest|offer_help:strength)=(?P<text>.+)", re.S)
# Erasing must leave Rasa time for active conversations.
_MAX_ERASED_AT_ONCE = 4


class Conversation:
    """One conversation engine for every channel. `sender` names a person within a channel."""

    def __init__(
        self,
        *,
        guard: Guard,
        checkin_flow: CheckInFlow,
        rasa: RasaProcess,
        search_service: SearchService,
        notebook: Notebook,
        secret: bytes,
        nation: str,
        team: Team,
    ) -> None:
        self._guard = guard
        self._checkin_flow = checkin_flow
        self._rasa = rasa
        self._search_service = search_service
        self._notebook = notebook
        self._secret = secret
        self._nation = nation
        self._team = team
        self._responses = Responses()
        self._active = ActiveConversations()
        self._erasing = asyncio.Semaphore(_MAX_ERASED_AT_ONCE)

    async def answer(
        self, sender: str, message: Message, *, client: str | None = None
    ) -> list[Reply]:
        """The replies to `message`. Never raises for anything that a person can send."""
        pseudonym = self._make_pseudonym(sender)
        self._active.begin_answer(pseudonym)
        try:
            return await self._answer(sender, client, message)
        finally:
            # The person may have left before Rasa received their last message.
            if self._active.end_answer(pseudonym):
                await self._erase(sender)

    async def forget(self, sender: str) -> None:
        """Erase what is stored of the conversation.

        Without a conversation this does nothing, so that calling it often cannot keep Rasa busy.
        Rasa stores conversations in memory only: if it cannot erase one, it is restarted.
        """
        self._active.mark_left(self._make_pseudonym(sender))
        await self._erase(sender)

    async def _answer(self, sender: str, client: str | None, message: Message) -> list[Reply]:
        safety_replies: list[Reply] = []
        if message.text is not None:
            classification = await asyncio.to_thread(self._guard.classify, message.text)
            safety_replies = list(
                make_safety_replies(classification.label, self._nation, classification.kind)
            )
            if classification.label == "crisis":
                return safety_replies
        if message.tap is not None and self._checkin_flow.owns(message.tap):
            return await asyncio.to_thread(self._checkin_flow.answer, message.tap, client or sender)
        try:
            return safety_replies + await self._converse(sender, message)
        except Exception as error:
            # The type alone, because the error's own text may quote the message.
            log.error("A message could not be answered: %s", type(error).__name__)
            return [*safety_replies, self._responses.render("utter_broken")]

    async def _erase(self, sender: str) -> None:
        pseudonym = self._make_pseudonym(sender)
        if not self._active.remove_conversation(pseudonym) or not self._rasa.is_up:
            return
        try:
            async with self._erasing:
                await self._rasa.client.forget(pseudonym)
        except RasaUnavailableError as error:
            log.warning("Rasa could not erase a conversation: %s", error)
            await self._rasa.forget_all()

    async def _converse(self, sender: str, message: Message) -> list[Reply]:
        if message.text is not None:
            tap = read_command(message.text) or self._responses.find_tap(message.text)
            message = Message(tap=tap) if tap else message
        if message.tap == "forget_me":
            await self._erase(sender)
            return [self._responses.render("utter_forgotten")]
        if message.tap == "listen_now":
            return list(make_safety_replies("support", self._nation))
        if message.tap == "start_again":
            await self._erase(sender)
            message = Message(tap="greet")
        payload = self._make_payload(message)
        if payload is None:
            unreadable = "utter_empty" if message.text is not None else "utter_tap_unknown"
            return [self._responses.render(unreadable)]
        try:
            rasa_replies = await self._send_to_rasa(self._make_pseudonym(sender), payload)
        except RasaUnavailableError:
            return await self._answer_without_rasa(message)
        return await self._complete_replies(sender, rasa_replies)

    def _make_payload(self, message: Message) -> str | None:
        """The message in Rasa's form, or None if there is nothing to read."""
        if message.location is not None:
            # A hundredth of a degree is about a kilometre: enough to find what is near.
            latitude, longitude = message.location
            return self._responses.make_payload(f"set_area:area={latitude:.2f},{longitude:.2f}")
        if message.tap is not None:
            return self._responses.make_payload(message.tap)
        return clean_typed_text(message.text or "") or None

    async def _send_to_rasa(self, pseudonym: str, payload: str) -> list[RasaReply]:
        if not self._rasa.is_up:
            raise RasaUnavailableError("it is not up")
        self._active.add_conversation(pseudonym)
        try:
            rasa_replies = await self._rasa.client.send(pseudonym, payload)
        except RasaBusyError:
            raise
        except RasaUnavailableError as error:
            log.warning("Rasa did not answer: %s", error)
            self._rasa.report_failure()
            raise
        self._rasa.report_answer()
        return rasa_replies

    async def _complete_replies(
        self, sender: str, rasa_replies: Sequence[RasaReply]
    ) -> list[Reply]:
        """Rasa's replies, with cards in place of its listings, after carrying out its handovers."""
        references = [reply for reply in rasa_replies if isinstance(reply, ListingReference)]
        cards = iter(await asyncio.to_thread(self._build_cards, references) if references else ())
        replies: list[Reply] = []
        is_broken = False
        for reply in rasa_replies:
            if isinstance(reply, ListingReference):
                # Several listings may have left the directory: one reply says so.
                if (card := next(cards)) not in replies:
                    replies.append(card)
            elif reply is Handover.FORGET:
                await self._erase(sender)
                replies.append(self._responses.render("utter_forgotten"))
            elif reply is Handover.CHECK_IN:
                replies += self._checkin_flow.start()
            elif reply is Handover.BROKEN:
                is_broken = True
            elif not isinstance(reply, Handover):
                replies.append(reply)
        if is_broken:
            # Several actions may have failed in one turn: one reply says so.
            replies.append(self._responses.render("utter_broken"))
        return replies or [self._responses.render("utter_nlu_fallback")]

    def _build_cards(self, references: Sequence[ListingReference]) -> list[Reply]:
        """A card for each listing; a text for one that has just left the directory."""
        listings = [self._search_service.get(reference.listing_id) for reference in references]
        return [
            build_card(stored, reference.view, reference.reasons)
            if stored
            else self._responses.render("utter_details_gone")
            for stored, reference in zip(listings, references, strict=True)
        ]

    async def _answer_without_rasa(self, message: Message) -> list[Reply]:
        """Written answers to taps, and a search for typed words as they are."""
        tap = message.tap or ""
        if tap == "start_check_in":
            return self._checkin_flow.start()
        if details := _DETAILS_TAP.fullmatch(tap):
            stored = await asyncio.to_thread(self._search_service.get, int(details[1]))
            if stored is not None:
                return [build_card(stored, "details")]
        if tap == "ask_navigator" and self._team.contact:
            contact = {"team": self._team.name, "contact": self._team.contact}
            return [self._responses.render("utter_navigators", **contact)]
        if f"utter_{tap}" in self._responses.templates:
            return [self._responses.render(f"utter_{tap}")]
        search_tap = _SEARCH_TAP.fullmatch(tap)
        text = search_tap["text"] if search_tap else message.text
        if text is None:
            return [self._responses.render("utter_rasa_away_tap")]
        return await self._search_without_rasa(text, offers_help=tap.startswith("offer_help"))

    async def _search_without_rasa(self, text: str, *, offers_help: bool) -> list[Reply]:
        request = await asyncio.to_thread(self._make_request, text, offers_help)
        recommendation = await asyncio.to_thread(recommend_listings, self._search_service, request)
        # While Rasa is only loading, the reply does not mention it.
        away = [] if self._rasa.is_starting else [self._responses.render("utter_rasa_away")]
        if not recommendation.has_good_hits:
            record = partial(record_unmet_need, needs_topic=True)
            asyncio.get_running_loop().run_in_executor(
                None, record, self._search_service, self._notebook, request
            )
            opening = "utter_nlu_fallback" if away else "utter_greet"
            return [*away, self._responses.render(opening)]
        cards = [build_card(hit.stored, "card", hit.reasons) for hit in recommendation.hits]
        return [*away, self._responses.render("utter_found"), *cards]

    def _make_request(self, text: str, offers_help: bool) -> RecommendationRequest:
        area = self._search_service.find_area(text)
        if offers_help:
            return RecommendationRequest(strength=text, area=area)
        return RecommendationRequest(interest=text, area=area)

    def _make_pseudonym(self, sender: str) -> str:
        return hmac.new(self._secret, sender.encode(), hashlib.sha256).hexdigest()
