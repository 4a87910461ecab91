"""The poster is readable in any language and with texts of any length."""

import re
import zlib

import pytest

from bot.web.desk.fonts import MissingGlyphError
from bot.web.desk.poster import Poster, draw_poster

POINTS = 72 / 25.4
WIDTH, HEIGHT, MARGIN = 210 * POINTS, 297 * POINTS, 18 * POINTS
TITLES = {
    "Polish": ("Znajdź grupy: Łódź, Kraków", []),
    "Welsh": ("Dewch o hyd i grŵp yn Nhŷ Ŵy", []),
    "Arabic": ("ابحث عن مجموعات محلية (مجانا) 2026", [b"NotoSansArabic"]),
    "Urdu": ("مقامی گروپ تلاش کریں", [b"NotoSansArabic"]),
    "Bengali": ("স্থানীয় দল খুঁজুন", [b"NotoSansBengali"]),
    "Chinese": ("寻找本地团体", [b"NotoSansSC"]),
    "two at once": ("Find ਸਮੂਹ – গ্রুপ – குழு", [b"Gurmukhi", b"Bengali", b"Tamil"]),
    "emoji": ("Grow 🌻 together ❤️", [b"NotoEmoji"]),
}


def read_places(pdf: bytes) -> tuple[list[tuple[float, float]], list[float]]:
    """The start of each text and the lower edge of each picture.

    In points from the lower left of the page; texts are sorted from bottom to top.
    """
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.S)
    [page] = [stream for stream in map(inflate, streams) if b" Td " in stream]
    number = rb"(-?[\d.]+)"
    starts = re.findall(rb"BT " + number + b" " + number + rb" Td", page)
    starts += re.findall(rb"1 0 0 1 " + number + b" " + number + rb" Tm", page)
    # Leaves out the space in the corner that selects each font.
    texts = {(float(x), float(y)) for x, y in starts if float(y) < HEIGHT - 1}
    pictures = re.findall(number + rb" cm /I\d+ Do", page)
    return sorted(texts, key=lambda start: start[1]), [float(y) for y in pictures]


def inflate(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize("language", TITLES)
def test_a_title_uses_a_font_that_has_its_characters(language, caplog):
    title, fonts = TITLES[language]
    poster = draw_poster(Poster(title, title, "https://a.example/"))
    for font in [b"NotoSans", *fonts]:
        assert font in poster
    # fpdf logs a warning for each character that it prints as a box.
    assert "missing" not in caplog.text
    plain = draw_poster(Poster("Find groups", "Old Town", "https://a.example/"))
    assert not any(font in plain for font in fonts)


@pytest.mark.parametrize(
    ("title", "area"),
    [
        ("Find groups", ""),
        ("W" * 60, "W" * 60),
        ("W" * 200, "x" * 200),
        ("ŵ" * 200, "寻" * 200),
        ("ابحث " * 40, "খুঁজুন " * 40),
        ("one more word " * 100, "and another " * 100),
    ],
)
@pytest.mark.parametrize("telegram", ["", "https://t.me/" + "b" * 32 + "?start=poster"])
def test_long_texts_stay_on_the_page_and_clear_of_the_crisis_lines(title, area, telegram):
    pdf = draw_poster(Poster(title, area, "https://" + "a" * 200 + ".example/", telegram))
    assert pdf.count(b"/Type /Page\n") == 1
    texts, pictures = read_places(pdf)
    crisis = texts[0][1]
    assert crisis > 8 * POINTS
    above = [y for _, y in texts if y > crisis + 1]
    assert min(*above, *pictures) > crisis + 13
    assert max(above) < HEIGHT - 14 * POINTS
    # Lines are centred, so a line that starts inside the margin also ends inside it.
    margin = 6 * POINTS if telegram else MARGIN - 12 * POINTS
    assert min(x for x, _ in texts) >= margin
    assert max(x for x, _ in texts) <= WIDTH - margin


def test_characters_without_a_glyph_are_an_error(navigator):
    with pytest.raises(MissingGlyphError) as raised:
        draw_poster(Poster("모임 find", "", "https://a.example/"))
    assert raised.value.characters == "모임"
    response = navigator.get("/desk/kit/poster.pdf?title=모임+모임+find")
    assert response.status_code == 422
    assert "No font here has 모 임. Remove or replace them." in response.text
