"""Which button typed words stand for, and that nothing is guessed."""

import pytest

from bot.messages import Choices, Option
from bot.typed_answers import find_options


def make_question(*labels: str, answers: int | None = None) -> Choices:
    options = tuple(Option(label, f"tap {label}") for label in labels)
    return Choices("A question", options, answers=len(labels) if answers is None else answers)


START = make_question("Yes, I am 16 or over", "No, I am under 16", "Stop", answers=0)
AREA = make_question("Harbourside", "Old Town", "Mill Lane", "Back", "Stop", answers=3)
AGE = make_question("16 to 24", "25 to 34", "35 to 49", "75 or over", "Prefer not to say", "Stop")
BELONGING = make_question(
    "Very strongly",
    "Fairly strongly",
    "Not very strongly",
    "Not at all strongly",
    "Prefer not to say",
    "Skip",
    "Back",
    answers=6,
)
AGREEMENT = make_question(
    "Definitely agree", "Tend to agree", "Tend to disagree", "Definitely disagree", "Skip"
)
LONELY = make_question(
    "Often or always", "Some of the time", "Occasionally", "Hardly ever", "Never", "Skip", "Stop"
)
REVIEW = make_question("Send", "Change", "Stop", answers=0)


@pytest.mark.parametrize(
    ("question", "text", "label"),
    [
        (START, "yes", "Yes, I am 16 or over"),
        (START, "Yeah, please", "Yes, I am 16 or over"),
        (START, "im 34", "Yes, I am 16 or over"),
        (START, "im under 16", "No, I am under 16"),
        (START, "12", "No, I am under 16"),
        (AREA, "Old Town", "Old Town"),
        (AREA, "oldtown", "Old Town"),
        (AREA, "harborside", "Harbourside"),
        (AREA, "I live in Mill lane", "Mill Lane"),
        (AREA, "2", "Old Town"),
        (AREA, "the second one", "Old Town"),
        (AREA, "third", "Mill Lane"),
        (AREA, "go back", "Back"),
        (AREA, "stop the questions please", "Stop"),
        (AGE, "40", "35 to 49"),
        (AGE, "i am 82 years old", "75 or over"),
        (AGE, "35-49", "35 to 49"),
        (AGE, "I\u2019d rather not say", "Prefer not to say"),
        (BELONGING, "fairly", "Fairly strongly"),
        (BELONGING, "very strongly", "Very strongly"),
        (BELONGING, "not very", "Not very strongly"),
        (BELONGING, "Not at all!", "Not at all strongly"),
        (BELONGING, "pass", "Skip"),
        (AGREEMENT, "definately agree", "Definitely agree"),
        (AGREEMENT, "tend to disagree i think", "Tend to disagree"),
        (LONELY, "often", "Often or always"),
        (LONELY, "yes, often", "Often or always"),
        (LONELY, "sometimes", "Some of the time"),
        (LONELY, "hardly ever i suppose", "Hardly ever"),
        (LONELY, "nevr", "Never"),
        (LONELY, "occassionally", "Occasionally"),
        (REVIEW, "ok send it", "Send"),
        (REVIEW, "change", "Change"),
    ],
)
def test_words_that_fit_one_button_press_it(question: Choices, text: str, label: str) -> None:
    options = find_options(text, question)
    assert options is not None
    assert [option.label for option in options] == [label]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (START, "not sure"),
        (AREA, "skip"),
        (AREA, "9"),
        (BELONGING, "strongly"),
        (BELONGING, "not strongly"),
        (BELONGING, "very"),
        (BELONGING, "yes"),
        (BELONGING, "dont know"),
        (AGREEMENT, "agree"),
        (AGREEMENT, "i dont agree"),
        (LONELY, "often or never"),
        (LONELY, "not often"),
        (LONELY, "most of the time"),
        (LONELY, "ever"),
        (LONELY, "hmm"),
        (REVIEW, "yes"),
        (REVIEW, "dont send"),
    ],
)
def test_words_in_doubt_press_nothing(question: Choices, text: str) -> None:
    options = find_options(text, question)
    assert options is not None, "it is about the question"
    assert len(options) != 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (START, "what is this for"),
        (START, "thank you"),
        (AREA, "where is old town"),
        (AREA, "Old Town choir"),
        (AREA, "is there a choir near here"),
        (AREA, "back pain group"),
        (LONELY, "i feel so lonely"),
        (LONELY, "is it often busy"),
        (LONELY, "often?"),
        (LONELY, "delete my data"),
        (LONELY, "never in my life did i think that i would have to ask for help"),
        (LONELY, ""),
        (LONELY, "\U0001f44d"),
    ],
)
def test_a_question_or_a_wish_is_no_answer(question: Choices, text: str) -> None:
    assert find_options(text, question) is None


@pytest.mark.parametrize("text", ["no thanks", "No, thank you.", "not now"])
def test_no_thanks_is_what_the_question_says_it_is(text: str) -> None:
    (refusal,) = [option for option in LONELY.options if option.label == "Skip"]
    assert find_options(text, LONELY, refusal) == (refusal,)
    assert find_options(text, LONELY) == ()


@pytest.mark.parametrize("question", [START, AREA, AGE, BELONGING, AGREEMENT, LONELY, REVIEW])
def test_every_label_can_be_typed(question: Choices) -> None:
    for option in question.options:
        for text in (option.label, option.label.upper(), f" {option.label}. "):
            assert find_options(text, question) == (option,)
