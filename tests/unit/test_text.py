"""Cleaning a source's markup into plain text."""

import html
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.text import clean_text, escape_cell, unescape_cell
from tests.support.markup import TAG


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Tea &amp; talk", "Tea & talk"),
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One<br>two<BR/>three", "One\ntwo\nthree"),
        ("<ul><li>tea</li><li>cake</li></ul>", "- tea\n- cake"),
        ("<h2>Cost</h2>\r\n\r\n<div>Free</div>", "Cost\nFree"),
        ("a\xa0\u2003 b\tc", "a b c"),
        ('<a href="https://example.org">Join</a> us', "Join us"),
        ("<script>alert(1)</script><style>p{}</style>Tea", "Tea"),
        ("<!-- hidden -->Tea", "Tea"),
        ("&lt;p&gt;Tea&lt;/p&gt;", "Tea"),
        ("&amp;lt;b&amp;gt;Tea&amp;lt;/b&amp;gt;", "Tea"),
        ("R&amp;amp;amp;D", "R&D"),
        ("Under 5s: 3 < 5 and 5 > 3, <3", "Under 5s: 3 < 5 and 5 > 3, <3"),
        ("Write to <jo@example.org> or <https://example.org>", None),
        ("Te\x00a\x1b[31m\u200b", "Tea[31m"),
        ("Half a pair \ud83d here", "Half a pair here"),
        ("Café, naïve, Łódź, 你好, 👵🏽", "Café, naïve, Łódź, 你好, 👵🏽"),
        ("", ""),
    ],
)
def test_markup_becomes_plain_text(markup, text):
    expected = "Write to jo@example.org or https://example.org" if text is None else text
    assert clean_text(markup) == expected


MARKUP = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=8),
        st.sampled_from(
            [
                *"< > & ; # / ! - <p> </p> <br/> <li> <script> </script> <!-- --> <b".split(),
                *"&lt; &gt; &amp; &amp;lt; &#60; &#x3c; &copy &copy; <a@b> &#38;".split(),
                *("<https://x.y>", '<a href="x">', "\n", "\r", " ", "\x00", "\ud800"),
            ]
        ),
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(MARKUP)
def test_no_tag_or_entity_is_left(markup):
    text = clean_text(markup)
    assert not TAG.search(text)
    assert html.unescape(text) == text
    assert clean_text(text) == text
    text.encode()
    assert "\x00" not in text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Tea" + "<br" * 200_000, "Tea"),
        ("Tea" + "<li" * 200_000, "Tea"),
        ("Tea &" + "amp" * 20_000 + ";lt;b", None),
        ("Tea " + "<" * 20_000 + "b>" * 20_000, None),
        ("Tea " + "&#" + "9" * 50_000 + ";", None),
        ("Tea " + "&amp;" + "#" + "9" * 50_000 + ";", None),
    ],
    ids=["breaks", "items", "ampersands", "brackets", "number", "escaped number"],
)
def test_unclosed_markup_is_read_to_the_end(markup, text):
    cleaned = clean_text(markup)
    assert cleaned.startswith("Tea")
    assert text in (None, cleaned)
    assert clean_text(cleaned) == cleaned
    assert not TAG.search(cleaned)


def test_hostile_markup_is_not_slow():
    started = time.monotonic()
    for markup in ("&amp;" * 30_000, "&" + "amp;" * 30_000, "<" * 100_000, "<b>" * 50_000):
        clean_text(markup)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("start", list("=+-@＝＋－＠\t\r\n"))
def test_no_cell_begins_like_a_formula_for_a_spreadsheet(start: str) -> None:
    assert escape_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("cell", ["-1.29", "53", "Tea + cake", "", "'Tis", " =1"])
def test_numbers_and_plain_texts_are_no_formulas(cell: str) -> None:
    assert escape_cell(cell) == cell


@given(st.text(st.sampled_from("'=＝+-＋1. a\t\r\n")))
def test_every_escaped_cell_is_given_back(cell: str) -> None:
    assert unescape_cell(escape_cell(cell)) == cell
