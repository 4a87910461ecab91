"""Reading a paged Open Referral UK API over HTTP.

Lists come in pages that hold only the bare service; the whole of each is asked for
by its id. Nothing is handed on until every answer is in.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from directory.errors import SourceError
from directory.progress import Progress, no_progress
from directory.sources.envelopes import find_services
from directory.sources.http_client import (
    FeedClient,
    FeedResponse,
    Validators,
    parse_url,
    redact_url,
)

_PAGE_SIZE = 100
# Enough to hide the way to the server and back, few enough to be a polite guest.
_AT_ONCE = 4
_MOST_PAGES = 5_000

Json = dict[str, Any]


class UnknownFormatError(SourceError):
    """What was read has none of the forms that were looked for; it may have another."""


@dataclass(frozen=True)
class FetchedServices:
    """The services of an API, whole; None if nothing changed since the mark that was given."""

    services: list[Json] | None
    mark: Validators


def fetch_services(
    address: str,
    *,
    progress: Progress = no_progress,
    timeout: float = 20.0,
    allow_private: bool = False,
) -> list[Json]:
    """Every service of the API at `address`, whole. Raises SourceError if any answer fails.

    `timeout` is how many seconds one answer may take, from asking to its last byte. Addresses in
    private networks are refused unless `allow_private`.
    """
    with FeedClient(timeout=timeout, allow_private=allow_private) as feed_client:
        return fetch_new_services(feed_client, parse_url(address), None, progress).services or []


def fetch_new_services(
    feed_client: FeedClient, address: httpx.URL, mark: Validators | None, progress: Progress
) -> FetchedServices:
    """The services of the API at `address`, if there is news since `mark`.

    Whether there is news is asked of the first page. Raises SourceError if any answer fails,
    UnknownFormatError if what is there is not the pages of an API.
    """
    path = address.path.rstrip("/")
    base = address.copy_with(path=path if path.endswith("/services") else f"{path}/services")
    first = feed_client.get(_page(base, 1), mark)
    if first.unchanged:
        return FetchedServices(None, mark or Validators())
    bare = _fetch_pages(feed_client, base, first, progress)
    if not bare:
        raise SourceError(f"{redact_url(base)} lists no services.")
    services: list[Json] = []
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for service in pool.map(lambda one: _fetch_whole(feed_client, base, one), bare):
            services.append(service)
            progress("Fetching listings", len(services), len(bare))
    finally:
        # One that fails is reason enough not to ask for the others.
        pool.shutdown(cancel_futures=True)
    return FetchedServices(services, first.mark)


def _page(base: httpx.URL, number: int) -> httpx.URL:
    return base.copy_merge_params({"page": number, "per_page": _PAGE_SIZE})


def _fetch_pages(
    feed_client: FeedClient, base: httpx.URL, first: FeedResponse, progress: Progress
) -> list[Json]:
    services: list[Json] = []
    seen: set[str] = set()
    answer = first
    for page in range(1, _MOST_PAGES + 1):
        content = _parse(answer, base)
        found = find_services(content)
        if found is None or not isinstance(content, dict):
            raise UnknownFormatError(
                f"{redact_url(base)} does not answer with Open Referral UK pages of services."
            )
        # A service can slip to the next page while we read; it is the same one.
        new = [one for one in found if not one.get("id") or str(one["id"]) not in seen]
        seen |= {str(one["id"]) for one in new if one.get("id")}
        services += new
        pages = content.get("total_pages")
        progress("Fetching pages", page, pages if isinstance(pages, int) else None)
        if not found or is_last_page(content, page):
            return services
        if not new:
            if "last_page" not in content and "last" not in content:
                return services
            raise SourceError(
                f"{redact_url(base)} sends the same services as page {page} again and never says "
                "which page is the last. Tell whoever runs the feed."
            )
        answer = feed_client.get(_page(base, page + 1))
    raise SourceError(f"{redact_url(base)} has more than {_MOST_PAGES} pages.")


def is_last_page(content: Json, page: int) -> bool:
    """Whether a page, the number `page` of its list, says that no other follows."""
    for name in ("last_page", "last"):
        if name in content:
            return content[name] is True or str(content[name]).lower() == "true"
    pages = content.get("total_pages")
    return isinstance(pages, int) and page >= pages


def _fetch_whole(feed_client: FeedClient, base: httpx.URL, bare: Json) -> Json:
    key = bare.get("id")
    if not key:
        return bare
    path = f"{base.raw_path.partition(b'?')[0].decode()}/{quote(str(key), safe='')}"
    query = f"?{base.query.decode()}" if base.query else ""
    address = base.copy_with(raw_path=(path + query).encode())
    whole = _parse(feed_client.get(address), address)
    return whole if isinstance(whole, dict) else bare


def _parse(answer: FeedResponse, address: httpx.URL) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise UnknownFormatError(
            f"{redact_url(address)} answered with something that is not JSON."
        ) from None
