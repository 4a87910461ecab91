"""What a person's words want, refuse, offer and take back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.understanding.patterns import straighten_apostrophes
from nlu.understanding.utterance import (
    Utterance,
    declines_to_answer,
    is_request,
    read_utterance,
)


def read(text: str) -> Utterance:
    return read_utterance(straighten_apostrophes(text))


@pytest.mark.parametrize(
    ("text", "wanted", "refused"),
    [
        ("not yoga", "", "yoga"),
        ("no not yoga or pilates", "", "yoga, pilates"),
        ("something active but not yoga", "something active", "yoga"),
        ("anything but bingo", "", "bingo"),
        ("i dont like church things", "", "church"),
        ("I don’t want exercise classes", "", "exercise"),
        ("gardening instead of knitting", "gardening", "knitting"),
        ("not a walking group, something with music", "something with music", "walking"),
        ("nothing with dogs", "", "dogs"),
        ("nothing sporty please", "", "sporty"),
    ],
)
def test_refusals_are_taken_out(text: str, wanted: str, refused: str) -> None:
    utterance = read(text)
    assert (utterance.wanted, utterance.refused) == (wanted, refused)


@pytest.mark.parametrize(
    "text",
    [
        "i dont know anyone here",
        "not sure what i want",
        "no idea really",
        "i hate being alone",
        "i have no friends",
        "ive no car so somewhere near",
        "I cannot walk far",
        "i can not leave him",
        "not been out much",
        "I do not drive",
        "I do not speak english",
        "my son does not talk",
        "no one visits me",
        "nothing for young people round here",
        "nothing to do",
        "i don't like going out alone",
        "i dont have much money",
    ],
)
def test_some_negations_refuse_nothing(text: str) -> None:
    utterance = read(text)
    assert not utterance.refused
    assert utterance.wanted == text


@pytest.mark.parametrize(
    ("text", "wanted", "offered"),
    [
        ("I want a gardening group, and I can bake", "I want a gardening group", "I can bake"),
        (
            "I used to be a joiner and want to meet people",
            "want to meet people",
            "I used to be a joiner",
        ),
        ("i'm a retired nurse, looking for a choir", "looking for a choir", "i'm a retired nurse"),
        ("a choir. happy to help with teas", "a choir", "happy to help with teas"),
        ("I can only do tuesdays", "I can only do tuesdays", ""),
        ("i can get there by bus", "i can get there by bus", ""),
        (
            "i used to be an electrician, could i be useful somewhere",
            "",
            "i used to be an electrician, could i be useful somewhere",
        ),
        ("is there anywhere i could be of use", "", "is there anywhere i could be of use"),
        ("a choir, and where can i help?", "a choir", "where can i help"),
        ("where can i help my mum get fit", "where can i help my mum get fit", ""),
    ],
)
def test_offers_are_taken_out(text: str, wanted: str, offered: str) -> None:
    utterance = read(text)
    assert (utterance.wanted, utterance.offered) == (wanted, offered)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("actually no, something indoors", "something indoors"),
        ("no wait, scrap that, a walking group", "a walking group"),
        ("I'd rather do something indoors", "something indoors"),
        ("knitting instead", "knitting"),
        ("changed my mind, chess", "chess"),
    ],
)
def test_a_change_of_mind_is_recognised(text: str, wanted: str) -> None:
    utterance = read(text)
    assert utterance.changed_mind
    assert utterance.wanted == wanted


@pytest.mark.parametrize(
    "text", ["chess", "gardening instead of knitting", "i actually like chess"]
)
def test_other_messages_change_no_mind(text: str) -> None:
    assert not read(text).changed_mind


@pytest.mark.parametrize(
    "text",
    ["nothing really", "no", "dunno", "not sure", "Nope", "can't think", "I'd rather not say"],
)
def test_a_declined_answer_is_recognised(text: str) -> None:
    assert declines_to_answer(text)


@pytest.mark.parametrize("text", ["baking", "I know about cars", "nursing, for thirty years"])
def test_an_answer_is_no_declined_answer(text: str) -> None:
    assert not declines_to_answer(text)


def test_a_request_differs_from_an_answer() -> None:
    assert is_request("is there a knitting group")
    assert not is_request("I can knit")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    utterance = read(text)
    assert (
        len(utterance.wanted) + len(utterance.refused) + len(utterance.offered) <= 2 * len(text) + 6
    )
