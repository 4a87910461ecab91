"""Finished releases for analysts: the list, and each file as it was published.

Reads the ledger and nothing else: what is not released cannot be reached from here.
"""

from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response

from bot.web.desk.auth import PageError
from bot.web.desk.pages import write
from checkins.errors import ReleaseError
from checkins.release.ledger import Ledger

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain; charset=utf-8",
}
_ABOUT = {
    "report.html": "the report, to read and to print",
    "checkins.csv": "every figure, for a spreadsheet",
    "checkins.parquet": "the same, for R, Python or a database",
    "datapackage.json": "what each column means",
    "README.txt": "how it was made, and what was left out",
}
# Its style stands in the page itself; nothing in it may run, load or send anything.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox allow-downloads"
)


def create_releases(ledger: Ledger) -> APIRouter:
    router = APIRouter(prefix="/releases")

    @router.get("")
    def list_releases(request: Request) -> Response:
        entries = sorted(ledger.periods(), key=lambda entry: entry.period, reverse=True)
        return write(request, "releases.html", releases=entries, about=_ABOUT)

    @router.get("/{period}/{name}")
    def read_file(period: str, name: str) -> Response:
        known = {entry.period: entry.files for entry in ledger.periods()}
        if name not in known.get(period, ()):
            raise _missing()
        try:
            content = ledger.read_file(period, name)
        except ReleaseError:
            raise _missing() from None
        suffix = PurePosixPath(name).suffix
        media_type = _TYPES.get(suffix, "application/octet-stream")
        if suffix == ".html":
            return Response(
                content, media_type=media_type, headers={"Content-Security-Policy": _REPORT_POLICY}
            )
        # Both names are the ledger's own: they were looked up there.
        saved = {"Content-Disposition": f'attachment; filename="{period}-{name}"'}
        return Response(content, media_type=media_type, headers=saved)

    return router


def _missing() -> PageError:
    return PageError(
        404, "There is no such file", "It may never have been released. See the list of releases."
    )
