"""Opening a source, whichever of the known forms it has.

Told apart by content, not by file name. Everything is read before anything is
handed on, so that a broken source is refused as a whole.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from directory.errors import SourceError
from directory.importing import Progress, Rejected, no_progress
from directory.listings import Listing
from directory.sources import openreferral, template
from directory.sources.fetching import fetch_services


def read_source(
    source: str, *, progress: Progress = no_progress, timeout: float = 20.0
) -> list[Listing | Rejected]:
    """Every row of `source`: a file's path, or the http(s) address of a paged API.

    `timeout` is how many seconds one answer of an API may take. Raises SourceError
    when the source is missing, empty, cut short, not UTF-8, or of no known form.
    """
    rows = _read(source, progress, timeout)
    if not rows:
        raise SourceError(f"{source} holds no listings; the directory was left as it is.")
    return rows


def _read(source: str, progress: Progress, timeout: float) -> list[Listing | Rejected]:
    if source.startswith(("http://", "https://")):
        services = fetch_services(source, progress=progress, timeout=timeout)
        return [openreferral.read_service(service) for service in services]
    text = _read_text(Path(source))
    progress("Reading", 1, 1)
    if text.lstrip().startswith(("[", "{")):
        return [openreferral.read_service(service) for service in _parse_services(text, source)]
    if template.recognise(text):
        return template.read_rows(text, source)
    raise _explain(text, source)


def _explain(text: str, source: str) -> SourceError:
    if not text.strip():
        return SourceError(f"{source} is empty.")
    if text.lstrip().startswith("<"):
        return SourceError(f"{source} is a web page, not a feed. Fetch the feed's own address.")
    if separator := template.find_separator(text):
        return SourceError(
            f"{source} has its cells parted by {separator}. Save it again as "
            "'CSV UTF-8 (comma delimited)', and import that."
        )
    return SourceError(
        f"{source} is neither an Open Referral UK file (JSON) nor the CSV template: "
        "its first line must name the columns `name`, `kind` and `description` (docs/import.md)."
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}. Check the name and the folder.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 (byte {error.start}). Save it again as "
            "'CSV UTF-8' or JSON in UTF-8, and import that."
        ) from None


def _parse_services(text: str, source: str) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{source} is cut short or is not JSON (line {error.lineno}, column {error.colno}: "
            f"{error.msg}). Fetch it again."
        ) from None
    except (ValueError, RecursionError):
        raise SourceError(f"{source} is JSON that no feed would send; fetch it again.") from None
    services = openreferral.find_services(content)
    if services is None:
        raise SourceError(
            f"{source} is JSON but holds no Open Referral UK services: a list of services, "
            "or an object with `contents`, `content` or `services`, was expected."
        )
    return services


def name_source(source: str) -> str:
    """The name a source is kept under when none is given: the file's stem, or the host."""
    if source.startswith(("http://", "https://")):
        # Not the whole of it: an address can carry a password.
        return urlsplit(source).netloc.rpartition("@")[2]
    return Path(source).stem
