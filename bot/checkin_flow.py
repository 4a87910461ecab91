"""The check-in: one question at a time, answered with buttons.

Owns the order of the screens, and the signed taps that carry the answers so far. The
answers exist only in those taps, so a restart loses nothing. Must never store or log an
answer before Send, or pass one to Rasa.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from bot.messages import MAX_TAP_BYTES, Choices, Option, Reply
from bot.rate_limit import RateLimit
from bot.responses import get_line
from checkins.checkin import AGE_BANDS, AREA_LENGTH, CheckIn, format_week
from checkins.draft import (
    AGE_STEP,
    AREA_STEP,
    FIRST_QUESTION,
    Draft,
    DraftSigner,
    Stub,
    begin_draft,
    current_hour,
)
from checkins.questions import PREFER_NOT_CODE, PREFER_NOT_TEXT, SKIPPED_CODE, QuestionSet

log = logging.getLogger(__name__)

PREFIX = "ci:"
#: The tap that begins a check-in. It carries no answers, so it needs no signature.
START_TAP = "ci:start"
MAX_AREAS = 90  # two digits in a tap, and Telegram shows at most 100 buttons
LIFETIME_HOURS = 1  # hours are whole, so a check-in can take from one hour to two

_ASK, _START_PAGE, _CHANGE, _SEND, _STOP, _UNDER_16 = "aicsxu"

_FIND_OPTION = Option(get_line("checkin_button_find"), "greet")
_RESTART_OPTION = Option(get_line("checkin_button_again"), START_TAP)

INTRO = get_line("checkin_intro")
UNDER_16 = get_line("checkin_under_16")
ASK_AREA = get_line("checkin_ask_area")
ASK_AGE = get_line("checkin_ask_age")
REVIEW = get_line("checkin_review")
NO_ANSWERS = get_line("checkin_no_answers")
ASK_CHANGE = get_line("checkin_ask_change")
STOPPED = get_line("checkin_stopped")
SENT = get_line("checkin_sent")
SENT_BEFORE = get_line("checkin_sent_before")
NOT_SENT = get_line("checkin_not_sent")
TOO_MANY = get_line("checkin_too_many")
EXPIRED = get_line("checkin_expired")
UNREADABLE = get_line("checkin_unreadable")


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
        self._ages = tuple(AGE_BANDS)
        if len(self._make_tap(_SEND, self._begin_draft())) > MAX_TAP_BYTES:
            raise ValueError(f"the set {question_set.name!r} has too many questions for a button")

    def start(self) -> list[Reply]:
        """The first screen of a new check-in."""
        return [self._make_start_page(self._begin_draft())]

    def owns(self, tap: str) -> bool:
        """Whether a tap is for this flow, well-formed or not."""
        return tap.startswith(PREFIX)

    def answer(self, tap: str, client: str = "") -> list[Reply]:
        """The replies to a tap. `client` is whom `send_limit` counts a Send for.

        Never raises: a tap that is malformed, altered, too old or already sent gets a friendly
        explanation.
        """
        if tap == START_TAP:
            return self.start()
        signed = self._signer.unsign(tap.removeprefix(PREFIX))
        if signed is None:
            return [Choices(UNREADABLE, (_RESTART_OPTION, _FIND_OPTION))]
        action, draft = signed
        if not 0 <= self._current_hour() - draft.hour_begun() <= LIFETIME_HOURS:
            return [Choices(EXPIRED, (_RESTART_OPTION, _FIND_OPTION))]
        # After Send, no other button may claim that nothing was stored, and Send counts no more.
        if self._was_sent(draft):
            return [Choices(SENT_BEFORE, (_FIND_OPTION,))]
        if action == _SEND:
            return [self._send(draft, client)]
        if action == _STOP:
            return [Choices(STOPPED, (_FIND_OPTION,))]
        if action == _UNDER_16:
            return [Choices(UNDER_16, (_FIND_OPTION,))]
        if action == _START_PAGE:
            return [self._make_start_page(draft)]
        if action == _CHANGE:
            return [self._make_change_page(draft)]
        return [self._make_next_page(draft)]

    def _send(self, draft: Draft, client: str) -> Reply:
        send_again = Option(get_line("checkin_button_send_again"), self._make_tap(_SEND, draft))
        if self._send_limit.count_request(client):
            return Choices(TOO_MANY, (send_again, self._make_stop_option(draft)))
        try:
            is_new = self._store.record(self._make_checkin(draft), self._signer.make_stub(draft))
        except Exception as error:
            # Only the type: the message of an error may quote answers.
            log.error("a check-in could not be stored: %s", type(error).__name__)
            return Choices(NOT_SENT, (send_again, self._make_stop_option(draft)))
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

    def _make_start_page(self, draft: Draft) -> Reply:
        return Choices(
            INTRO.format(count=len(self._set.questions)),
            (
                Option(get_line("checkin_button_over_16"), self._make_tap(_ASK, draft)),
                Option(get_line("checkin_button_under_16"), self._make_tap(_UNDER_16, draft)),
                self._make_stop_option(draft),
            ),
        )

    def _make_next_page(self, draft: Draft) -> Reply:
        step = draft.next_step()
        if step is None:
            return self._make_review_page(draft)
        text, answers = self._get_step(step)
        options = [
            Option(label, self._make_tap(_ASK, draft.fill(step, code))) for label, code in answers
        ]
        if step == AREA_STEP:
            back = self._make_tap(_START_PAGE, draft)
        else:
            back = self._make_tap(_ASK, draft.clear(step - 1))
        return Choices(
            text,
            (
                *options,
                Option(get_line("checkin_button_back"), back),
                self._make_stop_option(draft),
            ),
            answers=len(options),
        )

    def _get_step(self, step: int) -> tuple[str, list[tuple[str, str]]]:
        """The text of a step, and its answers as pairs of label and code."""
        if step == AREA_STEP:
            return ASK_AREA, [(area, f"{index:02}") for index, area in enumerate(self._areas)]
        if step == AGE_STEP:
            bands = [(label, str(index)) for index, label in enumerate(AGE_BANDS.values())]
            return ASK_AGE, [*bands, (PREFER_NOT_TEXT, PREFER_NOT_CODE)]
        index = step - FIRST_QUESTION
        question = self._set.questions[index]
        parts = [
            get_line("checkin_question_number", number=index + 1, count=len(self._set.questions)),
            question.text,
        ]
        if question.code in self._set.intros:
            parts.insert(1, self._set.intros[question.code])
        answers = [(answer.text, answer.code) for answer in question.answers]
        answers += [
            (PREFER_NOT_TEXT, PREFER_NOT_CODE),
            (get_line("checkin_button_skip"), SKIPPED_CODE),
        ]
        return "\n\n".join(parts), answers

    def _make_review_page(self, draft: Draft) -> Reply:
        change = Option(get_line("checkin_button_change"), self._make_tap(_CHANGE, draft))
        if not set(draft.answers) - {SKIPPED_CODE}:
            return Choices(NO_ANSWERS, (change, self._make_stop_option(draft)))
        checkin = self._make_checkin(draft)
        age = PREFER_NOT_TEXT if checkin.age_band is None else AGE_BANDS[checkin.age_band]
        lines = [f"Area: {checkin.area}", f"Age: {age}"]
        for question, code in zip(self._set.questions, draft.answers, strict=True):
            lines.append(f"{question.text} {question.get_answer_text(code)}")
        return Choices(
            REVIEW.format(answers="\n".join(lines)),
            (
                Option(get_line("checkin_button_send"), self._make_tap(_SEND, draft)),
                change,
                self._make_stop_option(draft),
            ),
        )

    def _make_change_page(self, draft: Draft) -> Reply:
        names = ["Area", "Age", *(question.short for question in self._set.questions)]
        options = [
            Option(name, self._make_tap(_ASK, draft.clear(step))) for step, name in enumerate(names)
        ]
        back = Option(get_line("checkin_button_back"), self._make_tap(_ASK, draft))
        return Choices(ASK_CHANGE, (*options, back, self._make_stop_option(draft)))

    def _make_stop_option(self, draft: Draft) -> Option:
        return Option(get_line("checkin_button_stop"), self._make_tap(_STOP, draft))

    def _begin_draft(self) -> Draft:
        return begin_draft(self._current_hour(), len(self._set.questions))

    def _make_tap(self, action: str, draft: Draft) -> str:
        return PREFIX + self._signer.sign(action, draft)
