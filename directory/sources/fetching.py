"""Reading a paged Open Referral UK v3 API over HTTP.

Lists come in pages that hold only the bare service; the whole of each is asked for
by its id. Nothing is handed on until every answer is in.
"""

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
_MOST_PAGES = 10_000


def fetch_services(
    address: str, *, progress: Progress = no_progress, timeout: float = 20.0
) -> list[dict[str, Any]]:
    """Every service of the API at `address`, whole. Raises SourceError if any answer fails."""
    base = address.rstrip("/")
    base = base if base.endswith("/services") else f"{base}/services"
    limits = httpx.Timeout(timeout, connect=min(timeout, 5.0))
    with httpx.Client(timeout=limits, follow_redirects=True) as client:
        bare = _fetch_pages(client, base, progress)
        if not bare:
            raise SourceError(f"{base} lists no services.")
        services: list[dict[str, Any]] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for service in pool.map(lambda one: _fetch_whole(client, base, one), bare):
                services.append(service)
                progress("Fetching listings", len(services), len(bare))
    return services


def _fetch_pages(client: httpx.Client, base: str, progress: Progress) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = []
    for page in range(1, _MOST_PAGES + 1):
        content = _get(client, base, {"page": page, "per_page": _PAGE_SIZE})
        found = find_services(content)
        if found is None or not isinstance(content, dict):
            raise SourceError(f"{base} does not answer with Open Referral UK pages of services.")
        services += found
        progress("Fetching pages", page, content.get("total_pages"))
        if not found or content.get("last_page", content.get("last", True)):
            return services
    raise SourceError(f"{base} has more than {_MOST_PAGES} pages, or never says which is the last.")


def _fetch_whole(client: httpx.Client, base: str, bare: dict[str, Any]) -> dict[str, Any]:
    key = bare.get("id")
    if not key:
        return bare
    whole = _get(client, f"{base}/{quote(str(key), safe='')}", {})
    return whole if isinstance(whole, dict) else bare


def _get(client: httpx.Client, address: str, parameters: dict[str, int]) -> Any:
    try:
        answer = client.get(address, params=parameters)
        answer.raise_for_status()
        return answer.json()
    except httpx.TimeoutException:
        raise SourceError(
            f"{address} did not answer in time. Try again later, or with a longer --timeout."
        ) from None
    except httpx.HTTPStatusError as error:
        raise SourceError(
            f"{error.request.url} answered {error.response.status_code}. "
            "Try again later, or tell whoever runs the feed."
        ) from None
    except httpx.HTTPError as error:
        raise SourceError(f"{address} cannot be reached ({type(error).__name__}).") from None
    except ValueError:
        raise SourceError(f"{address} answered with something that is not JSON.") from None
