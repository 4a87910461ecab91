"""The check-in: one question at a time, answered with buttons or typed words.

Owns the order of the screens, and the signed taps that carry the answers so far. The
answers exist only in those taps, so a restart loses nothing. A channel holds the tap that shows
the open question again, and sends it with what the person does next. Must never store or log an
answer before Send, or pass one to Rasa.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from bot.checkin_pages import (
    PAGE_ACTIONS,
    PREFIX,
    SEND,
    START_PAGE,
    STOP,
    UNDER_16,
    CheckInPages,
)
from bot.messages import MAX_TAP_BYTES, Choices, Option, Reply
from bot.rate_limit import RateLimit
from bot.responses import get_line
from bot.typed_answers import find_options
from checkins.checkin import AGE_BANDS, AREA_LENGTH, CheckIn, format_week
from checkins.draft import Draft, DraftSigner, Stub, begin_draft, current_hour
from checkins.questions import PREFER_NOT_CODE, PREFER_NOT_TEXT, QuestionSet

log = logging.getLogger(__name__)

#: The tap that begins a check-in. It carries no answers, so it needs no signature.
START_TAP = "ci:start"
MAX_AREAS = 90  # two digits in a tap, and Telegram shows at most 100 buttons
LIFETIME_HOURS = 1  # hours are whole, so a check-in can take from one hour to two


_FIND_OPTION = Option(get_line("checkin_button_find"), "greet")
_RESTART_OPTION = Option(get_line("checkin_button_again"), START_TAP)

THANKS_UNDER_16 = get_line("checkin_under_16")
STOPPED = get_line("checkin_stopped")
SENT = get_line("checkin_sent")
SENT_BEFORE = get_line("checkin_sent_before")
NOT_SENT = get_line("checkin_not_sent")
TOO_MANY = get_line("checkin_too_many")
EXPIRED = get_line("checkin_expired")
UNREADABLE = get_line("checkin_unreadable")
ANSWERED = get_line("checkin_answered")
UNCLEAR = get_line("checkin_unclear")


class CheckInStore(Protocol):
    """Stores check-ins. The implementation is `checkins.store.CheckInRepository`."""

    def record(self, checkin: CheckIn, stub: Stub) -> bool:
        """Store the check-in. False if its stub was stored before."""

    def was_sent(self, stub: Stub) -> bool:
        """Whether the draft with this stub was sent."""


class CheckInFlow:
    """Asks one question set. Safe to call from several threads.

    `store` receives sent check-ins. `key` signs the taps: at least 16 secret bytes, the same
    after a restart and in every process that answers. `current_hour` returns whole hours since
    1970. `send_limit` bounds what one client may send. Raises ValueError for a key, a list of areas
    or a question set that cannot be used.
    """

    def __init__(
        self,
        question_set: QuestionSet,
        areas: Sequence[str],
        store: CheckInStore,
        today: Callable[[], date],
        key: bytes,
        current_hour: Callable[[], int] = current_hour,
        send_limit: RateLimit | None = None,
    ) -> None:
        if not 1 <= len(areas) <= MAX_AREAS or len(set(areas)) != len(areas):
            raise ValueError(f"check-ins need from 1 to {MAX_AREAS} areas, all different")
        if any(not area.strip() or len(area) > AREA_LENGTH for area in areas):
            raise ValueError(f"an area needs a name of at most {AREA_LENGTH} characters")
        self._set = question_set
        self._areas = tuple(areas)
        self._store = store
        self._today = today
        self._current_hour = current_hour
        self._send_limit = RateLimit(0) if send_limit is None else send_limit
        meaning = repr((question_set, self._areas, tuple(AGE_BANDS)))
        self._signer = DraftSigner(key, meaning, len(question_set.questions))
        self._pages = CheckInPages(question_set, self._areas, self._signer)
        self._ages = tuple(AGE_BANDS)
        if len(self._pages.make_tap(SEND, self._begin_draft())) > MAX_TAP_BYTES:
            raise ValueError(f"the set {question_set.name!r} has too many questions for a button")

    def start(self) -> list[Reply]:
        """The first screen of a new check-in."""
        return [self._pages.make_page(START_PAGE, self._begin_draft())]

    def owns(self, tap: str) -> bool:
        """Whether a tap is for this flow, well-formed or not."""
        return tap.startswith(PREFIX)

    def answer(self, tap: str, client: str = "", open_checkin: str = "") -> list[Reply]:
        """The replies to a tap. `client` is whom `send_limit` counts a Send for.

        With an `open_checkin`, a button of any other question changes nothing, and the open one
        is shown again. Never raises: a tap that is malformed, altered, too old or already sent
        gets a friendly explanation.
        """
        if tap == START_TAP:
            return self.start()
        page = self._find_page(open_checkin)
        taps = {open_checkin, *(option.tap for option in page.options)} if page else {tap}
        if page and tap not in taps and self.reopen(open_checkin):
            return [replace(page, text=f"{ANSWERED}\n\n{page.text}")]
        return [self._answer_tap(tap, client)]

    def answer_text(self, text: str, open_checkin: str, client: str = "") -> list[Reply] | None:
        """The replies to typed words as an answer to the open question; None if they are none.

        Words in doubt are never an answer: the question is asked again.
        """
        page = self._find_page(open_checkin)
        if page is None:
            return None
        options = find_options(text, page, self._find_refusal(page))
        if options is None:
            return None
        if len(options) == 1:
            return self.answer(options[0].tap, client, open_checkin)
        return [
            replace(reply, text=f"{UNCLEAR}\n\n{reply.text}") if reply == page else reply
            for reply in self.answer(open_checkin)
        ]

    def reopen(self, open_checkin: str) -> list[Reply]:
        """The open question again, with its buttons; nothing if it is not open any more."""
        page = self._find_page(open_checkin)
        return [page] if page is not None and self.answer(open_checkin) == [page] else []

    def _answer_tap(self, tap: str, client: str) -> Reply:
        signed = self._signer.unsign(tap.removeprefix(PREFIX))
        if signed is None:
            return Choices(UNREADABLE, (_RESTART_OPTION, _FIND_OPTION))
        action, draft = signed
        if not 0 <= self._current_hour() - draft.hour_begun() <= LIFETIME_HOURS:
            return Choices(EXPIRED, (_RESTART_OPTION, _FIND_OPTION))
        # After Send, no other button may claim that nothing was stored, and Send counts no more.
        if self._was_sent(draft):
            return Choices(SENT_BEFORE, (_FIND_OPTION,))
        if action == SEND:
            return self._send(draft, client)
        if action == STOP:
            return Choices(STOPPED, (_FIND_OPTION,))
        if action == UNDER_16:
            return Choices(THANKS_UNDER_16, (_FIND_OPTION,))
        return self._pages.make_page(action, draft)

    def _find_page(self, open_checkin: str) -> Choices | None:
        """The page that the tap shows, however old it is; None if it shows none."""
        signed = self._signer.unsign(open_checkin.removeprefix(PREFIX))
        if signed is None or signed[0] not in PAGE_ACTIONS:
            return None
        return self._pages.make_page(*signed)

    def _find_refusal(self, page: Choices) -> Option | None:
        """What "no thanks" means on a page: to leave the question out, or not to begin."""
        labels = [get_line("checkin_button_skip"), PREFER_NOT_TEXT]
        if get_line("checkin_button_over_16") in {option.label for option in page.options}:
            labels.append(get_line("checkin_button_stop"))
        options = {option.label: option for option in page.options}
        return next((options[label] for label in labels if label in options), None)

    def _send(self, draft: Draft, client: str) -> Reply:
        if self._send_limit.count_request(client):
            return self._pages.make_unsent_page(TOO_MANY, draft)
        try:
            is_new = self._store.record(self._make_checkin(draft), self._signer.make_stub(draft))
        except Exception as error:
            # Only the type: the message of an error may quote answers.
            log.error("a check-in could not be stored: %s", type(error).__name__)
            return self._pages.make_unsent_page(NOT_SENT, draft)
        return Choices(SENT if is_new else SENT_BEFORE, (_FIND_OPTION,))

    def _was_sent(self, draft: Draft) -> bool:
        try:
            return self._store.was_sent(self._signer.make_stub(draft))
        except Exception as error:
            # Only sending needs the database, and it checks the stub again.
            log.error("the check-ins database could not be read: %s", type(error).__name__)
            return False

    def _make_checkin(self, draft: Draft) -> CheckIn:
        codes = (question.code for question in self._set.questions)
        return CheckIn(
            week=format_week(self._today()),
            area=self._areas[int(draft.area)],
            age_band=None if draft.age == PREFER_NOT_CODE else self._ages[int(draft.age)],
            answers=tuple(zip(codes, draft.answers, strict=True)),
            question_set=self._set.version,
        )

    def _begin_draft(self) -> Draft:
        return begin_draft(self._current_hour(), len(self._set.questions))
