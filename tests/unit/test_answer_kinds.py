"""Kinds of question that were answered wrongly, each with a sentence that tempts."""

import pytest

from directory.answers.answering import AnswerService
from directory.answers.questions import read_questions
from directory.answers.wording import word_silences
from directory.encoder import Encoder
from directory.listing import Listing, Place


@pytest.fixture(scope="module")
def answers(encoder: Encoder) -> AnswerService:
    return AnswerService(encoder.encode_tokens)


def make_listing(description: str, **fields: object) -> Listing:
    return Listing("1", "Mill Club", "group", description, phone="01632 960100", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "description"),
    [
        ("can i bring my cat", "Dogs are welcome on a short lead."),
        ("is it flat", "Flat shoes are best."),
        ("how much is a ticket", "Ticket holders who have paid may sit in the front rows."),
        ("how long is a session", "We talk about the long road back to health, day by day."),
        ("what age is it for", "Parents and children play games and run races."),
    ],
)
def test_the_same_word_for_another_thing_is_no_answer(answers, question, description):
    [answer] = answers.answer(make_listing(description), question)
    assert answer.verdict == "not_said"


@pytest.mark.parametrize(
    ("question", "verdict", "description"),
    [
        ("is it hilly", "no", "A level walk of about a mile on good paths, with benches."),
        ("would i be on the till", "yes", "Serving at the till and sorting clothes."),
        ("would i meet people", "yes", "Meet and greet participants as they come in."),
        ("can i book by phone", "yes", "Book tickets in person, or over the phone."),
        ("my son is 8 can he go", "no", "For young people aged 9-16 (school years 5-11)."),
        ("do i have to ring first", "text", "Ring first if you would like us to look out for you."),
        ("do i need a partner", "no", "Couples and people on their own are welcome to dance."),
    ],
)
def test_a_statement_that_denies_nothing_hardly_ever_says_no(
    answers, question, verdict, description
):
    [answer] = answers.answer(make_listing(description), question)
    assert answer.verdict == verdict


@pytest.mark.parametrize(
    ("question", "is_open"),
    [
        ("do they ring or visit", True),
        ("is it for kids or grown ups", True),
        ("do they have tea or coffee", False),
        ("is it on or not", False),
        ("do i need a letter or something", False),
    ],
)
def test_a_choice_between_two_is_answered_in_words(question: str, is_open: bool):
    assert [item.is_open for item in read_questions(question)] == [is_open]


def test_what_only_names_the_listing_is_no_part_of_the_question():
    assert [item.text for item in read_questions("what about it, when is it")] == ["when is it"]


@pytest.mark.parametrize("question", ["how do i get there", "is it far", "what bus goes there"])
def test_the_address_helps_where_the_way_is_asked_for(answers: AnswerService, question: str):
    places = (Place("Mill Studio", "1 Mill Lane", postcode="ZY1 1AA"),)
    [answer] = answers.answer(make_listing("We sing.", places=places), question)
    assert answer.verdict == "not_said"
    assert "1 Mill Lane" in answer.text
    [answer] = answers.answer(make_listing("We sing.", places=places, confidential=True), question)
    assert "Mill Lane" not in answer.text


def test_silence_about_several_things_is_told_once(answers: AnswerService):
    listing = make_listing("We sing.")
    given = answers.answer(listing, "is there parking and can i bring my dog?")
    assert [item.topic for item in given] == ["parking", "animals"]
    assert word_silences(listing, ["parking", "animals"]) == (
        "They do not say about parking or animals. You can ask them on 01632 960100."
    )
    assert word_silences(listing, ["parking", ""]).startswith("They do not say about that.")
