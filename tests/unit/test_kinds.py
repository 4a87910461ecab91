"""Which kind a listing is proposed to be, where its source does not say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.kinds import propose_kind
from directory.listings import KINDS


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("Hanham Knit and Natter Group", "", "group"),
        ("Fishponds Choir", "We sing.", "group"),
        ("Café Connect", "", "group"),
        ("Housing advice", "Help with forms.", "service"),
        ("Debt helpline", "Our sessions are free.", "service"),
        ("Volunteer drivers wanted", "", "volunteering"),
        ("Become a befriender", "", "volunteering"),
        ("Food bank", "Volunteers needed on Mondays to sort tins.", "volunteering"),
        ("Parks consultation", "", "have_a_say"),
        ("Have your say: a new crossing", "", "have_a_say"),
        ("", "", "service"),
    ],
)
def test_words_that_tell_the_kind(name, description, kind):
    assert propose_kind(name, description) == kind


@settings(deadline=None)
@given(st.text(), st.text())
def test_there_is_always_a_kind(name, description):
    assert propose_kind(name, description) in KINDS
