"""Fetching from a feed's server, politely and within limits.

Owns the retries and the limits of time and size. Must never repeat a password or key that is part
of a URL, or request anything but http(s).
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from directory.errors import SourceError
from directory.sources.ssrf import CheckedTransport, PrivateAddressError

_MAX_ATTEMPTS = 3
_FIRST_BACKOFF = 0.5
_MAX_WAIT = 60.0
_MAX_RESPONSE_BYTES = 100_000_000
_MAX_TOTAL_BYTES = 1_000_000_000
_MAX_SECONDS = 3600.0
# Worth another attempt: too many requests, and servers that are restarting or overloaded.
_TRANSIENT_STATUSES = (429, 500, 502, 503, 504)
_USER_AGENT = "community-connector (directory of local groups; reads Open Referral UK)"


@dataclass(frozen=True)
class Validators:
    """The validators of a response, for a conditional request later (RFC 9110, section 8.8)."""

    etag: str = ""
    last_modified: str = ""

    def make_headers(self) -> dict[str, str]:
        """The request headers that ask for a newer version only."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class FeedResponse:
    """A successful response. `status` is 200, or 304 with an empty `body`."""

    body: bytes
    validators: Validators
    status: int = 200

    @property
    def is_unchanged(self) -> bool:
        return self.status == httpx.codes.NOT_MODIFIED


class StatusError(SourceError):
    """The server answered with an HTTP error; `status` is its code."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _TransientError(Exception):
    """Another attempt may succeed, `retry_after` seconds from now if the server says so."""

    def __init__(self, error: SourceError, retry_after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


class FeedClient:
    """Fetches the pages of one feed. Safe to use from several threads.

    `timeout` is the longest that one response may take, in seconds, from the request to its last
    byte. The whole feed may take an hour and a gigabyte.
    """

    def __init__(self, *, timeout: float = 20.0, allow_private: bool = False) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + _MAX_SECONDS
        self._bytes = 0
        self._lock = threading.Lock()
        self._client = httpx.Client(
            transport=CheckedTransport(allow_private=allow_private),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": _USER_AGENT},
        )

    def __enter__(self) -> "FeedClient":
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, url: httpx.URL, validators: Validators | None = None) -> FeedResponse:
        """Fetch `url`; with `validators`, only if there is a newer version.

        Transient failures are retried with growing waits. Raises StatusError if the server answers
        with an error, and SourceError for any other failure, with a message for the navigator.
        """
        headers = validators.make_headers() if validators else {}
        retrying = Retrying(
            stop=stop_after_attempt(_MAX_ATTEMPTS),
            wait=_choose_wait,
            retry=retry_if_exception_type(_TransientError),
            reraise=True,
        )
        try:
            return retrying(self._attempt, url, headers)
        except _TransientError as failure:
            raise failure.error from None

    def _attempt(self, url: httpx.URL, headers: dict[str, str]) -> FeedResponse:
        name = redact_url(url)
        if time.monotonic() > self._deadline:
            raise SourceError(
                f"{name} takes longer than an hour to read. Nothing was imported from it."
            )
        try:
            return self._send(url, headers)
        except httpx.TimeoutException:
            raise _TransientError(
                SourceError(
                    f"{name} did not answer in time. Try again later.",
                    "Or allow more time with --timeout.",
                )
            ) from None
        except httpx.TooManyRedirects:
            raise SourceError(f"{name} redirects in a loop.") from None
        except PrivateAddressError:
            raise SourceError(
                f"{name} leads into a private network or to this machine, and was not read. "
                "If that is intended, set FETCH_PRIVATE=true."
            ) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.DecodingError) as error:
            kind = type(error).__name__
            raise SourceError(f"{name} cannot be reached ({kind}).") from None
        except UnicodeError:
            raise SourceError(f"{name} leads to a host with an invalid name.") from None
        except httpx.HTTPError as error:
            kind = type(error).__name__
            raise _TransientError(SourceError(f"{name} cannot be reached ({kind}).")) from None

    def _send(self, url: httpx.URL, headers: dict[str, str]) -> FeedResponse:
        # httpx limits the wait for each chunk only: a server that drips could go on without end.
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        with self._client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED and headers:
                return FeedResponse(b"", Validators(), response.status_code)
            if not response.is_success:
                raise _make_status_error(response)
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("too slow", request=response.request)
                self._check_size(len(chunk), len(body), url)
            validators = Validators(
                response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
            )
        return FeedResponse(bytes(body), validators)

    def _check_size(self, chunk_size: int, response_size: int, url: httpx.URL) -> None:
        with self._lock:
            self._bytes += chunk_size
        if response_size > _MAX_RESPONSE_BYTES:
            raise SourceError(f"{redact_url(url)} sends more than a page of services can hold.")
        if self._bytes > _MAX_TOTAL_BYTES:
            raise SourceError(f"{redact_url(url)} sends more than a directory can hold.")


def _make_status_error(response: httpx.Response) -> StatusError | _TransientError:
    status = response.status_code
    error = StatusError(
        f"{redact_url(response.request.url)} answered {status}. "
        "Try again later, or tell the people who run the feed.",
        status,
    )
    retry_after = _parse_retry_after(response.headers.get("Retry-After", ""))
    if status not in _TRANSIENT_STATUSES or retry_after > _MAX_WAIT:
        return error
    return _TransientError(error, retry_after)


def _parse_retry_after(text: str) -> float:
    """The wait in seconds of a Retry-After header, a number or a date; 0 if it is neither."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


_backoff = wait_random_exponential(multiplier=_FIRST_BACKOFF, max=_MAX_WAIT)


def _choose_wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    retry_after = error.retry_after if isinstance(error, _TransientError) else 0.0
    return max(retry_after, _backoff(state))


def redact_url(url: httpx.URL) -> str:
    """The URL without the parts that may be secret: user, query and fragment."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def parse_url(text: str) -> httpx.URL:
    """Parse an http(s) URL. Raises SourceError for anything else.

    The message does not quote `text`, because any part of an invalid URL may be a password.
    """
    try:
        url = httpx.URL(text.strip())
        # httpx decodes the host name only when it is read.
        is_usable = url.scheme in ("http", "https") and bool(url.host)
    except (httpx.InvalidURL, UnicodeError):
        raise SourceError(
            "This is not a web address. Check its host, and write %2F, %3F and %23 "
            "for the / ? # in a password."
        ) from None
    if not is_usable:
        raise SourceError("Only addresses that begin with http:// or https:// can be read.")
    return url
