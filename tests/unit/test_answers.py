"""Questions about a listing are answered from what it says, and never otherwise."""

from datetime import time

import pytest

from directory.answers.answering import AnswerService
from directory.answers.comparisons import compare
from directory.answers.evaluation import (
    judge_answers,
    make_nearest_sentence_baseline,
    summarise_outcomes,
)
from directory.answers.examples import load_aspect_examples
from directory.answers.model import load_answer_model
from directory.answers.questions import read_questions
from directory.answers.statements import list_statements
from directory.encoder import Encoder
from directory.listing import Listing, Place, Schedule
from tests.support.listing_questions import read_own_questions, read_shared_listings
from tests.support.shared_data import SHARED

CLASS = Listing(
    "paint",
    "Paint Together",
    "group",
    "Dogs are not allowed in the studio. There is no need to book. Please bring an apron.",
    phone="01632 960100",
    places=(Place("Mill Studio", "1 Mill Lane", postcode="ZY1 1AA"),),
    schedules=(Schedule(("Tuesday",), "weekly", time(10), time(12)),),
    cost="£4 a session",
    cost_amount=4,
    languages=("English", "Polish"),
)


@pytest.fixture(scope="module")
def answers(encoder: Encoder) -> AnswerService:
    return AnswerService(encoder.encode_tokens)


@pytest.mark.parametrize(
    ("question", "verdict", "evidence"),
    [
        ("how much is it", "text", "£4 a session"),
        ("what day is it on", "text", "Every Tuesday, 10:00 to 12:00"),
        ("are dogs allowed", "no", "Dogs are not allowed in the studio."),
        ("do i need to book", "no", "There is no need to book."),
        ("whats the phone number", "text", "01632 960100"),
    ],
)
def test_an_answer_shows_the_fact_or_the_sentence(answers, question, verdict, evidence):
    [answer] = answers.answer(CLASS, question)
    assert (answer.verdict, answer.evidence) == (verdict, evidence)
    assert evidence in answer.text


def test_where_the_listing_is_silent_the_number_to_ask_is_given(answers):
    [answer] = answers.answer(CLASS, "is there a hearing loop")
    assert (answer.verdict, answer.evidence) == ("not_said", "")
    assert answer.text == "They do not say. To ask, ring 01632 960100."


def test_each_of_several_questions_is_answered(answers):
    found = answers.answer(CLASS, "how much is it n can i bring my dog?")
    assert [answer.verdict for answer in found] == ["text", "no"]


@pytest.mark.parametrize("message", ["what do i wear and bring", "can me and my mum come"])
def test_one_question_with_an_and_stays_one(message):
    assert len(read_questions(message)) == 1


def test_no_words_are_no_question(answers):
    assert answers.answer(CLASS, "?!") == []


def test_a_confidential_listing_never_shows_its_place(answers):
    refuge = Listing(
        "refuge",
        "Refuge",
        "service",
        "We are at 77 Hidden Lane. Come to ZY77 7QQ by bus. Dogs can stay.",
        phone="01632 960100",
        places=(Place("Sentinel House", "77 Hidden Lane", "Quiethaven", "ZY77 7QQ"),),
        covers="Quiethaven",
        confidential=True,
    )
    assert not any(
        secret in statement.text
        for statement in list_statements(refuge)
        for secret in ("Hidden Lane", "ZY77", "Sentinel House", "Quiethaven")
    )
    for question in ("where is it", "what is the address", "how do i get there by bus"):
        [answer] = answers.answer(refuge, question)
        assert answer.verdict == "not_said"
        assert "01632 960100" in answer.text


@pytest.mark.parametrize(
    ("question", "statement", "result"),
    [
        ("is it on sundays", "Open Monday to Friday", (-1, 0, 0)),
        ("is it on mondays", "Open daily except Christmas Day", (1, 0, 0)),
        ("is it on in january", "From April to October", (0, -1, 0)),
        ("is it on in august", "Weekly (except June and August)", (0, -1, 0)),
        ("can a 14 year old come", "Ages 16 and over", (0, 0, -1)),
        ("can i do it at 16", "Ages 18 and over", (0, 0, -1)),
        ("is it free", "Open Monday to Friday", (0, 0, 0)),
    ],
)
def test_days_months_and_ages_are_compared(question, statement, result):
    assert compare(question, statement) == result


@pytest.mark.parametrize("confidential", [False, True])
def test_silence_quotes_what_is_near_unless_it_may_hint_at_a_place(
    answers: AnswerService, confidential: bool
):
    description = "A safe home with a garden. You can get off the bus at the big shop."
    listing = Listing("1", "Haven", "service", description, confidential=confidential)
    [answer] = answers.answer(listing, "whats it near")
    assert answer.verdict == "not_said"
    assert ("big shop" in answer.text) is not confidential


def test_the_sealed_questions_are_answered_better_than_by_the_nearest_sentence(encoder: Encoder):
    """Floors are some way below what docs/explanation/answers.md reports."""
    if not (SHARED / "feeds").is_dir():
        pytest.skip(f"the feeds are not at {SHARED}; set CONNECTOR_SHARED_DATA")
    listings = read_shared_listings(SHARED)
    messages = read_own_questions(listings, sealed=True)
    ours, nearest = (
        summarise_outcomes(
            outcome
            for message in messages
            for outcome in judge_answers(message, answer(listings[message.listing], message.text))
        )
        for answer in (
            AnswerService(encoder.encode_tokens).answer,
            make_nearest_sentence_baseline(encoder.encode),
        )
    )
    assert ours.right.count > nearest.right.count
    assert ours.right.count >= 0.68 * ours.right.total
    assert ours.claimed.count <= 0.2 * ours.claimed.total


def test_the_weights_were_learnt_from_the_aspects_as_they_are():
    """Fails if aspects.yml was changed and answers.npz was not made again."""
    examples = load_aspect_examples()
    aspects = load_answer_model().aspects
    assert set(aspects.names) == {example.aspect for example in examples}
    assert len(aspects.examples) == len(examples)
    assert aspects.questions == sum(example.is_question for example in examples)


@pytest.mark.parametrize(
    "message",
    [
        "and the cost?",
        "on wednesdays?",
        "would my nan be able to get in",
        "he has a nut allergy, will they cope",
        "which of them is shortest",
        "how do i sign my son up",
        "the sewing one, is it for beginners",
        "what time do they shut",
    ],
)
def test_a_question_about_what_was_shown_is_recognised(answers: AnswerService, message: str):
    assert answers.asks_about_listing(message) > 0.5


@pytest.mark.parametrize(
    "message",
    [
        "is there something for my nan",
        "wednesdays are better",
        "do you know any sewing groups",
        "why would you want my postcode",
        "i am allergic to nuts",
        "ive not been sleeping",
        "thank you, that helps",
        "can you read my mind",
    ],
)
def test_another_message_is_no_question_about_it(answers: AnswerService, message: str):
    assert answers.asks_about_listing(message) < 0.5
