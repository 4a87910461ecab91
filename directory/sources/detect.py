"""Reading a source in any of the known formats.

The format is detected from the content, not from the file's name. Everything is read before
anything is returned, so that a broken source is rejected as a whole.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from directory.errors import SourceError
from directory.listing import Listing
from directory.progress import Progress, no_progress
from directory.rejected import RejectedRow
from directory.sources import (
    archives,
    calendars,
    datapackage,
    doit,
    envelopes,
    openreferral,
    teamkinetic,
    template,
)
from directory.sources.api_pages import UnknownFormatError, fetch_services, is_last_page
from directory.sources.http_client import (
    FeedClient,
    StatusError,
    Validators,
    parse_url,
    redact_url,
)

Rows = list[Listing | RejectedRow]

# Statuses of a page that does not exist: the URL may be that of a file instead.
_NO_SUCH_PAGE_STATUSES = (400, 404, 405, 406, 410, 422, 501)


@dataclass(frozen=True)
class FeedContent:
    """The rows of a feed; None if nothing changed since the last fetch."""

    rows: Rows | None
    validators: Validators


def read_source(
    source: str,
    *,
    progress: Progress = no_progress,
    timeout: float = 20.0,
    allow_private: bool = False,
) -> Rows:
    """Read every row of `source`: the path of a file or folder, or an http(s) URL.

    `timeout` is the longest that one response may take, in seconds. URLs in private networks are
    refused unless `allow_private`. Raises SourceError if the source is missing, empty, cut short,
    not UTF-8, or in no known format.
    """
    if source.startswith(("http://", "https://")):
        feed = read_feed(source, progress=progress, timeout=timeout, allow_private=allow_private)
        return feed.rows or []
    path = Path(source)
    if path.is_dir():
        rows = datapackage.read_rows(archives.read_folder(path), source)
    elif path.name == "datapackage.json" and path.is_file():
        rows = datapackage.read_rows(archives.read_folder(path.parent), source)
    else:
        rows = read_bytes(_read_file(path), source)
    progress("Reading", 1, 1)
    return _require_rows(rows, source)


def read_feed(
    address: str,
    *,
    validators: Validators | None = None,
    progress: Progress = no_progress,
    timeout: float = 20.0,
    allow_private: bool = False,
) -> FeedContent:
    """Read every row at `address`, an API's or a file's, unless it still matches `validators`.

    Raises SourceError as `read_source` does.
    """
    url = parse_url(address)
    with FeedClient(timeout=timeout, allow_private=allow_private) as feed_client:
        # A URL with a file extension is most often a file's.
        readers = [_read_api, _read_remote_file]
        if PurePosixPath(url.path).suffix:
            readers.reverse()
        try:
            return readers[0](feed_client, url, validators, progress)
        except StatusError as error:
            if error.status not in _NO_SUCH_PAGE_STATUSES:
                raise
            first_error: SourceError = error
        except UnknownFormatError as error:
            first_error = error
        try:
            return readers[1](feed_client, url, validators, progress)
        except (StatusError, UnknownFormatError):
            raise first_error from None


def _read_api(
    feed_client: FeedClient, url: httpx.URL, validators: Validators | None, progress: Progress
) -> FeedContent:
    fetched = fetch_services(feed_client, url, validators, progress)
    rows = None if fetched.services is None else _read_services(fetched.services)
    return FeedContent(rows, fetched.validators)


def _read_remote_file(
    feed_client: FeedClient, url: httpx.URL, validators: Validators | None, progress: Progress
) -> FeedContent:
    response = feed_client.get(url, validators)
    if response.is_unchanged:
        return FeedContent(None, validators or Validators())
    progress("Reading", 1, 1)
    name = redact_url(url)
    if _is_page_of_several(response.body):
        raise SourceError(
            f"{name} is one page of several. Give the address that ends with /services instead."
        )
    return FeedContent(_require_rows(read_bytes(response.body, name), name), response.validators)


def _is_page_of_several(body: bytes) -> bool:
    if not body.lstrip().startswith(b"{"):
        return False
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    paging = {"last_page", "last", "total_pages"} & content.keys()
    return bool(paging) and envelopes.is_page(content) and not is_last_page(content, 1)


def read_bytes(content: bytes, source: str) -> Rows:
    """Read every row of a file's content. Raises SourceError as `read_source` does."""
    if archives.is_zip(content):
        return datapackage.read_rows(archives.read_zip(content, source), source)
    text = _decode(content, source)
    if text.lstrip().startswith(("[", "{")):
        return _read_json(_parse(text, source), source)
    if calendars.can_read(text):
        return calendars.read_rows(text, source, date.today())
    if template.can_read(text):
        return template.read_rows(text, source)
    raise _make_format_error(text, source)


def _require_rows(rows: Rows, source: str) -> Rows:
    if not rows:
        raise SourceError(f"{source} holds no listings. The directory was not changed.")
    return rows


def _read_json(content: Any, source: str) -> Rows:
    if doit.can_read(content):
        return doit.read_rows(content)
    if teamkinetic.can_read(content):
        return teamkinetic.read_rows(content)
    services = envelopes.find_services(content)
    if services is None:
        raise UnknownFormatError(
            f"{source} is JSON but holds no Open Referral UK services and no volunteering: a list "
            "of them, or an object with `contents`, `content` or `services`, was expected."
        )
    return _read_services(services)


def _read_services(services: list[dict[str, Any]]) -> Rows:
    return [openreferral.read_service(service) for service in services]


def _make_format_error(text: str, source: str) -> SourceError:
    if not text.strip():
        return SourceError(f"{source} is empty.")
    if text.lstrip().startswith("<"):
        return UnknownFormatError(
            f"{source} is a web page, not a feed. Fetch the feed's own address."
        )
    if separator := template.find_separator(text):
        return UnknownFormatError(
            f"{source} separates its cells with {separator}. Save it again as "
            "'CSV UTF-8 (comma delimited)', and import that."
        )
    return UnknownFormatError(
        f"{source} is neither JSON, a calendar nor the CSV template: "
        "its first line must name the columns `name`, `kind` and `description` "
        "(docs/reference/csv-template.md)."
    )


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}. Check the name and the folder.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from None


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source} is not UTF-8 (byte {error.start}). Save it again as "
            "'CSV UTF-8' or JSON in UTF-8, and import that."
        ) from None


def _parse(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{source} is cut short or is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}). Fetch it again."
        ) from None
    except (ValueError, RecursionError):
        raise SourceError(f"{source} is JSON that cannot be read. Fetch it again.") from None


def name_source(source: str) -> str:
    """The default name of a source: the file's stem, or the host.

    Never raises: the name of a URL that cannot be parsed is "feed".
    """
    if source.startswith(("http://", "https://")):
        # Not the whole URL, which may hold a password.
        try:
            url = parse_url(source)
        except SourceError:
            return "feed"
        # With an @ after it, an apparent port may be the beginning of a password.
        port = None if "@" in url.path else url.port
        return f"{url.host}:{port}" if port else url.host
    return Path(source).stem
