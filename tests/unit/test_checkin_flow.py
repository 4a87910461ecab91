"""The questions' wording, and the check-in from the first button to Send."""

import logging
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.checkin_flow import START_TAP, CheckinFlow
from bot.messages import Choices, Reply
from bot.responses import get_line
from checkins.checkin import CheckIn
from checkins.draft import Stub
from checkins.errors import NotStoredError
from checkins.questions import QuestionSet, load_questions
from tests.support.published_questions import INTRO, WORDING

AREAS = ("Harbour", "Old Town", "Mill Lane")
KEY = b"a key that only this test has"
BOOK = load_questions()


@dataclass
class Desk:
    """Stands where the store does: keeps what it is given, or fails when told to."""

    kept: list[CheckIn] = field(default_factory=list)
    stubs: set[Stub] = field(default_factory=set)
    failure: Exception | None = None
    hour: int = 500_000

    def record(self, checkin: CheckIn, stub: Stub) -> bool:
        if self.was_sent(stub):
            return False
        self.kept.append(checkin)
        self.stubs.add(stub)
        return True

    def was_sent(self, stub: Stub) -> bool:
        if self.failure:
            raise self.failure
        return stub in self.stubs

    def flow(self, name: str = "core", **changes: object) -> CheckinFlow:
        arguments = {
            "question_set": BOOK.get_set(name),
            "areas": AREAS,
            "keeper": self,
            "clock": lambda: date(2026, 11, 22),
            "key": KEY,
            "hours": lambda: self.hour,
        }
        return CheckinFlow(**(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def only(replies: list[Reply]) -> Choices:
    (reply,) = replies
    assert isinstance(reply, Choices)
    return reply


def tap(page: Choices, label: str) -> str:
    (found,) = [option.tap for option in page.options if option.label == label]
    return found


def walk(flow: CheckinFlow, *labels: str) -> Choices:
    page = only(flow.start())
    for label in labels:
        page = only(flow.answer(tap(page, label)))
    return page


TO_REVIEW = ("Yes, I am 16 or over", "Old Town", "35 to 49", "Fairly strongly", "Occasionally")


# The conversation


def test_a_whole_check_in(desk: Desk) -> None:
    flow = desk.flow()
    review = walk(flow, *TO_REVIEW)
    assert desk.kept == []
    for said in ("Area: Old Town", "Age: 35 to 49", "Fairly strongly", "Occasionally"):
        assert said in review.text
    thanks = only(flow.answer(tap(review, "Send")))
    assert desk.kept == [
        CheckIn("2026-W47", "Old Town", "35-49", (("belonging", "2"), ("lonely", "3")), "core-1")
    ]
    assert tap(thanks, "Find something near me") == "greet"


def test_each_page_has_its_buttons_and_its_words(desk: Desk) -> None:
    flow = desk.flow()
    page = walk(flow, "Yes, I am 16 or over")
    assert [o.label for o in page.options] == [*AREAS, "Back", "Stop"]
    page = only(flow.answer(tap(page, "Harbour")))
    assert [o.label for o in page.options][-3:] == ["Prefer not to say", "Back", "Stop"]
    page = only(flow.answer(tap(page, "Prefer not to say")))
    first, *_, last = WORDING.items()
    assert page.text == f"Question 1 of 2\n\n{first[0]}"
    assert [o.label for o in page.options] == [
        *first[1],
        "Prefer not to say",
        "Skip",
        "Back",
        "Stop",
    ]
    page = only(flow.answer(tap(page, "Prefer not to say")))
    assert page.text == f"Question 2 of 2\n\n{last[0]}"
    page = only(flow.answer(tap(page, "Never")))
    assert [o.label for o in page.options] == ["Send", "Change", "Stop"]
    flow.answer(tap(page, "Send"))
    assert desk.kept[0].age_band is None
    assert desk.kept[0].answers == (("belonging", "p"), ("lonely", "5"))


def test_the_four_loneliness_questions_are_introduced(desk: Desk) -> None:
    steps = ("Yes, I am 16 or over", "Harbour", "Prefer not to say", "Very strongly")
    second = walk(desk.flow("standard"), *steps)
    assert second.text == f"Question 2 of 5\n\n{INTRO}\n\n{list(WORDING)[5]}"
    assert INTRO not in walk(desk.flow("core"), *steps).text


def test_skipping_is_not_preferring_not_to_say(desk: Desk) -> None:
    flow = desk.flow()
    steps = ("Yes, I am 16 or over", "Harbour", "16 to 24")
    review = walk(flow, *steps, "Skip", "Prefer not to say")
    assert f"{next(iter(WORDING))} Skipped" in review.text
    flow.answer(tap(review, "Send"))
    assert desk.kept[0].answers == (("belonging", "s"), ("lonely", "p"))


def test_all_skipped_leaves_nothing_to_send(desk: Desk) -> None:
    flow = desk.flow()
    steps = ("Yes, I am 16 or over", "Harbour", "16 to 24")
    page = walk(flow, *steps, "Skip", "Skip")
    assert page.text == get_line("checkin_no_answers")
    assert [option.label for option in page.options] == ["Change", "Stop"]
    review = only(flow.answer(tap(only(flow.answer(tap(page, "Change"))), "Feeling lonely")))
    review = only(flow.answer(tap(review, "Never")))
    flow.answer(tap(review, "Send"))
    assert desk.kept[0].answers == (("belonging", "s"), ("lonely", "5"))


def test_under_16_is_thanked_and_not_asked(desk: Desk) -> None:
    page = walk(desk.flow(), "No, I am under 16")
    assert "Thank you" in page.text
    assert "16 and over" in page.text
    assert [option.tap for option in page.options] == ["greet"]


@pytest.mark.parametrize("steps", range(len(TO_REVIEW) + 1))
def test_stop_anywhere_keeps_nothing(desk: Desk, steps: int) -> None:
    page = walk(desk.flow(), *TO_REVIEW[:steps], "Stop")
    assert page.text == get_line("checkin_stopped")
    assert desk.kept == []


def test_back_goes_to_the_page_before(desk: Desk) -> None:
    flow = desk.flow()
    for steps in range(1, len(TO_REVIEW)):
        before = walk(flow, *TO_REVIEW[: steps - 1])
        assert walk(flow, *TO_REVIEW[:steps], "Back").text == before.text


def test_change_asks_one_thing_again_and_keeps_the_rest(desk: Desk) -> None:
    flow = desk.flow()
    review = walk(flow, *TO_REVIEW, "Change", "Belonging", "Not at all strongly")
    assert "Not at all strongly" in review.text
    review = only(flow.answer(tap(review, "Change")))
    review = only(flow.answer(tap(review, "Area")))
    review = only(flow.answer(tap(review, "Mill Lane")))
    flow.answer(tap(review, "Send"))
    (kept,) = desk.kept
    assert (kept.area, kept.age_band, kept.answers) == (
        "Mill Lane",
        "35-49",
        (("belonging", "4"), ("lonely", "3")),
    )
    assert walk(flow, *TO_REVIEW, "Change", "Back").text == walk(flow, *TO_REVIEW).text


def test_a_restart_in_the_middle_loses_nothing(desk: Desk) -> None:
    page = walk(desk.flow(), *TO_REVIEW[:4])
    page = only(desk.flow().answer(tap(page, "Occasionally")))
    desk.flow().answer(tap(page, "Send"))
    assert len(desk.kept) == 1


# What goes wrong


def test_send_twice_keeps_one_and_says_so(desk: Desk) -> None:
    flow = desk.flow()
    review = walk(flow, *TO_REVIEW)
    for label in ("Send", "Send", "Change", "Stop"):
        again = only(flow.answer(tap(review, label)))
    assert len(desk.kept) == 1
    assert "had sent your answers" in again.text


def test_a_send_counts_once_over_a_restart_and_in_another_replica(desk: Desk) -> None:
    """Two flows with one key and one store: another process, or the same one started again."""
    send = tap(walk(desk.flow(), *TO_REVIEW), "Send")
    assert "have been sent" in only(desk.flow().answer(send)).text
    assert "had sent your answers" in only(desk.flow().answer(send)).text
    assert len(desk.kept) == len(desk.stubs) == 1


def test_no_button_of_a_sent_check_in_says_that_nothing_was_kept(desk: Desk) -> None:
    flow = desk.flow()
    pages = [walk(flow, *TO_REVIEW[:steps]) for steps in range(1, len(TO_REVIEW) + 1)]
    flow.answer(tap(pages[-1], "Send"))
    # Each walk above was a draft of its own; only the last one was sent.
    assert only(desk.flow().answer(tap(pages[-1], "Stop"))).text == get_line("checkin_sent_before")
    assert only(desk.flow().answer(tap(pages[0], "Stop"))).text == get_line("checkin_stopped")


def test_a_stub_is_of_the_draft_whatever_was_answered_and_of_the_key(desk: Desk) -> None:
    flow = desk.flow()
    review = walk(flow, *TO_REVIEW)
    changed = tap(only(flow.answer(tap(review, "Change"))), "Belonging")
    other = only(flow.answer(tap(only(flow.answer(changed)), "Very strongly")))
    for page in (review, other):
        flow.answer(tap(page, "Send"))
    assert len(desk.kept) == 1
    (stub,) = desk.stubs
    nonce = tap(review, "Send")[4:12]
    assert nonce not in stub.text
    assert stub.turn == desk.hour % 8


@pytest.mark.parametrize(
    "failure", [NotStoredError("locked"), OSError("full"), RuntimeError("odd")]
)
def test_a_failure_is_told_and_send_again_works(
    desk: Desk, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    flow = desk.flow()
    send = tap(walk(flow, *TO_REVIEW), "Send")
    desk.failure = failure
    with caplog.at_level(logging.DEBUG):
        told = only(flow.answer(send))
    assert "not kept" in told.text
    assert str(failure) not in caplog.text
    assert type(failure).__name__ in caplog.text
    desk.failure = None
    assert "have been sent" in only(flow.answer(tap(told, "Send again"))).text
    assert len(desk.kept) == 1


def test_answering_goes_on_while_sent_ones_cannot_be_looked_up(desk: Desk) -> None:
    page = walk(desk.flow(), *TO_REVIEW[:3])
    desk.failure = OSError("away")
    assert "Question 2 of 2" in only(desk.flow().answer(tap(page, "Fairly strongly"))).text


@pytest.mark.parametrize(("passed", "keeps"), [(0, 1), (1, 1), (2, 0), (30, 0), (-1, 0)])
def test_a_tap_expires(desk: Desk, passed: int, keeps: int) -> None:
    flow = desk.flow()
    send = tap(walk(flow, *TO_REVIEW), "Send")
    desk.hour += passed
    page = only(flow.answer(send))
    assert len(desk.kept) == keeps
    assert ("too old" in page.text) == (keeps == 0)


def test_a_sent_tap_is_never_taken_again_while_it_is_valid(desk: Desk) -> None:
    flow = desk.flow()
    send = tap(walk(flow, *TO_REVIEW), "Send")
    for hours in (0, 1, 2, 1000):
        desk.hour = 500_000 + hours
        flow.answer(send)
        flow.answer(tap(walk(flow, *TO_REVIEW), "Send"))
    assert len(desk.kept) == 1 + 4


def test_every_altered_character_is_refused(desk: Desk) -> None:
    flow = desk.flow()
    send = tap(walk(flow, *TO_REVIEW), "Send")
    for place in range(3, len(send)):
        for other in "a1x_é":
            if other == send[place]:
                continue
            page = only(flow.answer(send[:place] + other + send[place + 1 :]))
            assert "does not work" in page.text
            assert tap(page, "Start again") == START_TAP
    assert desk.kept == []


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"somebody else's key"},
        {"areas": AREAS[::-1]},
        {"question_set": BOOK.get_set("standard")},
    ],
)
def test_a_tap_means_nothing_under_other_terms(desk: Desk, changes: dict[str, object]) -> None:
    send = tap(walk(desk.flow(), *TO_REVIEW), "Send")
    assert "does not work" in only(desk.flow(**changes).answer(send)).text  # type: ignore[arg-type]
    assert desk.kept == []


