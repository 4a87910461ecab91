"""From a message to replies, for any channel: safety first, then check-in, then Rasa.

Owns the order in which the parts are asked and what happens when Rasa is away. Must
never store, log or pass on who is speaking: Rasa sees a keyed hash of the sender.
"""

import asyncio
import hashlib
import hmac
import logging
import re

from bot.active_conversations import ActiveConversations
from bot.checkin_flow import CheckinFlow
from bot.commands import read_command
from bot.messages import Message, Reply
from bot.rasa.client import Handover, RasaBusyError, RasaUnavailableError
from bot.rasa.process import RasaServer
from bot.responses import Wording, keep_words
from bot.safety.guard import Guard
from bot.safety.guard import answer as answer_danger
from directory.notes import Notebook
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions.cards import make_card, make_details
from nlu.actions.matching import Wanted, count_unmet, find
from nlu.actions.notes import introduce

log = logging.getLogger(__name__)

_DETAILS = re.compile(r"ask_details:listing=#([0-9]{1,18})")
# The rest of Rasa's attention stays for those who are talking.
_FORGOTTEN_AT_ONCE = 4
_SEARCH_TAP = re.compile(r"(?:find_group:interest|offer_help:strength)=(.+)", re.S)


class Conversation:
    """One conversation engine for every channel. `sender` names a person within a channel."""

    def __init__(
        self,
        *,
        guard: Guard,
        checkins: CheckinFlow,
        rasa: RasaServer,
        search_service: SearchService,
        notebook: Notebook,
        secret: bytes,
        nation: str,
        team: Team,
    ) -> None:
        self._guard = guard
        self._checkins = checkins
        self._rasa = rasa
        self._search_service = search_service
        self._notebook = notebook
        self._secret = secret
        self._nation = nation
        self._team = team
        self._wording = Wording()
        self._talks = ActiveConversations()
        self._forgetting = asyncio.Semaphore(_FORGOTTEN_AT_ONCE)

    async def answer(self, sender: str, message: Message) -> list[Reply]:
        """What to say to `message`. Never raises for anything a person can send."""
        pseudonym = self._pseudonym(sender)
        self._talks.begin(pseudonym)
        try:
            return await self._answer(sender, message)
        finally:
            # Whoever leaves at once may be forgotten before Rasa hears what they sent last.
            if self._talks.end(pseudonym):
                await self._erase(sender)

    async def _answer(self, sender: str, message: Message) -> list[Reply]:
        first: list[Reply] = []
        if message.text is not None:
            finding = await asyncio.to_thread(self._guard.find, message.text)
            first = list(answer_danger(finding.label, self._nation, finding.kind))
            if finding.label == "crisis":
                return first
        if message.tap is not None and self._checkins.owns(message.tap):
            return await asyncio.to_thread(self._checkins.answer, message.tap)
        return first + await self._talk(sender, message)

    async def forget(self, sender: str) -> None:
        """Erase what is kept of the conversation.

        Costs nothing where there was none: each time that Rasa is asked was paid for by a message.
        Rasa keeps it in memory alone: if it cannot be asked, it is ended and started again.
        """
        self._talks.leave(self._pseudonym(sender))
        await self._erase(sender)

    async def _erase(self, sender: str) -> None:
        pseudonym = self._pseudonym(sender)
        if not self._talks.take(pseudonym) or not self._rasa.up:
            return
        try:
            async with self._forgetting:
                await self._rasa.rasa.forget(pseudonym)
        except RasaUnavailableError as error:
            log.warning("A conversation could not be erased by asking: %s", error)
            await self._rasa.forget_all()

    async def _talk(self, sender: str, message: Message) -> list[Reply]:
        if message.text is not None:
            meant = read_command(message.text) or self._wording.read_label(message.text)
            message = Message(tap=meant) if meant else message
        if message.tap == "forget_me":
            await self._erase(sender)
            return [self._wording.say("utter_forgotten")]
        if message.tap == "listen_now":
            return list(answer_danger("support", self._nation))
        if message.tap == "start_again":
            await self._erase(sender)
            message = Message(tap="greet")
        payload = self._payload(message)
        if payload is None:
            unknown = "utter_empty" if message.text is not None else "utter_tap_unknown"
            return [self._wording.say(unknown)]
        try:
            replies = await self._ask_rasa(self._pseudonym(sender), payload)
        except RasaUnavailableError:
            return await self._answer_alone(message)
        return await self._carry_out(sender, replies)

    def _payload(self, message: Message) -> str | None:
        """The message as Rasa reads it, or None if there is nothing to read."""
        if message.location is not None:
            # A hundredth of a degree is about a kilometre: enough to find what is near.
            latitude, longitude = message.location
            return self._wording.payload_of(f"set_area:area={latitude:.2f},{longitude:.2f}")
        if message.tap is not None:
            return self._wording.payload_of(message.tap)
        return keep_words(message.text or "") or None

    async def _ask_rasa(self, pseudonym: str, payload: str) -> list[Reply | Handover]:
        if not self._rasa.up:
            raise RasaUnavailableError("it is not up")
        self._talks.add(pseudonym)
        try:
            replies = await self._rasa.rasa.send(pseudonym, payload)
        except RasaBusyError:
            raise
        except RasaUnavailableError as error:
            log.warning("Rasa did not answer: %s", error)
            self._rasa.tell_failed()
            raise
        self._rasa.tell_answered()
        return replies

    async def _carry_out(self, sender: str, replies: list[Reply | Handover]) -> list[Reply]:
        """The replies, with what Rasa handed over done and said."""
        said: list[Reply] = []
        for reply in replies:
            if reply is Handover.FORGET:
                await self._erase(sender)
                said.append(self._wording.say("utter_forgotten"))
            elif reply is Handover.CHECK_IN:
                said += self._checkins.start()
            elif not isinstance(reply, Handover):
                said.append(reply)
        return said or [self._wording.say("utter_nlu_fallback")]

    async def _answer_alone(self, message: Message) -> list[Reply]:
        """Without Rasa: written answers to taps, and a search for words as they are."""
        tap = message.tap or ""
        if tap == "start_check_in":
            return self._checkins.start()
        if details := _DETAILS.fullmatch(tap):
            stored = await asyncio.to_thread(self._search_service.get, int(details[1]))
            if stored is not None:
                return [self._wording.make_card(make_details(stored))]
        if tap == "ask_navigator":
            response, values = introduce(self._team)
            return [self._wording.say(response, **values)]
        if f"utter_{tap}" in self._wording.responses:
            return [self._wording.say(f"utter_{tap}")]
        asked = _SEARCH_TAP.fullmatch(tap)
        words = asked[1] if asked else message.text
        if words is None:
            return [self._wording.say("utter_rasa_away_tap")]
        giving = tap.startswith("offer_help")
        wanted = await asyncio.to_thread(self._read_alone, words, giving)
        found = await asyncio.to_thread(find, self._search_service, wanted)
        if found.loose:
            asyncio.get_running_loop().run_in_executor(None, self._count_unmet, wanted)
        # While Rasa is only loading, the person need not hear about it.
        away = [] if self._rasa.starting else [self._wording.say("utter_rasa_away")]
        if found.loose:
            return [*away, self._wording.say("utter_nlu_fallback" if away else "utter_greet")]
        cards = [self._wording.make_card(make_card(hit)) for hit in found.hits]
        return [*away, self._wording.say("utter_found"), *cards]

    def _read_alone(self, words: str, giving: bool) -> Wanted:
        area = self._search_service.find_area(words)
        return Wanted(strength=words, area=area) if giving else Wanted(interest=words, area=area)

    def _count_unmet(self, wanted: Wanted) -> None:
        # Words that name no topic may be no request at all.
        if self._search_service.name_need(wanted.interest or wanted.strength or ""):
            count_unmet(self._search_service, self._notebook, wanted)

    def _pseudonym(self, sender: str) -> str:
        return hmac.new(self._secret, sender.encode(), hashlib.sha256).hexdigest()
