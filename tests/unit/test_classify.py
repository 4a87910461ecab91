"""What is proposed where a source does not say, and the words given for it."""

from dataclasses import replace
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.importing.classify import FIELDS, classify_listing, explain_classification
from directory.listing import ASSETS, KINDS, STRANDS, Listing

CHOICES = {"kind": KINDS, "strands": STRANDS, "assets": ASSETS}


def make(name: str, description: str = "", **rest) -> Listing:
    return Listing(key="1", name=name, description=description, **{"kind": "", **rest})


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
def test_words_that_tell_the_kind(name, description, kind):
    assert classify_listing(make(name, description)).kind == kind


def test_skills_that_are_wanted_make_it_volunteering():
    assert classify_listing(make("Saturdays", skills_wanted=("driving",))).kind == "volunteering"


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
def test_words_that_tell_strands_and_assets(name, description, strand, asset):
    proposed = classify_listing(make(name, description))
    assert strand in proposed.strands
    assert asset in proposed.assets


def test_what_the_source_says_stands():
    said = make("Knitting group", kind="service", assets=("outside_agencies",))
    proposed = classify_listing(said)
    assert (proposed.kind, proposed.assets) == ("service", ("outside_agencies",))
    assert proposed.proposed == ("strands",)
    assert replace(proposed, strands=(), proposed=()) == said


def test_nothing_is_proposed_where_all_is_said():
    said = make("Choir", kind="group", strands=STRANDS[:1], assets=ASSETS[:1])
    assert classify_listing(said) == said
    assert explain_classification(said) == {}


def test_what_was_proposed_follows_when_the_text_changes():
    before = classify_listing(make("Housing advice"))
    after = classify_listing(replace(before, name="Ukulele band"))
    assert (before.kind, after.kind) == ("service", "group")


def test_each_proposal_says_its_words():
    reasons = explain_classification(
        classify_listing(make("Knit and natter", "Knitting, every Tuesday, in a group."))
    )
    assert "knit and natter" in reasons["kind"]["group"]
    assert "every tuesday" in reasons["kind"]["group"]
    assert "knit*" in reasons["assets"]["skills_and_knowledge"]
    assert reasons["strands"]["access_to_community_resources"] == ("its kind",)


def test_words_are_whole_and_stars_end_them():
    assert classify_listing(make("Clubhouse hire")).kind == "service"
    assert classify_listing(make("Knitters of Yate")).kind == "group"


def test_the_rules_name_only_what_there_is_and_no_word_twice():
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
def test_every_listing_gets_all_three_and_proposing_twice_changes_nothing(
    name, description, kind, strands
):
    said = make(name, description, kind=kind, strands=tuple(strands))
    proposed = classify_listing(said)
    assert proposed.kind in KINDS
    assert proposed.strands
    assert set(proposed.strands) <= set(STRANDS)
    assert proposed.assets
    assert set(proposed.assets) <= set(ASSETS)
    assert proposed.proposed == tuple(field for field in FIELDS if not getattr(said, field))
    assert classify_listing(proposed) == proposed
    reasons = explain_classification(proposed)
    assert set(reasons) == set(proposed.proposed)
    for field, values in reasons.items():
        held = getattr(proposed, field)
        assert set(values) == ({held} if field == "kind" else set(held))
