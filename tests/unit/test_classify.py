"""Classification: values proposed where a source gives none, and their reasons."""

from dataclasses import replace
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.importing.classify import FIELDS, classify_listing, explain_classification
from directory.listing import ASSETS, KINDS, STRANDS, Listing

CHOICES = {"kind": KINDS, "strands": STRANDS, "assets": ASSETS}


def make_listing(name: str, description: str = "", **fields) -> Listing:
    return Listing(key="1", name=name, description=description, **{"kind": "", **fields})


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("Hanham Knit and Natter Group", "", "group"),
        ("Fishponds Choir", "We sing.", "group"),
        ("Dementia Café - Ashby", "Come along for a cuppa.", "group"),
        ("Housing advice", "Help with forms.", "service"),
        ("Debt helpline", "Our sessions are free.", "service"),
        ("Job Club", "Help with your CV.", "service"),
        ("Volunteer drivers wanted", "", "volunteering"),
        ("Become a befriender", "", "volunteering"),
        ("Parks consultation", "", "have_a_say"),
        ("Have your say: a new crossing", "", "have_a_say"),
        ("", "", "service"),
    ],
)
def test_the_kind_follows_from_words(name, description, kind):
    assert classify_listing(make_listing(name, description)).kind == kind


def test_wanted_skills_mean_volunteering():
    assert (
        classify_listing(make_listing("Saturdays", skills_wanted=("driving",))).kind
        == "volunteering"
    )


@pytest.mark.parametrize(
    ("name", "description", "strand", "asset"),
    [
        (
            "Bereavement support group",
            "Peer support over a cuppa.",
            "volunteer_and_peer_roles",
            "friendships_and_neighbourliness",
        ),
        ("Choir", "We sing.", "strengthening_communities", "groups_and_associations"),
        ("Food bank", "", "access_to_community_resources", "places_and_resources"),
        ("Council advice", "", "access_to_community_resources", "outside_agencies"),
        ("Citizens' panel", "", "collaborations_and_partnerships", "outside_agencies"),
        ("Pottery class", "Learn to throw.", "access_to_community_resources", ASSETS[0]),
    ],
)
def test_strands_and_assets_follow_from_words(name, description, strand, asset):
    proposed = classify_listing(make_listing(name, description))
    assert strand in proposed.strands
    assert asset in proposed.assets


def test_values_of_the_source_are_not_replaced():
    listing = make_listing("Knitting group", kind="service", assets=("outside_agencies",))
    proposed = classify_listing(listing)
    assert (proposed.kind, proposed.assets) == ("service", ("outside_agencies",))
    assert proposed.proposed == ("strands",)
    assert replace(proposed, strands=(), proposed=()) == listing


def test_nothing_is_proposed_for_a_complete_listing():
    listing = make_listing("Choir", kind="group", strands=STRANDS[:1], assets=ASSETS[:1])
    assert classify_listing(listing) == listing
    assert explain_classification(listing) == {}


def test_proposals_follow_a_change_of_the_text():
    before = classify_listing(make_listing("Housing advice"))
    after = classify_listing(replace(before, name="Ukulele band"))
    assert (before.kind, after.kind) == ("service", "group")


def test_each_proposal_names_its_words():
    reasons = explain_classification(
        classify_listing(make_listing("Knit and natter", "Knitting, every Tuesday, in a group."))
    )
    assert "knit and natter" in reasons["kind"]["group"]
    assert "every tuesday" in reasons["kind"]["group"]
    assert "knit*" in reasons["assets"]["skills_and_knowledge"]
    assert reasons["strands"]["access_to_community_resources"] == ("its kind",)


def test_a_word_matches_whole_words_unless_it_ends_with_a_star():
    assert classify_listing(make_listing("Clubhouse hire")).kind == "service"
    assert classify_listing(make_listing("Knitters of Yate")).kind == "group"


def test_the_rules_are_valid_and_repeat_no_word():
    content = yaml.safe_load(
        files("directory.importing").joinpath("classification.yml").read_text("utf-8")
    )
    assert {field: set(content[field]) for field in content} == {
        field: set(choices) for field, choices in CHOICES.items()
    }
    for values in content.values():
        for value, rule in values.items():
            assert set(rule) <= {"kind", "name", "organisation", "opening", "text", "role"}, value
            assert set(rule.get("kind", {})) <= {*KINDS, "any"}, value
            for part in set(rule) - {"kind"}:
                words = [word for several in rule[part].values() for word in several]
                assert len(words) == len(set(words)), (value, part)


@settings(deadline=None)
@given(
    st.text(),
    st.text(),
    st.sampled_from(("", *KINDS)),
    st.lists(st.sampled_from(STRANDS), unique=True, max_size=2),
)
def test_classification_is_complete_and_idempotent(name, description, kind, strands):
    listing = make_listing(name, description, kind=kind, strands=tuple(strands))
    proposed = classify_listing(listing)
    assert proposed.kind in KINDS
    assert proposed.strands
    assert set(proposed.strands) <= set(STRANDS)
    assert proposed.assets
    assert set(proposed.assets) <= set(ASSETS)
    assert proposed.proposed == tuple(field for field in FIELDS if not getattr(listing, field))
    assert classify_listing(proposed) == proposed
    reasons = explain_classification(proposed)
    assert set(reasons) == set(proposed.proposed)
    for field, values in reasons.items():
        value = getattr(proposed, field)
        assert set(values) == ({value} if field == "kind" else set(value))
