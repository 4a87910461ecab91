"""What a person's words say: wanted, not wanted, offered, taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.understanding.utterance import asks, gives_nothing, read


@pytest.mark.parametrize(
    ("text", "wanted", "refused"),
    [
        ("not yoga", "", "yoga"),
        ("no not yoga or pilates", "", "yoga or pilates"),
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
def test_what_is_not_wanted_is_taken_out(text: str, wanted: str, refused: str) -> None:
    told = read(text)
    assert (told.wanted, told.refused) == (wanted, refused)


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
def test_a_no_that_refuses_nothing(text: str) -> None:
    told = read(text)
    assert not told.refused
    assert told.wanted == text


@pytest.mark.parametrize(
    ("text", "wanted", "given"),
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
def test_what_is_offered_stands_apart(text: str, wanted: str, given: str) -> None:
    told = read(text)
    assert (told.wanted, told.given) == (wanted, given)


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
def test_a_change_of_mind(text: str, wanted: str) -> None:
    told = read(text)
    assert told.changed
    assert told.wanted == wanted


@pytest.mark.parametrize(
    "text", ["chess", "gardening instead of knitting", "i actually like chess"]
)
def test_no_change_of_mind(text: str) -> None:
    assert not read(text).changed


@pytest.mark.parametrize(
    "text",
    ["nothing really", "no", "dunno", "not sure", "Nope", "can't think", "I'd rather not say"],
)
def test_nothing_comes_to_mind(text: str) -> None:
    assert gives_nothing(text)


@pytest.mark.parametrize("text", ["baking", "I know about cars", "nursing, for thirty years"])
def test_something_comes_to_mind(text: str) -> None:
    assert not gives_nothing(text)


def test_a_request_is_told_from_an_answer() -> None:
    assert asks("is there a knitting group")
    assert not asks("I can knit")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    told = read(text)
    assert len(told.wanted) + len(told.refused) + len(told.given) <= 2 * len(text) + 6
