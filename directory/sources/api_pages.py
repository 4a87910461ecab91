"""Reading a paged Open Referral UK API over HTTP.

Pages hold services without their details, so each service is then fetched by its id. Nothing is
returned until every response has arrived.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
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
    redact_url,
)
from directory.sources.json_values import parse_json
from directory.sources.limits import Limits, ValueCounter

_PAGE_SIZE = 100
# Enough to hide the latency of each request, few enough to be polite.
_MAX_CONCURRENT = 4
_MAX_PAGES = 5_000

Json = dict[str, Any]


class UnknownFormatError(SourceError):
    """The content is not in the expected format; it may be in another one."""


@dataclass(frozen=True)
class FetchedServices:
    """The services of an API with all details; None if nothing changed since the last fetch."""

    services: list[Json] | None
    validators: Validators


def fetch_services(
    feed_client: FeedClient,
    url: httpx.URL,
    validators: Validators | None,
    limits: Limits,
    progress: Progress = no_progress,
) -> FetchedServices:
    """Fetch every service of the API at `url`, unless its first page matches `validators`.

    Raises UnknownFormatError if `url` does not lead to the pages of an API, SourceTooLargeError
    once more than `limits` allow has arrived, and SourceError if any request fails.
    """
    path = url.path.rstrip("/")
    list_url = url.copy_with(path=path if path.endswith("/services") else f"{path}/services")
    first_page = feed_client.get(_make_page_url(list_url, 1), validators)
    if first_page.is_unchanged:
        return FetchedServices(None, validators or Validators())
    name = redact_url(list_url)
    summaries = _fetch_pages(feed_client, list_url, first_page, limits, progress)
    if not summaries:
        raise SourceError(f"{name} lists no services.")
    services: list[Json] = []
    counter = ValueCounter(limits, name)
    pool = ThreadPoolExecutor(_MAX_CONCURRENT)
    try:
        fetch = partial(_fetch_details, feed_client, list_url, limits)
        for service in pool.map(fetch, summaries):
            services.append(service)
            counter.add(service)
            progress("Fetching listings", len(services), len(summaries))
    finally:
        # After one failure the other services are of no use.
        pool.shutdown(cancel_futures=True)
    return FetchedServices(services, first_page.validators)


def _make_page_url(list_url: httpx.URL, page: int) -> httpx.URL:
    return list_url.copy_merge_params({"page": page, "per_page": _PAGE_SIZE})


def _fetch_pages(
    feed_client: FeedClient,
    list_url: httpx.URL,
    first_page: FeedResponse,
    limits: Limits,
    progress: Progress,
) -> list[Json]:
    name = redact_url(list_url)
    services: list[Json] = []
    counter = ValueCounter(limits, name)
    seen_ids: set[str] = set()
    response = first_page
    for page in range(1, _MAX_PAGES + 1):
        content = _parse(response, list_url, limits)
        page_services = find_services(content)
        if page_services is None or not isinstance(content, dict):
            raise UnknownFormatError(
                f"{name} does not answer with Open Referral UK pages of services."
            )
        # A service can move to the next page between two requests.
        new = [
            service
            for service in page_services
            if not service.get("id") or str(service["id"]) not in seen_ids
        ]
        seen_ids |= {str(service["id"]) for service in new if service.get("id")}
        services += new
        limits.check_rows(len(services), name)
        for service in new:
            counter.add(service)
        page_count = content.get("total_pages")
        progress("Fetching pages", page, page_count if isinstance(page_count, int) else None)
        if not page_services or is_last_page(content, page):
            return services
        if not new:
            if "last_page" not in content and "last" not in content:
                return services
            raise SourceError(
                f"{name} repeats earlier services on page {page} and has no last "
                "page. Contact the publisher of the feed."
            )
        response = feed_client.get(_make_page_url(list_url, page + 1))
    raise SourceError(f"{name} has more than {_MAX_PAGES} pages.")


def is_last_page(content: Json, page: int) -> bool:
    """Whether `content`, page number `page` of a list, says that no page follows."""
    for name in ("last_page", "last"):
        if name in content:
            return content[name] is True or str(content[name]).lower() == "true"
    page_count = content.get("total_pages")
    return isinstance(page_count, int) and page >= page_count


def _fetch_details(
    feed_client: FeedClient, list_url: httpx.URL, limits: Limits, summary: Json
) -> Json:
    service_id = summary.get("id")
    if not service_id:
        return summary
    path = f"{list_url.raw_path.partition(b'?')[0].decode()}/{quote(str(service_id), safe='')}"
    query = f"?{list_url.query.decode()}" if list_url.query else ""
    url = list_url.copy_with(raw_path=(path + query).encode())
    service = _parse(feed_client.get(url), url, limits)
    return service if isinstance(service, dict) else summary


def _parse(response: FeedResponse, url: httpx.URL, limits: Limits) -> Any:
    try:
        return parse_json(response.body, redact_url(url), limits)
    except ValueError:
        raise UnknownFormatError(
            f"{redact_url(url)} answered with something that is not JSON."
        ) from None