@given(st.text(max_size=80))
def test_any_text_at_all_gets_a_kind_answer(text: str) -> None:
    desk = Desk()
    flow = desk.flow()
    assert flow.owns("ci:" + text)
    for odd in (text, "ci:" + text, "ci:\ud800" + text):
        assert only(flow.answer(odd)).options
    assert desk.kept == []


def test_taps_of_others_are_not_owned(desk: Desk) -> None:
    assert desk.flow().owns(START_TAP)
    assert not desk.flow().owns("greet")
    assert not desk.flow().owns("")
    assert only(desk.flow().answer(START_TAP)).text == only(desk.flow().start()).text


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"short"},
        {"areas": ()},
        {"areas": ("Harbour", "Harbour")},
        {"areas": (" ",)},
        {"areas": ("x" * 81,)},
        {"areas": tuple(map(str, range(91)))},
    ],
)
def test_wrong_settings_stop_the_start(desk: Desk, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"check-ins|area"):
        desk.flow(**changes)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["core", "standard", "full"]), st.integers(1, 90), st.data())
def test_no_walk_stores_before_send_and_every_tap_fits(
    name: str, areas: int, data: st.DataObject
) -> None:
    """Any sequence of the buttons seen so far, old ones pressed again among them."""
    desk = Desk()
    flow = desk.flow(name, areas=[f"Area {place}" for place in range(areas)])
    page = only(flow.start())
    seen = list(page.options)
    for _ in range(data.draw(st.integers(1, 25))):
        offered = [*page.options, *page.options, *seen[-20:]]
        option = data.draw(st.sampled_from(offered))
        before = len(desk.kept)
        page = only(flow.answer(option.tap))
        seen += page.options
        assert len(desk.kept) == before or option.label == "Send"
        for each in page.options:
            assert len(each.tap.encode()) <= 64
            assert len(each.label) > 0
        assert len(page.text) <= 4096


