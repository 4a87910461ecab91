"""Ages and stages of life are read in the words in which people state them."""

from datetime import date

import pytest

from directory.listing import Listing
from directory.search.query import Query
from nlu.understanding.ages import Ages, read_ages, read_speaker_ages
from nlu.understanding.wishes import read_wishes
from tests.support.in_memory_town import Town

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("I'm 34 and bored", (34, 34)),
        ("my mum is 82", (82, 82)),
        ("she's 9", (9, 9)),
        ("he is nearly 70", (70, 70)),
        ("nearly 70", (70, 70)),
        ("a club for my 13 year old", (13, 13)),
        ("i am 18 and a half", (18, 18)),
        ("ive got a 5 month old", (0, 1)),
        ("born in 1950, any dancing", (75, 76)),
        ("all my friends are married and im in my thirties", (30, 39)),
        ("a couple in their late 60s", (60, 69)),
        ("im in year 10 and want to play football", (14, 15)),
        ("something for my teenagers", (13, 19)),
        ("I am in the sixth form", (16, 19)),
        ("im a uni student", (17, 30)),
        ("just retired and at a loose end", (50, 110)),
        ("anything for pensioners", (60, 110)),
        ("out of the house with my toddler", (1, 3)),
    ],
)
def test_an_age_is_read(text: str, ages: Ages) -> None:
    assert read_ages(text, TODAY) == ages


@pytest.mark.parametrize(
    "text",
    [
        "it is 3 miles away",
        "i am 2 years sober",
        "my rent is 700",
        "the class is at 10",
        "there are 4 of us",
        "in 1950",
        "this year 2026",
        "he is 6 months behind with the rent",
        "i am 20 stone",
        "knitting",
        "",
    ],
)
def test_another_number_is_no_age(text: str) -> None:
    assert read_ages(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("my mum is 82", "aged 82"),
        ("im in my thirties", "aged 30 to 39"),
        # The child does not come alone: its parent must not be left out for their age.
        ("ive got a 5 month old", "children"),
    ],
)
def test_an_age_becomes_a_wish(text: str, wish: str) -> None:
    assert wish in read_wishes(text, []).added


def test_a_group_for_another_age_is_left_out() -> None:
    walking = Listing("w", "Walking Football", "group", "Slow.", minimum_age=50)
    adults = Listing("a", "Football", "group", "For adults.", minimum_age=18)
    youth = Listing("y", "Youth Football", "group", "Quick.", minimum_age=11, maximum_age=17)
    town = Town([walking, adults, youth])

    def find(age: int, oldest: int) -> set[str]:
        hits = town.search(Query("football", age=age, oldest=oldest), None)
        return {hit.stored.listing.key for hit in hits}

    assert find(30, 39) == {"a"}
    assert find(14, 15) == {"y"}
    assert find(50, 110) == {"w", "a"}


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("im 15 and i want to die", (15, 15)),
        ("I'm in year 9 and they all hate me", (13, 14)),
        ("15 years old and nobody to tell", (15, 15)),
        ("my son is 8 and i want to die", None),
        ("my son is 8 and I'm 30, I can't go on", (30, 30)),
        ("shes 14 and she cuts herself", None),
        ("my nan is 82 and he hits her", None),
        ("my dad hits me, i am 12", (12, 12)),
        ("i want to die", None),
    ],
)
def test_ages_of_the_speaker_are_not_those_of_others(text: str, ages: Ages | None) -> None:
    assert read_speaker_ages(text, TODAY) == ages
