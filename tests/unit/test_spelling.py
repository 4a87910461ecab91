"""Misspelt words are corrected towards the listings' words; correct words stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search.spelling import Speller, is_word

LISTED = ("gardening", "group", "choir", "crafts", "larkham", "knitting", "badminton", "flavours")
SPELLER = Speller(LISTED)


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("gardning gruop", "gardening group"),
        ("a gardning gruop nere me", "a gardening group nere me"),
        ("chior", "choir"),
        ("Kniting", "knitting"),
        ("badmington!", "badminton!"),
        ("swimming in the garden", "swimming in the garden"),
        ("a quire of neighbours doing favours", "a quire of neighbours doing favours"),
        ("grout", "grout"),
        ("zzyzx", "zzyzx"),
        ("arts", "arts"),
        ("", ""),
    ],
)
def test_misspelt_words_are_corrected(text: str, corrected: str) -> None:
    assert SPELLER.correct(text) == corrected


@pytest.mark.parametrize("word", ["favours", "organise", "centre", "counselling", "joiner"])
def test_british_words_are_words(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("word", ["gardning", "lonley", "freinds", "excercise"])
def test_misspelt_words_are_not_words(word: str) -> None:
    assert not is_word(word)


@given(st.text())
def test_a_corrected_text_stays(text: str) -> None:
    once = SPELLER.correct(text)
    assert SPELLER.correct(once) == once


@given(st.lists(st.sampled_from([*LISTED, "garden", "swimming", "joiner"])).map(" ".join))
def test_correct_words_stay(text: str) -> None:
    assert SPELLER.correct(text) == text
