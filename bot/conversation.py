"""Turns a message into replies, for any channel: safety first, then check-in, then Rasa.

Owns the order of these steps, what a person is shown while they wait, and what happens while Rasa
is away. Must never store, log or pass on who is speaking: Rasa sees a keyed hash of the sender.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.cards import build_card
from bot.checkin_flow import CheckInFlow
from bot.commands import read_command
from bot.helplines_button import add_helplines_button
from bot.messages import (
    MAX_MESSAGE_LENGTH,
    Choices,
    HelpLines,
    Message,
    Reply,
    SendEarly,
    Text,
)
from bot.open_answers import OpenAnswers
from bot.rasa.client import Handover, ListingReference, RasaReply, RasaUnavailableError
from bot.rasa.gateway import RasaGateway
from bot.rasa.turn_queue import QueueFullError
from bot.responses import Responses, clean_typed_text, get_line
from bot.safety.care import Care, Classifier
from bot.without_rasa import AnswersWithoutRasa
from nlu.actions import Services

log = logging.getLogger(__name__)

_LOSSES = {Handover.TALK_LOST: "utter_talk_lost", Handover.SEARCH_LOST: "utter_search_lost"}
_SECONDS_UNTIL_BUSY_NOTICE = 2.0
# After these taps an open check-in is not offered again.
_FRESH_STARTS = {"forget_me", "start_again", "start_check_in"}


class Conversation:
    """One conversation engine for every channel. `sender` names a person within a channel."""

    def __init__(
        self,
        *,
        guard: Classifier,
        checkin_flow: CheckInFlow,
        rasa: RasaGateway,
        services: Services,
        secret: bytes,
        nation: str,
    ) -> None:
        self._care = Care(guard, nation)
        self._checkin_flow = checkin_flow
        self._rasa = rasa
        self._search_service = services.search
        self._secret = secret
        self._responses = Responses()
        self._without_rasa = AnswersWithoutRasa(services, checkin_flow, self._responses)
        self._open_answers = OpenAnswers()

    async def answer(
        self,
        sender: str,
        message: Message,
        *,
        client: str | None = None,
        send_early: SendEarly | None = None,
    ) -> list[Reply]:
        """The replies to `message`. Never raises for anything that a person can send."""
        pseudonym = self._make_pseudonym(sender)
        self._open_answers.begin(pseudonym)
        try:
            replies = await self._answer(pseudonym, client or sender, message, send_early)
            if self._care.has_seen_crisis(pseudonym):
                return add_helplines_button(replies)
            return replies
        finally:
            # The person may have left before Rasa received their last message.
            if self._open_answers.end(pseudonym):
                await self._forget(pseudonym)

    async def forget(self, sender: str) -> None:
        """Erase what is stored of the conversation.

        Without a conversation this does nothing, so that calling it often cannot keep Rasa busy.
        """
        pseudonym = self._make_pseudonym(sender)
        self._open_answers.mark_left(pseudonym)
        await self._forget(pseudonym)

    async def _forget(self, pseudonym: str) -> None:
        self._care.forget(pseudonym)
        await self._rasa.forget(pseudonym)

    async def _answer(
        self, pseudonym: str, client: str, message: Message, send_early: SendEarly | None
    ) -> list[Reply]:
        safety_replies: list[Reply] = []
        if message.text is not None:
            is_private = bool(message.open_checkin)
            care = await asyncio.to_thread(
                self._care.answer, pseudonym, message.text, is_private=is_private
            )
            safety_replies = list(care.replies)
            if care.is_final:
                return [_keep_open(reply, message.open_checkin) for reply in safety_replies]
        if message.is_edit and not await self._rasa.rewind(pseudonym, message.number):
            replies = [*safety_replies, Text(get_line("edited_too_late"))]
            return await asyncio.to_thread(self._offer_open_checkin, message, replies)
        checkin_replies = await asyncio.to_thread(self._answer_check_in, message, client)
        if checkin_replies is not None:
            return safety_replies + checkin_replies
        if message.text is not None:
            tap = read_command(message.text) or self._responses.find_tap(message.text)
            message = replace(message, text=None, tap=tap) if tap else message
        converse = asyncio.create_task(
            self._converse_safely(pseudonym, self._make_pseudonym(client), message)
        )
        replies = await self._await_replies(converse, safety_replies, send_early)
        if message.text is not None and len(message.text.strip()) > MAX_MESSAGE_LENGTH:
            # Below helplines, which come first.
            place = len(safety_replies) if replies[: len(safety_replies)] == safety_replies else 0
            replies.insert(place, Text(get_line("message_cut", most=MAX_MESSAGE_LENGTH)))
        return await asyncio.to_thread(self._offer_open_checkin, message, replies)

    def _answer_check_in(self, message: Message, client: str) -> list[Reply] | None:
        """The replies of the check-in to its taps, and to what answers its open question."""
        if message.tap is not None and self._checkin_flow.owns(message.tap):
            return self._checkin_flow.answer(message.tap, client, message.open_checkin)
        typed = None if message.is_edit else message.text
        if message.tap == "stop":
            typed = get_line("checkin_button_stop")
        if typed is None or not message.open_checkin:
            return None
        return self._checkin_flow.answer_text(typed, message.open_checkin, client)

    def _offer_open_checkin(self, message: Message, replies: list[Reply]) -> list[Reply]:
        """The replies, and below them the check-in's open question, exactly where it was."""
        is_forgotten = self._responses.render("utter_forgotten") in replies
        if not message.open_checkin or is_forgotten or message.tap in _FRESH_STARTS:
            return replies
        others = [
            reply for reply in replies if not (isinstance(reply, Choices) and reply.open_checkin)
        ]
        return [*others, *self._checkin_flow.reopen(message.open_checkin)]

    async def _await_replies(
        self,
        converse: asyncio.Task[list[Reply]],
        safety_replies: list[Reply],
        send_early: SendEarly | None,
    ) -> list[Reply]:
        """All replies. After two seconds the person is shown that the rest takes longer.

        A helpline never waits for Rasa: where it cannot be sent early, it is the whole answer.
        """
        try:
            await asyncio.wait({converse}, timeout=_SECONDS_UNTIL_BUSY_NOTICE)
            if converse.done():
                return safety_replies + await converse
            if send_early:
                await send_early([*safety_replies, Text(get_line("busy_wait"))])
                return await converse
            if safety_replies:
                return [*safety_replies, Text(get_line("busy_try_again"))]
            return await converse
        finally:
            converse.cancel()

    async def _converse_safely(self, pseudonym: str, client: str, message: Message) -> list[Reply]:
        try:
            return await self._converse(pseudonym, client, message)
        except Exception as error:
            # The type alone, because the error's own text may quote the message.
            log.error("A message could not be answered: %s", type(error).__name__)
            return [self._responses.render("utter_broken")]

    async def _converse(self, pseudonym: str, client: str, message: Message) -> list[Reply]:
        if message.tap == "forget_me":
            await self._forget(pseudonym)
            return [self._responses.render("utter_forgotten")]
        if message.tap == "listen_now":
            return list(self._care.list_helplines(pseudonym))
        if message.tap == "start_again":
            await self._forget(pseudonym)
            message = Message(tap="greet")
        payload = self._make_payload(message)
        if payload is None:
            unreadable = "utter_empty" if message.text is not None else "utter_tap_unknown"
            return [self._responses.render(unreadable)]
        try:
            rasa_replies = await self._rasa.send(client, pseudonym, payload, message.number)
        except QueueFullError:
            return [Text(get_line("busy_try_again"))]
        except RasaUnavailableError:
            kept: dict[str, Any] = {}
            replies = await asyncio.to_thread(
                self._without_rasa.answer,
                message,
                self._rasa.read_slots(pseudonym),
                kept.update,
                is_starting=self._rasa.is_starting,
            )
            if kept:
                # Not in the thread: what is kept expires by a timer of the event loop.
                self._rasa.add_slots(pseudonym, kept)
            return replies
        return await self._complete_replies(pseudonym, rasa_replies)

    def _make_payload(self, message: Message) -> str | None:
        """The message in Rasa's form, or None if there is nothing to read."""
        if message.location is not None:
            # A hundredth of a degree is about a kilometre: enough to find what is near.
            latitude, longitude = message.location
            return self._responses.make_payload(f"set_area:area={latitude:.2f},{longitude:.2f}")
        if message.tap is not None:
            return self._responses.make_payload(message.tap)
        return clean_typed_text(message.text or "") or None

    async def _complete_replies(
        self, pseudonym: str, rasa_replies: Sequence[RasaReply]
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
                await self._forget(pseudonym)
                replies.append(self._responses.render("utter_forgotten"))
            elif reply is Handover.CHECK_IN:
                replies += self._checkin_flow.start()
            elif reply is Handover.BROKEN:
                is_broken = True
            elif reply in _LOSSES:
                replies.append(self._responses.render(_LOSSES[reply]))
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

    def _make_pseudonym(self, sender: str) -> str:
        return hmac.new(self._secret, sender.encode(), hashlib.sha256).hexdigest()


def _keep_open(reply: Reply, open_checkin: str) -> Reply:
    """The helplines with nothing below them; the check-in waits until the next message."""
    return replace(reply, open_checkin=open_checkin) if isinstance(reply, HelpLines) else reply
