"""The audiences that a text names."""

import pytest

from directory.indexing.audiences import find_audiences, find_listing_audiences


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a group for blokes", "Men's Breakfast"),
        ("things for teenagers", "Youth Club"),
        ("I'm 74 and bored", "Over 60s lunch"),
        ("my son is 19", "boys aged 19"),
        ("muslim ladies", "Islamic women"),
        ("men’s shed", "men's shed"),
        ("I use a wheelchair", "Disability sport"),
    ],
)
def test_an_audience_has_one_bit_whatever_its_name(first: str, second: str):
    assert find_audiences(first) & find_audiences(second)


@pytest.mark.parametrize(
    "text", ["", "chess club", "open 10 to 12, 74 High Street", "menu", "a heartfelt weekend"]
)
def test_a_text_without_an_audience_has_no_bits(text: str):
    assert find_audiences(text) == 0


def test_different_audiences_have_different_bits():
    groups = ["toddlers", "teenagers", "pensioners", "ladies", "blokes", "wheelchair", "dementia"]
    bits = [find_audiences(group) for group in groups]
    assert all(bit.bit_count() == 1 for bit in bits)
    assert len(set(bits)) == len(groups)


def test_only_the_opening_of_a_description_is_read():
    assert find_listing_audiences("Walks", "For pensioners.") == find_audiences("pensioners")
    assert find_listing_audiences("Walks", " " * 400 + "For pensioners.") == 0
