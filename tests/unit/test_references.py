"""Which of the listings shown before a message refers to."""

import pytest

from nlu.understanding.references import choose_name, is_tapped_reference, read_listing_id

NAMES = ("Harbour Choir", "Old Town Chess", "Harbour Walks")


@pytest.mark.parametrize(
    ("ordinal", "text", "index"),
    [
        ("1", "", 0),
        ("3", "", 2),
        ("last", "", 2),
        ("4", "", None),
        ("4", "the chess one", None),
        ("", "tell me more about the chess", 1),
        ("", "the Harbour CHOIR please", 0),
        ("", "the harbour one", None),
        ("", "the third thing", None),
        ("this", "", None),
    ],
)
def test_a_listing_is_chosen_by_order_or_name(ordinal: str, text: str, index: int | None) -> None:
    assert choose_name(NAMES, ordinal, text) == index


def test_the_only_listing_needs_no_name() -> None:
    assert choose_name(NAMES[:1], "", "when is it on") == 0
    assert choose_name((), "last", "") is None
    assert choose_name((), "", "the chess one") is None


@pytest.mark.parametrize(
    ("value", "listing_id"), [("#12", 12), ("#", None), ("#-1", None), ("#²", None), ("12", None)]
)
def test_a_button_refers_by_id(value: str, listing_id: int | None) -> None:
    assert read_listing_id(value) == listing_id
    assert is_tapped_reference(value) is value.startswith("#")
