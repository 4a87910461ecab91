"""The check-in conversation, from the first button to Send."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.checkin_flow import START_TAP, CheckInFlow
from bot.conversation import Conversation
from bot.messages import Choices, Message, Reply
from bot.rate_limit import DAY, RateLimit
from bot.responses import get_line
from checkins.checkin import CheckIn
from checkins.draft import Stub
from checkins.errors import NotStoredError
from checkins.questions import QuestionSet, load_questions
from directory.team import Team
from nlu.actions import Services
from tests.support.published_questions import INTRO, WORDING

AREAS = ("Harbour", "Old Town", "Mill Lane")
KEY = b"a key that only this test has"
BOOK = load_questions()


@dataclass
class MemoryStore:
    """A store in memory, which can be made to fail."""

    checkins: list[CheckIn] = field(default_factory=list)
    stubs: set[Stub] = field(default_factory=set)
    failure: Exception | None = None
    hour: int = 500_000

    def record(self, checkin: CheckIn, stub: Stub) -> bool:
        if self.was_sent(stub):
            return False
        self.checkins.append(checkin)
        self.stubs.add(stub)
        return True

    def was_sent(self, stub: Stub) -> bool:
        if self.failure:
            raise self.failure
        return stub in self.stubs

    def flow(self, name: str = "core", **changes: object) -> CheckInFlow:
        arguments = {
            "question_set": BOOK.get_set(name),
            "areas": AREAS,
            "store": self,
            "today": lambda: date(2026, 11, 22),
            "key": KEY,
            "current_hour": lambda: self.hour,
        }
        return CheckInFlow(**(arguments | changes))  # type: ignore[arg-type]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def get_only_page(replies: list[Reply]) -> Choices:
    (reply,) = replies
    assert isinstance(reply, Choices)
    return reply


def find_tap(page: Choices, label: str) -> str:
    (matching_tap,) = [option.tap for option in page.options if option.label == label]
    return matching_tap


def press(flow: CheckInFlow, page: Choices, label: str) -> Choices:
    """The page that follows the button with that label."""
    return get_only_page(flow.answer(find_tap(page, label)))


def walk(flow: CheckInFlow, *labels: str) -> Choices:
    page = get_only_page(flow.start())
    for label in labels:
        page = press(flow, page, label)
    return page


TO_REVIEW = ("Yes, I am 16 or over", "Old Town", "35 to 49", "Fairly strongly", "Occasionally")


# The conversation


def test_a_whole_check_in(store: MemoryStore) -> None:
    flow = store.flow()
    review = walk(flow, *TO_REVIEW)
    assert store.checkins == []
    for line in ("Area: Old Town", "Age: 35 to 49", "Fairly strongly", "Occasionally"):
        assert line in review.text
    thanks = press(flow, review, "Send")
    assert store.checkins == [
        CheckIn("2026-W47", "Old Town", "35-49", (("belonging", "2"), ("lonely", "3")), "core-1")
    ]
    assert find_tap(thanks, "Find something near me") == "greet"


def test_each_page_has_its_text_and_buttons(store: MemoryStore) -> None:
    flow = store.flow()
    page = walk(flow, "Yes, I am 16 or over")
    assert [o.label for o in page.options] == [*AREAS, "Back", "Stop"]
    page = press(flow, page, "Harbour")
    assert [o.label for o in page.options][-3:] == ["Prefer not to say", "Back", "Stop"]
    page = press(flow, page, "Prefer not to say")
    first, *_, last = WORDING.items()
    assert page.text == f"Question 1 of 2\n\n{first[0]}"
    assert [o.label for o in page.options] == [
        *first[1],
        "Prefer not to say",
        "Skip",
        "Back",
        "Stop",
    ]
    page = press(flow, page, "Prefer not to say")
    assert page.text == f"Question 2 of 2\n\n{last[0]}"
    page = press(flow, page, "Never")
    assert [o.label for o in page.options] == ["Send", "Change", "Stop"]
    flow.answer(find_tap(page, "Send"))
    assert store.checkins[0].age_band is None
    assert store.checkins[0].answers == (("belonging", "p"), ("lonely", "5"))


def test_the_four_loneliness_questions_are_introduced(store: MemoryStore) -> None:
    steps = ("Yes, I am 16 or over", "Harbour", "Prefer not to say", "Very strongly")
    second = walk(store.flow("standard"), *steps)
    assert second.text == f"Question 2 of 5\n\n{INTRO}\n\n{list(WORDING)[5]}"
    assert INTRO not in walk(store.flow("core"), *steps).text


def test_skipping_is_not_preferring_not_to_say(store: MemoryStore) -> None:
    flow = store.flow()
    steps = ("Yes, I am 16 or over", "Harbour", "16 to 24")
    review = walk(flow, *steps, "Skip", "Prefer not to say")
    assert f"{next(iter(WORDING))} Skipped" in review.text
    flow.answer(find_tap(review, "Send"))
    assert store.checkins[0].answers == (("belonging", "s"), ("lonely", "p"))


def test_all_skipped_leaves_nothing_to_send(store: MemoryStore) -> None:
    flow = store.flow()
    steps = ("Yes, I am 16 or over", "Harbour", "16 to 24")
    page = walk(flow, *steps, "Skip", "Skip")
    assert page.text == get_line("checkin_no_answers")
    assert [option.label for option in page.options] == ["Change", "Stop"]
    review = get_only_page(flow.answer(find_tap(press(flow, page, "Change"), "Feeling lonely")))
    review = press(flow, review, "Never")
    flow.answer(find_tap(review, "Send"))
    assert store.checkins[0].answers == (("belonging", "s"), ("lonely", "5"))


def test_people_under_16_are_thanked_and_asked_no_question(store: MemoryStore) -> None:
    page = walk(store.flow(), "No, I am under 16")
    assert "Thank you" in page.text
    assert "16 and over" in page.text
    assert [option.tap for option in page.options] == ["greet"]


@pytest.mark.parametrize("steps", range(len(TO_REVIEW) + 1))
def test_stop_stores_nothing_at_any_step(store: MemoryStore, steps: int) -> None:
    page = walk(store.flow(), *TO_REVIEW[:steps], "Stop")
    assert page.text == get_line("checkin_stopped")
    assert store.checkins == []


def test_back_goes_to_the_page_before(store: MemoryStore) -> None:
    flow = store.flow()
    for steps in range(1, len(TO_REVIEW)):
        before = walk(flow, *TO_REVIEW[: steps - 1])
        assert walk(flow, *TO_REVIEW[:steps], "Back").text == before.text


def test_change_asks_one_question_again_and_keeps_the_other_answers(store: MemoryStore) -> None:
    flow = store.flow()
    review = walk(flow, *TO_REVIEW, "Change", "Belonging", "Not at all strongly")
    assert "Not at all strongly" in review.text
    review = press(flow, review, "Change")
    review = press(flow, review, "Area")
    review = press(flow, review, "Mill Lane")
    flow.answer(find_tap(review, "Send"))
    (checkin,) = store.checkins
    assert (checkin.area, checkin.age_band, checkin.answers) == (
        "Mill Lane",
        "35-49",
        (("belonging", "4"), ("lonely", "3")),
    )
    assert walk(flow, *TO_REVIEW, "Change", "Back").text == walk(flow, *TO_REVIEW).text


def test_a_restart_in_the_middle_loses_nothing(store: MemoryStore) -> None:
    page = walk(store.flow(), *TO_REVIEW[:4])
    page = press(store.flow(), page, "Occasionally")
    store.flow().answer(find_tap(page, "Send"))
    assert len(store.checkins) == 1


# Typed answers


def type_words(flow: CheckInFlow, page: Choices, text: str) -> Choices:
    """The page that follows what is typed while `page` is open."""
    replies = flow.answer_text(text, page.open_checkin)
    assert replies is not None, f"{text!r} was taken for something else"
    return get_only_page(replies)


def test_a_whole_check_in_can_be_typed(store: MemoryStore) -> None:
    flow = store.flow()
    page = get_only_page(flow.start())
    for text in ("yes", "old town", "im 40", "the second one", "ocasionally", "send"):
        assert store.checkins == []
        page = type_words(flow, page, text)
    assert store.checkins == [
        CheckIn("2026-W47", "Old Town", "35-49", (("belonging", "2"), ("lonely", "3")), "core-1")
    ]
    assert page.open_checkin == ""


def test_words_in_doubt_leave_the_question_as_it_was(store: MemoryStore) -> None:
    flow = store.flow()
    page = walk(flow, *TO_REVIEW[:3])
    again = type_words(flow, page, "strongly")
    assert again.text == f"{get_line('checkin_unclear')}\n\n{page.text}"
    assert (again.options, again.answers, again.open_checkin) == (
        page.options,
        page.answers,
        page.open_checkin,
    )


def test_no_thanks_leaves_out_a_question_and_refuses_a_check_in(store: MemoryStore) -> None:
    flow = store.flow()
    assert "Question 2 of 2" in type_words(flow, walk(flow, *TO_REVIEW[:3]), "no thanks").text
    stopped = type_words(flow, get_only_page(flow.start()), "no thanks")
    assert stopped.text == get_line("checkin_stopped")
    # The answers would be lost, so it is in doubt.
    review = walk(flow, *TO_REVIEW)
    assert review.text in type_words(flow, review, "no thanks").text


def test_what_is_no_answer_is_left_to_others(store: MemoryStore) -> None:
    flow = store.flow()
    page = walk(flow, *TO_REVIEW[:2])
    assert flow.answer_text("is there a choir near here", page.open_checkin) is None
    for nothing_open in ("", "ci:nonsense", find_tap(page, "Stop"), "greet"):
        assert flow.answer_text("stop", nothing_open) is None
        assert flow.reopen(nothing_open) == []


def test_the_open_question_is_shown_again_until_the_check_in_ends(store: MemoryStore) -> None:
    flow = store.flow()
    pages = [walk(flow, *TO_REVIEW[:steps]) for steps in range(len(TO_REVIEW) + 1)]
    pages.append(press(flow, pages[-1], "Change"))
    for page in pages:
        assert store.flow().reopen(page.open_checkin) == [page]
    press(flow, pages[-2], "Send")
    assert flow.reopen(pages[-2].open_checkin) == []
    store.hour += 2
    assert flow.reopen(pages[0].open_checkin) == []


def test_a_typed_answer_to_a_question_that_is_too_old_goes_nowhere_else(
    store: MemoryStore,
) -> None:
    flow = store.flow()
    page = walk(flow, *TO_REVIEW[:4])
    store.hour += 2
    for text in ("never", "not often"):
        assert type_words(flow, page, text).text == get_line("checkin_expired")


# Double presses and old buttons


def press_twice(flow: CheckInFlow, page: Choices, label: str) -> Choices:
    """The page after a double press: the second one meets the question that is then open."""
    tap = find_tap(page, label)
    following = get_only_page(flow.answer(tap, open_checkin=page.open_checkin))
    return get_only_page(flow.answer(tap, open_checkin=following.open_checkin))


def test_skip_pressed_twice_skips_one_question(store: MemoryStore) -> None:
    flow = store.flow("standard")
    page = press_twice(flow, walk(flow, *TO_REVIEW[:3]), "Skip")
    assert "Question 2 of 5" in page.text


def test_a_button_of_another_question_changes_nothing(store: MemoryStore) -> None:
    flow = store.flow()
    pages = [walk(flow, *TO_REVIEW[:3])]
    for label in TO_REVIEW[3:]:
        pages.append(press(flow, pages[-1], label))
    belonging, lonely, review = pages
    for old, open_page in ((belonging, lonely), (belonging, review), (lonely, review)):
        old_tap = find_tap(old, "Prefer not to say")
        reply = get_only_page(flow.answer(old_tap, open_checkin=open_page.open_checkin))
        assert reply.text == f"{get_line('checkin_answered')}\n\n{open_page.text}"
        assert reply.open_checkin == open_page.open_checkin


def test_a_button_works_where_no_open_question_is_known(store: MemoryStore) -> None:
    flow = store.flow()
    page = walk(flow, *TO_REVIEW[:3])
    sent = walk(flow, *TO_REVIEW)
    press(flow, sent, "Send")
    for unknown in ("", "ci:nonsense", sent.open_checkin):
        reply = get_only_page(flow.answer(find_tap(page, "Skip"), open_checkin=unknown))
        assert "Question 2 of 2" in reply.text


def test_an_unsent_check_in_stays_open(store: MemoryStore) -> None:
    flow = store.flow()
    review = walk(flow, *TO_REVIEW)
    store.failure = OSError("full")
    unsent = press(flow, review, "Send")
    store.failure = None
    sent = flow.answer(find_tap(unsent, "Send again"), open_checkin=unsent.open_checkin)
    assert "have been sent" in get_only_page(sent).text


# Errors and repeated taps


def test_a_second_send_stores_nothing_and_says_so(store: MemoryStore) -> None:
    flow = store.flow()
    review = walk(flow, *TO_REVIEW)
    for label in ("Send", "Send", "Change", "Stop"):
        again = press(flow, review, label)
    assert len(store.checkins) == 1
    assert "had sent your answers" in again.text


def test_a_send_counts_once_over_a_restart_and_in_another_replica(store: MemoryStore) -> None:
    """Two flows with the same key and store are like two processes, or one that was restarted."""
    send = find_tap(walk(store.flow(), *TO_REVIEW), "Send")
    assert "have been sent" in get_only_page(store.flow().answer(send)).text
    assert "had sent your answers" in get_only_page(store.flow().answer(send)).text
    assert len(store.checkins) == len(store.stubs) == 1


def test_no_button_of_a_sent_check_in_claims_that_nothing_was_stored(store: MemoryStore) -> None:
    flow = store.flow()
    pages = [walk(flow, *TO_REVIEW[:steps]) for steps in range(1, len(TO_REVIEW) + 1)]
    flow.answer(find_tap(pages[-1], "Send"))
    # Each walk above was a draft of its own; only the last one was sent.
    assert press(store.flow(), pages[-1], "Stop").text == get_line("checkin_sent_before")
    assert press(store.flow(), pages[0], "Stop").text == get_line("checkin_stopped")


def test_a_stub_depends_on_the_draft_and_not_on_its_answers(store: MemoryStore) -> None:
    flow = store.flow()
    review = walk(flow, *TO_REVIEW)
    change_tap = find_tap(press(flow, review, "Change"), "Belonging")
    changed_review = get_only_page(
        flow.answer(find_tap(get_only_page(flow.answer(change_tap)), "Very strongly"))
    )
    for page in (review, changed_review):
        flow.answer(find_tap(page, "Send"))
    assert len(store.checkins) == 1
    (stub,) = store.stubs
    nonce = find_tap(review, "Send")[4:12]
    assert nonce not in stub.text
    assert stub.turn == store.hour % 8


@pytest.mark.parametrize(
    "failure", [NotStoredError("locked"), OSError("full"), RuntimeError("odd")]
)
def test_a_failure_is_reported_and_send_again_works(
    store: MemoryStore, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    flow = store.flow()
    send = find_tap(walk(flow, *TO_REVIEW), "Send")
    store.failure = failure
    with caplog.at_level(logging.DEBUG):
        failed = get_only_page(flow.answer(send))
    assert "not kept" in failed.text
    assert str(failure) not in caplog.text
    assert type(failure).__name__ in caplog.text
    store.failure = None
    assert "have been sent" in press(flow, failed, "Send again").text
    assert len(store.checkins) == 1


# What one client may send


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def send_checkins(flow: CheckInFlow, client: str, times: int) -> Choices:
    """The last page, after that many check-ins of one client, each begun anew."""
    for _ in range(times):
        page = get_only_page(flow.answer(find_tap(walk(flow, *TO_REVIEW), "Send"), client))
    return page


def test_a_client_can_send_a_number_of_check_ins_a_day(store: MemoryStore) -> None:
    clock = Clock()
    flow = store.flow(send_limit=RateLimit(4, DAY, clock))
    assert "have been sent" in send_checkins(flow, "web:198.51.100.7", 4).text
    refused = send_checkins(flow, "web:198.51.100.7", 1)
    assert len(store.checkins) == 4
    assert "did not keep yours" in refused.text.replace("\n", " ")
    assert "You did nothing wrong" in refused.text
    # Others are not concerned, and the answers are still in the button: another network works.
    assert "have been sent" in send_checkins(flow, "telegram:77", 1).text
    again = find_tap(refused, "Send again")
    assert "have been sent" in get_only_page(flow.answer(again, "web:203.0.113.9")).text
    # Places come back evenly over the day.
    clock.now += DAY / 4
    assert "have been sent" in send_checkins(flow, "web:198.51.100.7", 1).text
    assert "did nothing wrong" in send_checkins(flow, "web:198.51.100.7", 1).text
    assert len(store.checkins) == 7


def test_pressing_send_again_counts_once(store: MemoryStore) -> None:
    flow = store.flow(send_limit=RateLimit(2, DAY, Clock()))
    send = find_tap(walk(flow, *TO_REVIEW), "Send")
    for _ in range(10):
        flow.answer(send, "web:198.51.100.7")
    assert "have been sent" in send_checkins(flow, "web:198.51.100.7", 1).text


def test_a_conversation_counts_a_household_or_else_the_person(store: MemoryStore) -> None:
    flow = store.flow(send_limit=RateLimit(1, DAY, Clock()))
    conversation = Conversation(
        guard=None,  # type: ignore[arg-type]
        checkin_flow=flow,
        rasa=None,  # type: ignore[arg-type]
        services=Services(None, None, None, Team()),  # type: ignore[arg-type]
        secret=KEY,
        nation="england",
    )

    def send(sender: str, client: str | None = None) -> str:
        message = Message(tap=find_tap(walk(flow, *TO_REVIEW), "Send"))
        return get_only_page(asyncio.run(conversation.answer(sender, message, client=client))).text

    assert "have been sent" in send("web:one", "web:198.51.100.7")
    assert "did nothing wrong" in send("web:two", "web:198.51.100.7")
    assert "have been sent" in send("telegram:77")
    assert "did nothing wrong" in send("telegram:77")


def test_nobody_is_named_where_sends_are_counted(store: MemoryStore) -> None:
    limit = RateLimit(2, DAY, Clock())
    send_checkins(store.flow(send_limit=limit), "web:198.51.100.7", 2)
    assert len(limit) == 1
    assert "198.51" not in repr(vars(limit))


def test_answering_works_while_the_store_cannot_be_read(store: MemoryStore) -> None:
    page = walk(store.flow(), *TO_REVIEW[:3])
    store.failure = OSError("away")
    assert "Question 2 of 2" in press(store.flow(), page, "Fairly strongly").text


@pytest.mark.parametrize(("hours", "stored"), [(0, 1), (1, 1), (2, 0), (30, 0), (-1, 0)])
def test_a_tap_expires(store: MemoryStore, hours: int, stored: int) -> None:
    flow = store.flow()
    send = find_tap(walk(flow, *TO_REVIEW), "Send")
    store.hour += hours
    page = get_only_page(flow.answer(send))
    assert len(store.checkins) == stored
    assert ("too old" in page.text) == (stored == 0)


def test_a_sent_tap_is_accepted_only_once(store: MemoryStore) -> None:
    flow = store.flow()
    send = find_tap(walk(flow, *TO_REVIEW), "Send")
    for hours in (0, 1, 2, 1000):
        store.hour = 500_000 + hours
        flow.answer(send)
        flow.answer(find_tap(walk(flow, *TO_REVIEW), "Send"))
    assert len(store.checkins) == 1 + 4


def test_every_altered_character_is_refused(store: MemoryStore) -> None:
    flow = store.flow()
    send = find_tap(walk(flow, *TO_REVIEW), "Send")
    for index in range(3, len(send)):
        for character in "a1x_é":
            if character == send[index]:
                continue
            page = get_only_page(flow.answer(send[:index] + character + send[index + 1 :]))
            assert "does not work" in page.text
            assert find_tap(page, "Start again") == START_TAP
    assert store.checkins == []


@pytest.mark.parametrize(
    "changes",
    [
        {"key": b"somebody else's key"},
        {"areas": AREAS[::-1]},
        {"question_set": BOOK.get_set("standard")},
    ],
)
def test_a_tap_is_refused_under_another_key_area_list_or_set(
    store: MemoryStore, changes: dict[str, object]
) -> None:
    send = find_tap(walk(store.flow(), *TO_REVIEW), "Send")
    assert "does not work" in get_only_page(store.flow(**changes).answer(send)).text  # type: ignore[arg-type]
    assert store.checkins == []


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    store = MemoryStore()
    flow = store.flow()
    assert flow.owns("ci:" + text)
    for tap in (text, "ci:" + text, "ci:\ud800" + text):
        assert get_only_page(flow.answer(tap)).options
    assert store.checkins == []


def test_other_taps_are_not_owned(store: MemoryStore) -> None:
    assert store.flow().owns(START_TAP)
    assert not store.flow().owns("greet")
    assert not store.flow().owns("")
    assert (
        get_only_page(store.flow().answer(START_TAP)).text
        == get_only_page(store.flow().start()).text
    )


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
def test_invalid_settings_raise_an_error(store: MemoryStore, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"check-ins|area"):
        store.flow(**changes)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["core", "standard", "full"]), st.integers(1, 90), st.data())
def test_no_walk_stores_before_send_and_every_tap_fits(
    name: str, areas: int, data: st.DataObject
) -> None:
    """Presses any sequence of the buttons seen so far, including old ones."""
    store = MemoryStore()
    flow = store.flow(name, areas=[f"Area {index}" for index in range(areas)])
    page = get_only_page(flow.start())
    seen = list(page.options)
    for _ in range(data.draw(st.integers(1, 25))):
        offered = [*page.options, *page.options, *seen[-20:]]
        option = data.draw(st.sampled_from(offered))
        before = len(store.checkins)
        page = get_only_page(flow.answer(option.tap))
        seen += page.options
        assert len(store.checkins) == before or option.label == "Send"
        for shown_option in page.options:
            assert len(shown_option.tap.encode()) <= 64
            assert len(shown_option.label) > 0
        assert len(page.text) <= 4096


@pytest.mark.parametrize("name", ["core", "standard", "full"])
def test_every_set_can_be_walked_to_the_end(store: MemoryStore, name: str) -> None:
    flow = store.flow(name)
    page = walk(flow, "Yes, I am 16 or over", "Harbour", "75 or over")
    for number in range(len(BOOK.get_set(name).questions)):
        assert page.text.startswith(f"Question {number + 1} of ")
        assert max(len(option.tap.encode()) for option in page.options) <= 64
        page = get_only_page(flow.answer(page.options[0].tap))
    flow.answer(find_tap(page, "Send"))
    (checkin,) = store.checkins
    assert [code for code, _ in checkin.answers] == [q.code for q in BOOK.sets[name].questions]
    assert checkin.age_band == "75+"


def test_the_longest_set_with_the_most_areas_fits_in_its_buttons(
    store: MemoryStore,
) -> None:
    question = BOOK.questions[0]
    longest = QuestionSet(
        name="ours",
        version="ours-1",
        questions=tuple(replace(question, code=f"ours_{index}") for index in range(29)),
        intros={},
    )
    areas = [f"Area {index}" for index in range(90)]
    flow = store.flow(question_set=longest, areas=areas)
    page = walk(flow, "Yes, I am 16 or over", "Area 89", "75 or over")
    for _ in longest.questions:
        assert max(len(option.tap.encode()) for option in page.options) <= 64
        page = get_only_page(flow.answer(page.options[0].tap))
    flow.answer(find_tap(page, "Send"))
    assert len(store.checkins[0].answers) == 29
