"""Screenshots of the desk for the documentation.

`make screenshots` saves them under docs/images; otherwise these tests only render the pages.
"""

from pathlib import Path

import pytest

from tests.support.browser import save_screenshot
from tests.support.desk_browser import Enter


@pytest.mark.parametrize(
    ("name", "path"),
    [("desk-listings.png", "/desk/listings?q=harbour"), ("desk-need.png", "/desk/need")],
)
def test_a_page_of_the_desk(desk, enter: Enter, tmp_path: Path, name: str, path: str) -> None:
    recorded = {
        (need.category, need.area) for need in desk.desk_services.notebook.read_unmet_needs()
    }
    for topic, area, times in (
        ("gardening and growing", "Sandhills", 7),
        ("singing and choirs", "Eastmoor", 4),
        ("debt and money advice", "Northgate", 3),
    ):
        for _ in range(0 if (topic, area) in recorded else times):
            desk.desk_services.notebook.add_unmet_need(topic, area)
    page = enter(path, width=1000, height=900)
    save_screenshot(page, name, tmp_path)
