"""The check-in: one question at a time, by buttons.

Owns the order of its screens and the signed taps that carry the answers so far. The
answers live only in those taps, so a restart loses nothing. Must never store, log or
remember an answer before Send, and never pass one to Rasa.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from bot.messages import MAX_TAP_BYTES, Choices, Option, Reply
from bot.responses import get_line
from checkins.checkin import AGE_BANDS, AREA_LENGTH, CheckIn, week_of
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
#: Pressing this begins a check-in. It carries nothing, so it needs no signature.
START_TAP = "ci:start"
MOST_AREAS = 90  # two digits in a tap, and Telegram shows at most 100 buttons
LIFETIME_HOURS = 1  # hours are whole, so a check-in can take from one hour to two

_ASK, _START_PAGE, _CHANGE, _SEND, _STOP, _UNDER_16 = "aicsxu"

_FIND = Option(get_line("checkin_button_find"), "greet")
_AGAIN = Option(get_line("checkin_button_again"), START_TAP)

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
EXPIRED = get_line("checkin_expired")
UNREADABLE = get_line("checkin_unreadable")


class CheckInStore(Protocol):
    """Where check-ins go: `checkins.store.CheckInRepository`."""

    def record(self, checkin: CheckIn, stub: Stub) -> bool:
        """Keep it once: False where this stub was there already."""

    def was_sent(self, stub: Stub) -> bool:
        """Whether the draft with this stub was sent."""


class CheckinFlow:
    """Asks one question set. Safe to call from several threads.

    `keeper` keeps what is sent, and knows which drafts were. `key` signs the taps: at
    least 16 secret bytes that stay the same over a restart and in every process that
    answers. `hours` tells whole hours since 1970. Raises ValueError for a key, a list of
    areas or a set that cannot be used.
    """

    def __init__(
        self,
        question_set: QuestionSet,
        areas: Sequence[str],
        keeper: CheckInStore,
        clock: Callable[[], date],
        key: bytes,
        hours: Callable[[], int] = current_hour,
    ) -> None:
        if not 1 <= len(areas) <= MOST_AREAS or len(set(areas)) != len(areas):
            raise ValueError(f"check-ins need from 1 to {MOST_AREAS} areas, all different")
        if any(not area.strip() or len(area) > AREA_LENGTH for area in areas):
            raise ValueError(f"an area needs a name of at most {AREA_LENGTH} characters")
        self._set = question_set
        self._areas = tuple(areas)
        self._keeper = keeper
        self._clock = clock
        self._hours = hours
        meaning = repr((question_set, self._areas, tuple(AGE_BANDS)))
        self._sealer = DraftSigner(key, meaning, len(question_set.questions))
        self._ages = tuple(AGE_BANDS)
        if len(self._tap(_SEND, self._begin())) > MAX_TAP_BYTES:
            raise ValueError(f"the set {question_set.name!r} has too many questions for a button")

    def start(self) -> list[Reply]:
        """The first screen of a new check-in."""
        return [self._start_page(self._begin())]

    def owns(self, tap: str) -> bool:
        """Whether a tap is for this flow, well-formed or not."""
        return tap.startswith(PREFIX)

    def answer(self, tap: str) -> list[Reply]:
        """What comes after a tap. Never raises: a tap that is broken, altered, too old or
        already sent gets kind words."""
        if tap == START_TAP:
            return self.start()
        opened = self._sealer.open(tap.removeprefix(PREFIX))
        if opened is None:
            return [Choices(UNREADABLE, (_AGAIN, _FIND))]
        action, draft = opened
        if not 0 <= self._hours() - draft.hour_begun() <= LIFETIME_HOURS:
            return [Choices(EXPIRED, (_AGAIN, _FIND))]
        if action == _SEND:
            return [self._send(draft)]
        # Whatever else is pressed after Send: "I kept nothing" would be untrue by then.
        if self._was_sent(draft):
            return [Choices(SENT_BEFORE, (_FIND,))]
        if action == _STOP:
            return [Choices(STOPPED, (_FIND,))]
        if action == _UNDER_16:
            return [Choices(UNDER_16, (_FIND,))]
        if action == _START_PAGE:
            return [self._start_page(draft)]
        if action == _CHANGE:
            return [self._change_page(draft)]
        return [self._next_page(draft)]

    def _send(self, draft: Draft) -> Reply:
        try:
            is_new = self._keeper.record(self._checkin(draft), self._sealer.stub(draft))
        except Exception as error:
            # The name only: what the error says may quote the answers.
            log.error("a check-in could not be kept: %s", type(error).__name__)
            send_again = Option(get_line("checkin_button_send_again"), self._tap(_SEND, draft))
            return Choices(NOT_SENT, (send_again, self._stop(draft)))
        return Choices(SENT if is_new else SENT_BEFORE, (_FIND,))

    def _was_sent(self, draft: Draft) -> bool:
        try:
            return self._keeper.was_sent(self._sealer.stub(draft))
        except Exception as error:
            # Answering needs no database, only sending does, and that asks again.
            log.error("sent check-ins could not be looked up: %s", type(error).__name__)
            return False

    def _checkin(self, draft: Draft) -> CheckIn:
        codes = (question.code for question in self._set.questions)
        return CheckIn(
            week=week_of(self._clock()),
            area=self._areas[int(draft.area)],
            age_band=None if draft.age == PREFER_NOT_CODE else self._ages[int(draft.age)],
            answers=tuple(zip(codes, draft.answers, strict=True)),
            question_set=self._set.version,
        )

    def _start_page(self, draft: Draft) -> Reply:
        return Choices(
            INTRO.format(count=len(self._set.questions)),
            (
                Option(get_line("checkin_button_over_16"), self._tap(_ASK, draft)),
                Option(get_line("checkin_button_under_16"), self._tap(_UNDER_16, draft)),
                self._stop(draft),
            ),
        )

    def _next_page(self, draft: Draft) -> Reply:
        step = draft.next_step()
        if step is None:
            return self._review_page(draft)
        text, answers = self._ask(step)
        options = [Option(words, self._tap(_ASK, draft.fill(step, c))) for words, c in answers]
        if step == AREA_STEP:
            back = self._tap(_START_PAGE, draft)
        else:
            back = self._tap(_ASK, draft.clear(step - 1))
        return Choices(
            text,
            (*options, Option(get_line("checkin_button_back"), back), self._stop(draft)),
            answers=len(options),
        )

    def _ask(self, step: int) -> tuple[str, list[tuple[str, str]]]:
        """The words of a step, and its answers as pairs of words and code."""
        if step == AREA_STEP:
            return ASK_AREA, [(area, f"{place:02}") for place, area in enumerate(self._areas)]
        if step == AGE_STEP:
            bands = [(words, str(place)) for place, words in enumerate(AGE_BANDS.values())]
            return ASK_AGE, [*bands, (PREFER_NOT_TEXT, PREFER_NOT_CODE)]
        place = step - FIRST_QUESTION
        question = self._set.questions[place]
        parts = [
            get_line("checkin_question_number", number=place + 1, count=len(self._set.questions)),
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

    def _review_page(self, draft: Draft) -> Reply:
        change = Option(get_line("checkin_button_change"), self._tap(_CHANGE, draft))
        if not set(draft.answers) - {SKIPPED_CODE}:
            return Choices(NO_ANSWERS, (change, self._stop(draft)))
        checkin = self._checkin(draft)
        age = PREFER_NOT_TEXT if checkin.age_band is None else AGE_BANDS[checkin.age_band]
        lines = [f"Area: {checkin.area}", f"Age: {age}"]
        for question, code in zip(self._set.questions, draft.answers, strict=True):
            lines.append(f"{question.text} {question.get_answer_text(code)}")
        return Choices(
            REVIEW.format(answers="\n".join(lines)),
            (
                Option(get_line("checkin_button_send"), self._tap(_SEND, draft)),
                change,
                self._stop(draft),
            ),
        )

    def _change_page(self, draft: Draft) -> Reply:
        names = ["Area", "Age", *(question.short for question in self._set.questions)]
        options = [
            Option(name, self._tap(_ASK, draft.clear(step))) for step, name in enumerate(names)
        ]
        back = Option(get_line("checkin_button_back"), self._tap(_ASK, draft))
        return Choices(ASK_CHANGE, (*options, back, self._stop(draft)))

    def _stop(self, draft: Draft) -> Option:
        return Option(get_line("checkin_button_stop"), self._tap(_STOP, draft))

    def _begin(self) -> Draft:
        return begin_draft(self._hours(), len(self._set.questions))

    def _tap(self, action: str, draft: Draft) -> str:
        return PREFIX + self._sealer.seal(action, draft)
