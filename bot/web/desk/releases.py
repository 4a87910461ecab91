"""Published releases for analysts: the list, and each file as it was published.

Reads only the ledger, so nothing that was not released can be reached from here.
"""

from pathlib import PurePosixPath

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.auth import PageError
from bot.web.desk.pages import render_page
from bot.web.desk.permissions import ANALYSTS
from checkins.errors import ReleaseError
from checkins.release.ledger import Ledger

_MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain; charset=utf-8",
}
_DESCRIPTIONS = {
    "report.html": "the report, to read or print",
    "checkins.csv": "all figures, for a spreadsheet",
    "checkins.parquet": "all figures, for R, Python or a database",
    "datapackage.json": "what each column means",
    "README.txt": "how the release was made, and what was left out",
}
# The report's style is in the page itself; nothing in it can run, load or send anything.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-downloads"
)


def create_releases_router(ledger: Ledger) -> APIRouter:
    router = APIRouter(prefix="/releases", dependencies=[Depends(ANALYSTS)])

    @router.get("")
    def list_releases(request: Request) -> Response:
        releases = sorted(ledger.list_entries(), key=lambda release: release.period, reverse=True)
        return render_page(request, "releases.html", releases=releases, descriptions=_DESCRIPTIONS)

    @router.get("/{period}/{name}")
    def download_file(period: str, name: str) -> Response:
        files = {release.period: release.files for release in ledger.list_entries()}
        if name not in files.get(period, ()):
            raise _make_missing_error()
        try:
            content = ledger.read_file(period, name)
        except ReleaseError:
            raise _make_missing_error() from None
        suffix = PurePosixPath(name).suffix
        if suffix == ".html":
            headers = {"Content-Security-Policy": _REPORT_POLICY}
        else:
            # Both names are safe in a header: they were found in the ledger.
            headers = {"Content-Disposition": f'attachment; filename="{period}-{name}"'}
        media_type = _MEDIA_TYPES.get(suffix, "application/octet-stream")
        return Response(content, media_type=media_type, headers=headers)

    return router


def _make_missing_error() -> PageError:
    return PageError(404, "There is no such file", "It was not released. See the list of releases.")
