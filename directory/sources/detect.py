"""Reading a source in any of the known formats.

The format is detected from the content, not from the file's name. Everything is read before
anything is returned, so that a broken source is rejected as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from json import JSONDecodeError
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
from directory.sources.json_values import parse_json
from directory.sources.limits import SOURCE_LIMITS, Limits

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
    limits: Limits = SOURCE_LIMITS,
    progress: Progress = no_progress,
    timeout: float = 20.0,
    allow_private: bool = False,
) -> Rows:
    """Read every row of `source`: the path of a file or folder, or an http(s) URL.

    `timeout` is the longest that one response may take, in seconds. URLs in private networks are
    refused unless `allow_private`. Raises SourceTooLargeError if the source holds more than
    `limits` allow, and SourceError if it is missing, empty, cut short, not UTF-8, or in no known
    format.
    """
    if source.startswith(("http://", "https://")):
        feed = read_feed(
            source,
            limits=limits,
            progress=progress,
            timeout=timeout,
            allow_private=allow_private,
        )
        return feed.rows or []
    path = Path(source)
    if path.is_dir():
        rows = _read_folder(path, source, limits)
    elif path.name == "datapackage.json" and path.is_file():
        rows = _read_folder(path.parent, source, limits)
    else:
        rows = read_bytes(_read_file(path, limits), source, limits)
    progress("Reading", 1, 1)
    return _require_rows(rows, source)


def read_feed(
    address: str,
    *,
    validators: Validators | None = None,
    limits: Limits = SOURCE_LIMITS,
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
            return readers[0](feed_client, url, validators, limits, progress)
        except StatusError as error:
            if error.status not in _NO_SUCH_PAGE_STATUSES:
                raise
            first_error: SourceError = error
        except UnknownFormatError as error:
            first_error = error
        try:
            return readers[1](feed_client, url, validators, limits, progress)
        except (StatusError, UnknownFormatError):
            raise first_error from None


def _read_api(
    feed_client: FeedClient,
    url: httpx.URL,
    validators: Validators | None,
    limits: Limits,
    progress: Progress,
) -> FeedContent:
    fetched = fetch_services(feed_client, url, validators, limits, progress)
    if fetched.services is None:
        return FeedContent(None, fetched.validators)
    rows = openreferral.read_services(fetched.services, redact_url(url), limits)
    return FeedContent(limits.collect_rows(rows, redact_url(url)), fetched.validators)


def _read_remote_file(
    feed_client: FeedClient,
    url: httpx.URL,
    validators: Validators | None,
    limits: Limits,
    progress: Progress,
) -> FeedContent:
    response = feed_client.get(url, validators)
    if response.is_unchanged:
        return FeedContent(None, validators or Validators())
    progress("Reading", 1, 1)
    name = redact_url(url)
    if _is_page_of_several(response.body, name, limits):
        raise SourceError(
            f"{name} is one page of several. Give the address that ends with /services instead."
        )
    rows = _require_rows(read_bytes(response.body, name, limits), name)
    return FeedContent(rows, response.validators)


def _is_page_of_several(body: bytes, source: str, limits: Limits) -> bool:
    if not body.lstrip().startswith(b"{"):
        return False
    try:
        content = parse_json(body, source, limits)
    except ValueError:
        return False
    paging = {"last_page", "last", "total_pages"} & content.keys()
    return bool(paging) and envelopes.is_page(content) and not is_last_page(content, 1)


def read_bytes(content: bytes, source: str, limits: Limits = SOURCE_LIMITS) -> Rows:
    """Read every row of a file's content. Raises SourceError as `read_source` does."""
    limits.check_bytes(len(content), source)
    return limits.collect_rows(_read_rows(content, source, limits), source)


def _read_rows(content: bytes, source: str, limits: Limits) -> Iterable[Listing | RejectedRow]:
    if archives.is_zip(content):
        files = archives.read_zip(content, source, limits)
        return datapackage.read_rows(files, source, limits)
    text = _decode(content, source)
    if text.lstrip().startswith(("[", "{")):
        return _read_json(_parse(text, source, limits), source, limits)
    if calendars.can_read(text):
        return calendars.read_rows(text, source, date.today(), limits)
    if template.can_read(text):
        return template.read_rows(text, source)
    raise _make_format_error(text, source)


def _read_folder(folder: Path, source: str, limits: Limits) -> Rows:
    rows = datapackage.read_rows(archives.read_folder(folder, limits), source, limits)
    return limits.collect_rows(rows, source)


def _require_rows(rows: Rows, source: str) -> Rows:
    if not rows:
        raise SourceError(f"{source} holds no listings. The directory was not changed.")
    return rows


def _read_json(content: Any, source: str, limits: Limits) -> Iterable[Listing | RejectedRow]:
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
    return openreferral.read_services(services, source, limits)


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


def _read_file(path: Path, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            # One more than allowed, so that a larger file is refused and not cut short.
            return file.read(limits.max_bytes + 1)
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


def _parse(text: str, source: str, limits: Limits) -> Any:
    try:
        return parse_json(text, source, limits)
    except JSONDecodeError as error:
        raise SourceError(
            f"{source} is cut short or is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}). Fetch it again."
        ) from None
    except ValueError as error:
        raise SourceError(f"{source} is JSON that cannot be read ({error}).") from None


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
