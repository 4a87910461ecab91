"""The texts of a listing that the encoder and the word search read."""

from directory.listing import Listing, Place, Point
from directory.listing_text import build_encoder_text, build_search_text

HALL = Place("The Hall", "1 High Street", "Old Town", "ZY1 1AA", Point(53, 1))


def make_listing(**values) -> Listing:
    return Listing(key="1", name="Tea", kind="group", description="Tea and talk.", **values)


def test_encoder_text_leaves_out_facts_that_change_often():
    tea = make_listing(topics=("tea",), alert="Moved", cost="£1", places=(HALL,))
    assert build_encoder_text(tea) == "Tea. tea. Tea and talk."


def test_search_text_has_every_field_that_a_search_may_match():
    tea = make_listing(
        organisation="Friends",
        covers="Larkhaven",
        topics=("talk",),
        audience=("carers",),
        skills_wanted=("driving",),
        languages=("Polish",),
        accessibility=("hearing loop",),
        places=(HALL,),
    )
    for word in "Tea Friends Larkhaven talk carers driving Polish loop Hall Town".split():
        assert word in build_search_text(tea)
    assert "1 High Street" not in build_search_text(tea)
