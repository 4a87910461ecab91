"""Outreach: the embed code, the poster with its QR codes, and shortlists."""

import html
import re
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image

from bot.settings import ROOT
from bot.web.desk.outreach import LANGUAGES
from bot.web.desk.poster import draw_qr_code
from tests.support.desk_forms import add


def test_the_embed_code_has_the_chosen_options(desk, navigator):
    page = navigator.read(
        '/desk/kit?title=Groups+"near"+<you>&accent=%23123456&position=start&opened=yes'
    )
    code = html.unescape(re.search(r'<textarea id="line"[^>]*>\n(.*?)</textarea>', page, re.S)[1])
    assert code == (
        f'<script src="{desk.url}/widget.js" data-title="Groups &#34;near&#34; &lt;you&gt;" '
        'data-accent="#123456" data-position="start" data-language="en" data-open async></script>'
    )
    assert 'data-language="en"' in html.unescape(navigator.read("/desk/kit?language=xx"))
    assert 'data-accent="#0b5d4e"' in html.unescape(navigator.read('/desk/kit?accent="x'))


def test_the_host_header_shapes_no_link(desk, navigator):
    listing = add(navigator, name="Shared")
    for path in ("kit", f"shortlist?listing={listing}", f"listings/{listing}"):
        headers = {"Host": "attacker.example"}
        page = navigator.client.get(f"/desk/{path}", headers=headers)
        assert "attacker.example" not in page.text
        assert desk.url in page.text


def test_the_languages_on_offer_are_those_of_the_widget(navigator):
    words = (ROOT / "bot" / "widget" / "words.js").read_text()
    [languages] = re.findall(r"^const languages = \{(.*)\};$", words, re.M)
    assert list(LANGUAGES) == [code.strip() for code in languages.split(",")]
    page = navigator.read("/desk/kit")
    assert '<option value="en" selected>English</option>' in page


def test_a_poster_is_one_a4_page(navigator):
    response = navigator.get(
        "/desk/kit/poster.pdf?title=Find+groups&area=Old+Town&bot=larkhaven_bot"
    )
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    assert response.content.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 595.28 841.89]" in response.content
    response = navigator.get("/desk/kit/poster.pdf?bot=not+a+bot")
    assert response.status_code == 422


@pytest.mark.parametrize("url", ["https://t.me/larkhaven_bot?start=poster", "http://127.0.0.1/"])
def test_a_qr_code_holds_its_url(url):
    with Image.open(draw_qr_code(url)) as picture:
        [barcode] = zxingcpp.read_barcodes(picture)
    assert barcode.text == url


def test_a_shortlist_is_emailed_and_shared_by_link(desk, navigator, stranger):
    first = add(navigator, name="First of the list")
    second = add(navigator, name="Second of the list")
    page = html.unescape(navigator.read(f"/desk/shortlist?listing={second}&listing={first}"))
    assert page.index("Second of the list") < page.index("First of the list")
    assert "mailto:?subject=Places%20to%20go&body=Second%20of%20the%20list" in page
    path = re.search(r'readonly value="([^"]+)"', page)[1].removeprefix(desk.url)
    assert path.startswith("/desk/shared/")
    shared = stranger.read(path)
    assert "Second of the list" in shared
    assert "Sign out" not in shared
    record = desk.desk_services.editor.read(first)
    closed = replace(record.stored.listing, status="closed")
    desk.desk_services.editor.change(first, closed, "Nadia", version=record.version)
    shared = stranger.read(path)
    assert "First of the list" not in shared
    assert "1 place has closed since this list was made." in shared
    assert stranger.get(path + "x").status_code == 404
    assert navigator.get("/desk/shortlist").status_code == 404
    assert navigator.get("/desk/shortlist?listing=999999").status_code == 404
