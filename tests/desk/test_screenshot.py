"""The desk's pictures in the documents: real pages in a real browser.

`make screenshots` keeps what these tests see under docs/images; otherwise they only look.
"""

from pathlib import Path

import pytest

from tests.support.browser import keep
from tests.support.desk_browser import Enter


@pytest.mark.parametrize(
    ("name", "path"),
    [("desk-listings.png", "/desk/listings?q=harbour"), ("desk-need.png", "/desk/need")],
)
def test_a_page_of_the_desk(desk, enter: Enter, tmp_path: Path, name: str, path: str) -> None:
    counted = {
        (need.category, need.area) for need in desk.desk_services.notebook.read_unmet_needs()
    }
    for topic, area, times in (
        ("gardening and growing", "Sandhills", 7),
        ("singing and choirs", "Eastmoor", 4),
        ("debt and money advice", "Northgate", 3),
    ):
        for _ in range(0 if (topic, area) in counted else times):
            desk.desk_services.notebook.add_unmet_need(topic, area)
    page = enter(path, width=1000, height=900)
    keep(page, name, tmp_path)
