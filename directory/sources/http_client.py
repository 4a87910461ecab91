"""Asking a feed's server for something, politely and within limits.

Owns retries, and limits of time and size. Must never repeat a password or key that stands in
an address, nor follow one that is not http(s).
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

_TRIES = 3
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0
_MOST_BYTES_EACH = 100_000_000
_MOST_BYTES = 1_000_000_000
_LONGEST = 3600.0
# What passes by itself: too many requests, and servers that are restarting or overrun.
_PASSING = (429, 500, 502, 503, 504)
_AGENT = "community-connector (directory of local groups; reads Open Referral UK)"


@dataclass(frozen=True)
class Validators:
    """What a server said of the version it sent, to ask later whether there is a newer one."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that ask for a newer version only."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class FeedResponse:
    """What a server answered: `status` is 200 or 304, and then `body` is empty."""

    body: bytes
    mark: Validators
    status: int = 200

    @property
    def unchanged(self) -> bool:
        return self.status == httpx.codes.NOT_MODIFIED


class StatusError(SourceError):
    """The server answered that it will not or cannot; `status` is its number."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _PassingError(Exception):
    """It may go well the next time; `after` is how many seconds the server asked us to wait."""

    def __init__(self, error: SourceError, after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class FeedClient:
    """Asks servers, several threads at once if need be, until it is closed.

    `timeout` is how many seconds one answer may take, from asking to its last byte.
    """

    def __init__(self, *, timeout: float = 20.0, allow_private: bool = False) -> None:
        self._timeout = timeout
        self._until = time.monotonic() + _LONGEST
        self._bytes = 0
        self._lock = threading.Lock()
        self._client = httpx.Client(
            transport=CheckedTransport(allow_private=allow_private),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": _AGENT},
        )

    def __enter__(self) -> "FeedClient":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, address: httpx.URL, mark: Validators | None = None) -> FeedResponse:
        """What is at `address`; with `mark`, only if there is something newer.

        Tries again, later and later, what may pass. Raises SourceError in words that can be
        shown, StatusError where the server answered with an error.
        """
        headers = mark.headers() if mark else {}
        trying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=_wait,
            retry=retry_if_exception_type(_PassingError),
            reraise=True,
        )
        try:
            return trying(self._try, address, headers)
        except _PassingError as passing:
            raise passing.error from None

    def _try(self, address: httpx.URL, headers: dict[str, str]) -> FeedResponse:
        name = redact_url(address)
        if time.monotonic() > self._until:
            raise SourceError(f"{name} takes longer than an hour to read. Nothing of it was taken.")
        try:
            return self._ask(address, headers)
        except httpx.TimeoutException:
            raise _PassingError(
                SourceError(
                    f"{name} did not answer in time. Try again later.",
                    "Or give it longer with --timeout.",
                )
            ) from None
        except httpx.TooManyRedirects:
            raise SourceError(f"{name} sends us round in circles.") from None
        except PrivateAddressError:
            raise SourceError(
                f"{name} leads into a private network or to this machine, and was not asked. "
                "If that is meant, set FETCH_PRIVATE=true."
            ) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.DecodingError) as error:
            kind = type(error).__name__
            raise SourceError(f"{name} cannot be reached ({kind}).") from None
        except UnicodeError:
            raise SourceError(f"{name} leads to a host whose name cannot be read.") from None
        except httpx.HTTPError as error:
            kind = type(error).__name__
            raise _PassingError(SourceError(f"{name} cannot be reached ({kind}).")) from None

    def _ask(self, address: httpx.URL, headers: dict[str, str]) -> FeedResponse:
        # httpx limits the wait for each piece; a server that drips would hold us for ever.
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        with self._client.stream("GET", address, headers=headers) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED and headers:
                return FeedResponse(b"", Validators(), answer.status_code)
            if not answer.is_success:
                raise _refuse(answer)
            for piece in answer.iter_bytes():
                body += piece
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("too slow", request=answer.request)
                self._count(len(piece), len(body), address)
            mark = Validators(
                answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
            )
        return FeedResponse(bytes(body), mark)

    def _count(self, more: int, here: int, address: httpx.URL) -> None:
        with self._lock:
            self._bytes += more
        if here > _MOST_BYTES_EACH:
            raise SourceError(f"{redact_url(address)} sends more than a page of services can be.")
        if self._bytes > _MOST_BYTES:
            raise SourceError(f"{redact_url(address)} sends more than a directory can be.")


def _refuse(answer: httpx.Response) -> Exception:
    status = answer.status_code
    refused = StatusError(
        f"{redact_url(answer.request.url)} answered {status}. "
        "Try again later, or tell whoever runs the feed.",
        status,
    )
    after = _read_retry_after(answer.headers.get("Retry-After", ""))
    if status not in _PASSING or after > _LONGEST_WAIT:
        return refused
    return _PassingError(refused, after)


def _read_retry_after(text: str) -> float:
    """How many seconds a server asks us to wait: a number of them, or a date. 0 if neither."""
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


_backoff = wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, _PassingError) else 0.0
    return max(asked, _backoff(state))


def redact_url(address: httpx.URL) -> str:
    """The address without what may be secret in it."""
    return str(address.copy_with(userinfo=b"", query=None, fragment=None))


def parse_url(address: str) -> httpx.URL:
    """The http(s) address that a text is. Raises SourceError for anything else.

    It quotes nothing of the text: who cannot tell its parts cannot tell which is a password.
    """
    try:
        url = httpx.URL(address.strip())
        # The name of a host is only looked at when it is asked for.
        usable = url.scheme in ("http", "https") and bool(url.host)
    except (httpx.InvalidURL, UnicodeError):
        raise SourceError(
            "That is not a web address. Check its host, and write %2F, %3F and %23 "
            "for the / ? # in a password."
        ) from None
    if not usable:
        raise SourceError("Only addresses that begin with http:// or https:// can be read.")
    return url
