"""The desk's pages "Try it" and "Need"."""

import html
from pathlib import Path

from tests.support.desk_forms import add


def test_results_have_reasons_and_scores(navigator):
    add(
        navigator,
        name="Allotment mornings",
        description="Grow vegetables with other people on a shared plot.",
        latitude="53.9",
        longitude="1.3",
    )
    page = html.unescape(navigator.read("/desk/try?q=grow+vegetables+with+others&near=Harbourside"))
    assert "Topic: gardening and growing." in page
    assert "Allotment mornings" in page
    assert "It mentions “vegetables”" in page
    assert "Fit 0." in page
    assert " miles" in page
    page = html.unescape(navigator.read("/desk/try?q=choir&near=Nowhere+at+all"))
    assert "The directory does not know that place" in page


def test_the_search_text_is_stored_nowhere(desk, navigator, caplog):
    assert "zqsentinelqz" in navigator.read(
        "/desk/try?q=zqsentinelqz+and+gardens&near=zqsentinelqz"
    )
    path = Path(desk.engine.url.database)
    stored = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"Larkhaven" in stored
    assert b"zqsentinelqz" not in stored
    assert "zqsentinelqz" not in caplog.text


def test_an_empty_form_searches_nothing(navigator):
    assert "found" not in navigator.read("/desk/try").partition("<main")[2]


def test_unmet_need_is_shown_with_the_number_of_listings(desk, navigator):
    for _ in range(3):
        desk.desk_services.notebook.add_unmet_need("gardening and growing", "Sandhills")
    desk.desk_services.notebook.add_unmet_need("", "")
    page = html.unescape(navigator.read("/desk/need"))
    row = page[page.index("gardening and growing") :]
    assert "<td>Sandhills</td><td>3</td>" in row
    assert "something else</th><td>not given</td><td>1</td><td>not known</td>" in page


def test_the_asset_map_shows_gaps(navigator):
    page = navigator.read("/desk/need")
    assert "Strengthening communities</th>" in page
    row = page[page.index('<th scope="row">Harbourside') :].partition("</tr>")[0]
    assert "<td>" in row
    assert "<strong>none</strong>" in page


def test_analysts_cannot_open_unreleased_counts(analyst):
    assert analyst.get("/desk/need").status_code == 403
    assert analyst.get("/desk/try").status_code == 403