@pytest.mark.parametrize("name", ["core", "standard", "full"])
def test_every_set_can_be_walked_to_the_end(desk: Desk, name: str) -> None:
    flow = desk.flow(name)
    page = walk(flow, "Yes, I am 16 or over", "Harbour", "75 or over")
    for number in range(len(BOOK.get_set(name).questions)):
        assert page.text.startswith(f"Question {number + 1} of ")
        assert max(len(option.tap.encode()) for option in page.options) <= 64
        page = only(flow.answer(page.options[0].tap))
    flow.answer(tap(page, "Send"))
    (kept,) = desk.kept
    assert [code for code, _ in kept.answers] == [q.code for q in BOOK.sets[name].questions]
    assert kept.age_band == "75+"


def test_the_longest_set_of_ones_own_with_the_most_areas_fits_in_its_buttons(desk: Desk) -> None:
    question = BOOK.questions[0]
    longest = QuestionSet(
        name="ours",
        version="ours-1",
        questions=tuple(replace(question, code=f"ours_{place}") for place in range(29)),
        intros={},
    )
    areas = [f"Area {place}" for place in range(90)]
    flow = desk.flow(question_set=longest, areas=areas)
    page = walk(flow, "Yes, I am 16 or over", "Area 89", "75 or over")
    for _ in longest.questions:
        assert max(len(option.tap.encode()) for option in page.options) <= 64
        page = only(flow.answer(page.options[0].tap))
    flow.answer(tap(page, "Send"))
    assert len(desk.kept[0].answers) == 29
