"""Reading a paged Open Referral UK v3 API over HTTP.

Lists come in pages that hold only the bare service; the whole of each is asked for
by its id. Nothing is handed on until every answer is in. Must never repeat a
password or key that stands in an address.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx

from directory.errors import SourceError
from directory.importing import Progress, no_progress
from directory.sources.openreferral import find_services

_PAGE_SIZE = 100
# Enough to hide the way to the server and back, few enough to be a polite guest.
_AT_ONCE = 4
_MOST_PAGES = 5_000
_MOST_BYTES = 100_000_000


def fetch_services(
    address: str, *, progress: Progress = no_progress, timeout: float = 20.0
) -> list[dict[str, Any]]:
    """Every service of the API at `address`, whole. Raises SourceError if any answer fails.

    `timeout` is how many seconds one answer may take, from asking to its last byte.
    """
    try:
        base = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise SourceError(f"That is not a web address: {error}.") from None
    path = base.path.rstrip("/")
    base = base.copy_with(path=path if path.endswith("/services") else f"{path}/services")
    limits = httpx.Timeout(timeout, connect=min(timeout, 5.0))
    with httpx.Client(timeout=limits, follow_redirects=True) as client:
        bare = _fetch_pages(client, base, timeout, progress)
        if not bare:
            raise SourceError(f"{_name(base)} lists no services.")
        services: list[dict[str, Any]] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for service in pool.map(lambda one: _fetch_whole(client, base, timeout, one), bare):
                services.append(service)
                progress("Fetching listings", len(services), len(bare))
    return services


def _fetch_pages(
    client: httpx.Client, base: httpx.URL, timeout: float, progress: Progress
) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = []
    seen: set[str] = set()
    for page in range(1, _MOST_PAGES + 1):
        address = base.copy_merge_params({"page": page, "per_page": _PAGE_SIZE})
        content = _get(client, address, timeout)
        found = find_services(content)
        if found is None or not isinstance(content, dict):
            raise SourceError(
                f"{_name(base)} does not answer with Open Referral UK pages of services."
            )
        # A service can slip to the next page while we read; it is the same one.
        new = [one for one in found if not one.get("id") or str(one["id"]) not in seen]
        seen |= {str(one["id"]) for one in new if one.get("id")}
        services += new
        pages = content.get("total_pages")
        progress("Fetching pages", page, pages if isinstance(pages, int) else None)
        if not found or _is_last(content, page):
            return services
        if not new:
            if "last_page" not in content and "last" not in content:
                return services
            raise SourceError(
                f"{_name(base)} sends the same services as page {page} again and never says "
                "which page is the last. Tell whoever runs the feed."
            )
    raise SourceError(f"{_name(base)} has more than {_MOST_PAGES} pages.")


def _is_last(content: dict[str, Any], page: int) -> bool:
    for name in ("last_page", "last"):
        if name in content:
            return content[name] is True or str(content[name]).lower() == "true"
    pages = content.get("total_pages")
    return isinstance(pages, int) and page >= pages


def _fetch_whole(
    client: httpx.Client, base: httpx.URL, timeout: float, bare: dict[str, Any]
) -> dict[str, Any]:
    key = bare.get("id")
    if not key:
        return bare
    path = f"{base.raw_path.partition(b'?')[0].decode()}/{quote(str(key), safe='')}"
    query = f"?{base.query.decode()}" if base.query else ""
    whole = _get(client, base.copy_with(raw_path=(path + query).encode()), timeout)
    return whole if isinstance(whole, dict) else bare


def _get(client: httpx.Client, address: httpx.URL, timeout: float) -> Any:
    try:
        return json.loads(_read_body(client, address, timeout))
    except httpx.TimeoutException:
        raise SourceError(
            f"{_name(address)} did not answer in time. Try again later, or with a longer --timeout."
        ) from None
    except httpx.HTTPStatusError as error:
        raise SourceError(
            f"{_name(error.request.url)} answered {error.response.status_code}. "
            "Try again later, or tell whoever runs the feed."
        ) from None
    except httpx.TooManyRedirects:
        raise SourceError(f"{_name(address)} sends us round in circles.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        raise SourceError(f"{_name(address)} cannot be reached ({kind}).") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{_name(address)} answered with something that is not JSON.") from None


def _read_body(client: httpx.Client, address: httpx.URL, timeout: float) -> bytes:
    # httpx limits the wait for each piece; a server that drips would hold us for ever.
    deadline = time.monotonic() + timeout
    body = bytearray()
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            body += piece
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("too slow")
            if len(body) > _MOST_BYTES:
                raise SourceError(f"{_name(address)} sends more than a page of services can be.")
    return bytes(body)


def _name(address: httpx.URL) -> str:
    return str(address.copy_with(userinfo=b"", query=None))
