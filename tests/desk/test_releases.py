"""Releases at the desk: the list, the files, and nothing that was not released."""

import pytest

from tests.support.desk_server import REPORT


def test_releases_are_listed_latest_first_with_their_files(analyst):
    page = analyst.read("/desk/releases")
    assert page.index("2026-Q4") < page.index("2026-Q3")
    assert "/desk/releases/2026-Q4/checkins.csv" in page
    assert "counts of 1 to 7 suppressed" in page
    assert "0f0f0f" in page


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("checkins.csv", "text/csv; charset=utf-8"),
        ("checkins.parquet", "application/vnd.apache.parquet"),
        ("datapackage.json", "application/json"),
        ("README.txt", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_downloads_as_published(analyst, ledger, name, media_type):
    response = analyst.get(f"/desk/releases/2026-Q4/{name}")
    assert response.content == ledger.read_file("2026-Q4", name)
    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"] == f'attachment; filename="2026-Q4-{name}"'
    assert response.headers["x-content-type-options"] == "nosniff"


def test_the_report_opens_under_a_strict_policy(analyst):
    response = analyst.get("/desk/releases/2026-Q4/report.html")
    assert response.content == REPORT
    assert "content-disposition" not in response.headers
    policy = response.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script" not in policy.replace("allow-scripts", "")
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "2026-Q2/checkins.csv",
        "2026-Q4/rows.csv",
        "2026-Q4/..%2Fcheckins.db",
        "2026-Q4/%00",
        "../audit",
    ],
)
def test_files_outside_a_release_are_not_found(analyst, path):
    assert analyst.get(f"/desk/releases/{path}").status_code in (403, 404)


def test_only_analysts_and_admins_read_releases(stranger, navigator, admin):
    path = "/desk/releases/2026-Q4/checkins.csv"
    assert stranger.get(path).status_code == 303
    assert navigator.get(path).status_code == 403
    assert admin.get(path).status_code == 200


def test_the_page_says_how_to_make_the_first_release(analyst, ledger, monkeypatch):
    monkeypatch.setattr(ledger, "releases", {})
    assert "There are no releases yet" in analyst.read("/desk/releases")
