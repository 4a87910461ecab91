"""The pages of a check-in: their texts, and the signed taps of their buttons.

Owns the order of the questions. Every page is made from a draft alone, so that a tap that carries
the draft can show it again. Must never store anything, or decide what a tap does.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.messages import Choices, Option
from bot.responses import get_line
from checkins.checkin import AGE_BANDS
from checkins.draft import AGE_STEP, AREA_STEP, FIRST_QUESTION, Draft, DraftSigner
from checkins.questions import PREFER_NOT_CODE, PREFER_NOT_TEXT, SKIPPED_CODE, QuestionSet

PREFIX = "ci:"
#: The actions of taps. The first three show a page.
ASK, START_PAGE, CHANGE, SEND, STOP, UNDER_16 = "aicsxu"
PAGE_ACTIONS = (ASK, START_PAGE, CHANGE)


class CheckInPages:
    """Makes the pages of one question set. `signer` signs the taps of the buttons."""

    def __init__(
        self, question_set: QuestionSet, areas: Sequence[str], signer: DraftSigner
    ) -> None:
        self._set = question_set
        self._areas = tuple(areas)
        self._ages = tuple(AGE_BANDS.values())
        self._signer = signer

    def make_tap(self, action: str, draft: Draft) -> str:
        """The tap that does `action` to the draft."""
        return PREFIX + self._signer.sign(action, draft)

    def make_page(self, action: str, draft: Draft) -> Choices:
        """The page that one of `PAGE_ACTIONS` shows."""
        if action == START_PAGE:
            page = self._make_start_page(draft)
        elif action == CHANGE:
            page = self._make_change_page(draft)
        else:
            page = self._make_next_page(draft)
        return replace(page, open_checkin=self.make_tap(action, draft))

    def make_unsent_page(self, text: str, draft: Draft) -> Choices:
        """A page that says in `text` why the answers were not sent, and offers Send again."""
        send_again = Option(get_line("checkin_button_send_again"), self.make_tap(SEND, draft))
        options = (send_again, self._make_stop_option(draft))
        return Choices(text, options, open_checkin=self.make_tap(ASK, draft))

    def _make_start_page(self, draft: Draft) -> Choices:
        return Choices(
            get_line("checkin_intro", count=len(self._set.questions)),
            (
                Option(get_line("checkin_button_over_16"), self.make_tap(ASK, draft)),
                Option(get_line("checkin_button_under_16"), self.make_tap(UNDER_16, draft)),
                self._make_stop_option(draft),
            ),
        )

    def _make_next_page(self, draft: Draft) -> Choices:
        step = draft.next_step()
        if step is None:
            return self._make_review_page(draft)
        text, answers = self._get_step(step)
        options = [
            Option(label, self.make_tap(ASK, draft.fill(step, code))) for label, code in answers
        ]
        if step == AREA_STEP:
            back = self.make_tap(START_PAGE, draft)
        else:
            back = self.make_tap(ASK, draft.clear(step - 1))
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
            return get_line("checkin_ask_area"), [
                (area, f"{index:02}") for index, area in enumerate(self._areas)
            ]
        if step == AGE_STEP:
            bands = [(label, str(index)) for index, label in enumerate(self._ages)]
            return get_line("checkin_ask_age"), [*bands, (PREFER_NOT_TEXT, PREFER_NOT_CODE)]
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

    def _make_review_page(self, draft: Draft) -> Choices:
        change = Option(get_line("checkin_button_change"), self.make_tap(CHANGE, draft))
        if not set(draft.answers) - {SKIPPED_CODE}:
            return Choices(get_line("checkin_no_answers"), (change, self._make_stop_option(draft)))
        age = PREFER_NOT_TEXT if draft.age == PREFER_NOT_CODE else self._ages[int(draft.age)]
        lines = [f"Area: {self._areas[int(draft.area)]}", f"Age: {age}"]
        for question, code in zip(self._set.questions, draft.answers, strict=True):
            lines.append(f"{question.text} {question.get_answer_text(code)}")
        return Choices(
            get_line("checkin_review", answers="\n".join(lines)),
            (
                Option(get_line("checkin_button_send"), self.make_tap(SEND, draft)),
                change,
                self._make_stop_option(draft),
            ),
        )

    def _make_change_page(self, draft: Draft) -> Choices:
        names = ["Area", "Age", *(question.short for question in self._set.questions)]
        options = [
            Option(name, self.make_tap(ASK, draft.clear(step))) for step, name in enumerate(names)
        ]
        back = Option(get_line("checkin_button_back"), self.make_tap(ASK, draft))
        return Choices(
            get_line("checkin_ask_change"), (*options, back, self._make_stop_option(draft))
        )

    def _make_stop_option(self, draft: Draft) -> Option:
        return Option(get_line("checkin_button_stop"), self.make_tap(STOP, draft))
