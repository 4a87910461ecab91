"""The helplines are complete, dated and few, they fit the person, and a wrong file is refused."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files

import pytest

from bot.safety.helplines import (
    HELPLINES,
    MOST_LINES,
    NATIONS,
    PURPOSES,
    Helpline,
    Person,
    Purpose,
    read_helplines,
)

SHIPPED = files("bot.safety").joinpath("helplines.toml").read_text("utf-8")
# https://www.ofcom.org.uk: freephone, national rate and area numbers, and short codes.
PHONE = re.compile(
    r"999|111|18000|116 ?123|0800 ?1111|0(?:800|808|300)\d{7}|0800\d{6}|0[12]\d{8,9}"
)


def find_contacts(nation: str, *purposes: Purpose, person: Person | None = None) -> list[str]:
    lines = HELPLINES.find_lines(nation, *purposes, person=person or Person())
    return [line.contact for line in lines]


@pytest.mark.parametrize("line", HELPLINES.line, ids=lambda line: line.contact)
def test_every_entry_has_a_source_a_date_and_a_number_that_can_be_dialled(line: Helpline) -> None:
    assert date(2026, 11, 22) <= line.checked_on <= date(2026, 12, 1)
    assert "." in line.source
    scheme, _, address = line.link.partition(":")
    number = address.partition("?")[0]
    if scheme == "tel":
        assert PHONE.fullmatch(number), number
        assert line.contact.replace(" ", "") == number
    elif scheme == "sms":
        assert re.fullmatch(r"\d{5}", number)
        assert re.fullmatch(r"Text [A-Z]+ to \d{5}", line.contact)
    else:
        assert line.link == f"https://{line.contact}/"


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_has_a_few_numbers_in_every_nation(nation: str, purpose: Purpose) -> None:
    contacts = find_contacts(nation, purpose, "unsure")
    assert 2 <= len(contacts) <= MOST_LINES
    assert len(set(contacts)) == len(contacts)


@pytest.mark.parametrize(
    ("purposes", "contact"),
    [
        (["bullying"], "0800 1111"),
        (["exploitation"], "08000 121 700"),
        (["modern_slavery"], "08000 121 700"),
        (["forced_marriage", "abuse"], "020 7008 0151"),
        (["elder_abuse", "abuse"], "0808 808 8141"),
        (["postnatal", "suicide"], "0808 1961 776"),
        (["veterans", "suicide"], "0800 138 1619"),
        (["lgbt", "suicide"], "0800 0119 100"),
        (["lgbt", "abuse"], "0800 999 5428"),
        (["child"], "0808 800 5000"),
    ],
)
@pytest.mark.parametrize("nation", NATIONS)
def test_a_topic_brings_its_own_number_in_every_nation(
    nation: str, purposes: Sequence[Purpose], contact: str
) -> None:
    contacts = find_contacts(nation, *purposes)
    assert contacts[0] == "999"
    assert contact in contacts[1:3]


@pytest.mark.parametrize(
    ("nation", "abuse", "housing"),
    [
        ("england", "0808 2000 247", "0808 800 4444"),
        ("scotland", "0800 027 1234", "0808 800 4444"),
        ("wales", "0808 80 10 800", "08000 495 495"),
        ("northern_ireland", "0808 802 1414", "028 9024 5640"),
    ],
)
def test_each_nation_has_its_own_numbers(nation: str, abuse: str, housing: str) -> None:
    assert find_contacts(nation, "abuse")[1] == abuse
    assert find_contacts(nation, "rough_sleeping", "unsure")[1] == housing


def test_poison_leads_to_999_and_then_111_where_there_is_one() -> None:
    assert find_contacts("england", "poisoning", "overdose")[:2] == ["999", "111"]
    assert "111" not in find_contacts("northern_ireland", "poisoning", "overdose")


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("kind", ["suicide", "abuse", "medical", "someone_else"])
def test_deaf_people_see_nothing_that_must_be_heard_first(nation: str, kind: Purpose) -> None:
    contacts = find_contacts(nation, "deaf", kind)
    assert contacts[:2] == ["999bsl.co.uk", "18000"]
    assert "Text SHOUT to 85258" in contacts
    assert not {"999", "116 123"} & set(contacts)


@pytest.mark.parametrize(
    ("purpose", "person", "shown", "hidden"),
    [
        ("suicide", Person((15, 15)), ["0800 1111", "0800 068 4141"], []),
        ("suicide", Person((28, 28)), ["0800 068 4141"], ["0800 1111"]),
        ("suicide", Person((50, 50)), [], ["0800 1111", "0800 068 4141"]),
        ("suicide", Person(), [], ["0800 1111", "0800 068 4141"]),
        ("support", Person((80, 80)), ["0800 470 8090"], []),
        ("support", Person((40, 40)), [], ["0800 470 8090"]),
        ("child", Person((12, 12)), ["0800 1111"], []),
        ("child", Person(is_about_other=True), ["0808 800 5000"], ["0800 1111"]),
        ("child", Person(is_about_other=False), ["0800 1111"], ["0808 800 5000"]),
        ("bullying", Person((34, 34)), ["0300 323 0169"], ["0800 1111"]),
        ("someone_else", Person(None, True, (15, 15)), ["0800 068 4141"], ["0800 1111"]),
        ("someone_else", Person((14, 14), True), ["0800 1111"], []),
        ("abuse", Person((16, 16)), ["0800 1111", "0808 2000 247"], []),
    ],
)
def test_numbers_fit_the_age_and_whom_it_is_about(
    purpose: Purpose, person: Person, shown: list[str], hidden: list[str]
) -> None:
    # A topic comes with a kind of danger, or with none that is sure.
    purposes: list[Purpose] = ["bullying", "unsure"] if purpose == "bullying" else [purpose]
    contacts = find_contacts("england", *purposes, person=person)
    assert set(shown) <= set(contacts), contacts
    assert not set(hidden) & set(contacts), contacts


def test_a_helpline_is_stale_after_six_months() -> None:
    newest = max(line.checked_on for line in HELPLINES.line)
    oldest = min(line.checked_on for line in HELPLINES.line)
    assert HELPLINES.list_stale(oldest) == []
    assert HELPLINES.list_stale(oldest + timedelta(days=184)) == []
    assert HELPLINES.list_stale(oldest + timedelta(days=185)) != []
    assert HELPLINES.list_stale(newest + timedelta(days=185)) == list(HELPLINES.line)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('link = "tel:116123"', 'link = "tel:116124"'),
        ('link = "tel:116123"', 'link = "http://example.org"'),
        ("checked_on = 2026-11-22", 'checked_on = "soon"'),
        ('nations = ["england", "scotland", "wales", "northern_ireland"]', "nations = []"),
        ('contact = "999"', 'contact = ""'),
        ('for = ["deaf"]', 'for = ["deafs"]'),
        ('for = ["deaf"]', "for = []"),
        ("ages = [0, 34]\n", ""),
        ('source = "samaritans.org"\n', ""),
        ('contact = "116 123"\nlink = "tel:116123"', 'contact = "111"\nlink = "tel:111"'),
        ('contact = "18000"\nlink = "tel:18000"', 'contact = "111"\nlink = "tel:111"'),
        ("[[line]]", "[[line"),
    ],
)
def test_a_wrong_file_is_refused(right: str, wrong: str) -> None:
    assert right in SHIPPED
    with pytest.raises(ValueError, match=r"."):
        read_helplines(SHIPPED.replace(right, wrong, 1))
