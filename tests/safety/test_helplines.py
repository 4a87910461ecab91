"""The helplines are complete and dated, and a wrong file is refused."""

from datetime import date, timedelta
from importlib.resources import files

import pytest

from bot.safety.helplines import HELPLINES, NATIONS, read_helplines

SHIPPED = files("bot.safety").joinpath("helplines.toml").read_text("utf-8")


def test_the_numbers_are_the_checked_ones() -> None:
    assert {line.contact for line in HELPLINES.line} == {
        "999", "116 123", "111", "Text SHOUT to 85258", "0800 1111", "0808 2000 247",
        "0800 027 1234", "0808 80 10 800", "0808 802 1414", "0808 808 8000",
    }  # fmt: skip


def test_a_helpline_is_stale_after_six_months() -> None:
    newest = max(line.checked_on for line in HELPLINES.line)
    oldest = min(line.checked_on for line in HELPLINES.line)
    assert HELPLINES.list_stale(oldest) == []
    assert HELPLINES.list_stale(oldest + timedelta(days=184)) == []
    assert HELPLINES.list_stale(oldest + timedelta(days=185)) != []
    assert HELPLINES.list_stale(newest + timedelta(days=185)) == list(HELPLINES.line)


@pytest.mark.parametrize("nation", NATIONS)
def test_each_nation_has_one_helpline_for_abuse(nation: str) -> None:
    everywhere = {"999", "116 123", "Text SHOUT to 85258"}
    assert len({line.contact for line in HELPLINES.find_lines(nation, "abuse")} - everywhere) == 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('link = "tel:116123"', 'link = "tel:116124"'),
        ('link = "tel:116123"', 'link = "https://example.org"'),
        ("checked_on = 2026-11-22", 'checked_on = "soon"'),
        ('nations = ["england", "scotland", "wales", "northern_ireland"]', "nations = []"),
        ('contact = "999"', 'contact = ""'),
        ('for = ["child"]', 'for = ["childs"]'),
        ('contact = "116 123"\nlink = "tel:116123"', 'contact = "111"\nlink = "tel:111"'),
        ("[[line]]", "[[line"),
    ],
)
def test_a_wrong_file_is_refused(right: str, wrong: str) -> None:
    assert right in SHIPPED
    with pytest.raises(ValueError, match=r"."):
        read_helplines(SHIPPED.replace(right, wrong, 1))


def test_every_check_has_a_date() -> None:
    assert all(isinstance(line.checked_on, date) for line in HELPLINES.line)
