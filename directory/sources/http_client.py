"""Fetching from a feed's server, politely and within limits.

Owns the retries and the limits of time and size. Must never repeat a password or key that is part
of a URL, or request anything but http(s).

Everything that a server can stretch is bounded while it happens: one deadline holds for an exchange
from the name's lookup over every redirect to the last byte, and bytes are counted as they come and
as they are unpacked. The exchanges run in an event loop of their own, because only there can a
deadline end a wait for one more byte of a header.
"""

import time
import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType

import anyio
import httpx
from anyio.from_thread import start_blocking_portal
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
_MAX_REDIRECTS = 20
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
    """Fetches the pages of one feed. Use it in a `with` block, from any thread.

    `timeout` is the longest that one response may take, in seconds, from the request to its last
    byte, with all redirects. The whole feed may take an hour and a gigabyte.
    """

    def __init__(self, *, timeout: float = 20.0, allow_private: bool = False) -> None:
        self._timeout = timeout
        self._deadline = time.monotonic() + _MAX_SECONDS
        self._bytes = 0
        self._client = httpx.AsyncClient(
            transport=CheckedTransport(allow_private=allow_private),
            # The other waits are bounded together, by the deadline of the exchange.
            timeout=httpx.Timeout(None, connect=min(timeout, 5.0)),
            trust_env=False,
            # One known encoding, so that `_unpack` can stop while it unpacks.
            headers={"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip"},
        )

    def __enter__(self) -> "FeedClient":
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            stack.callback(self._portal.call, self._client.aclose)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(error_type, error, trace)

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
            return self._portal.call(self._exchange, url, headers)
        except (TimeoutError, httpx.TimeoutException):
            raise _TransientError(
                SourceError(
                    f"{name} did not answer in time. Try again later.",
                    "Or allow more time with --timeout.",
                )
            ) from None
        except PrivateAddressError:
            raise SourceError(
                f"{name} leads into a private network or to this machine, and was not read. "
                "If that is intended, set FETCH_PRIVATE=true."
            ) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            kind = type(error).__name__
            raise SourceError(f"{name} cannot be reached ({kind}).") from None
        except UnicodeError:
            raise SourceError(f"{name} leads to a host with an invalid name.") from None
        except httpx.HTTPError as error:
            kind = type(error).__name__
            raise _TransientError(SourceError(f"{name} cannot be reached ({kind}).")) from None

    async def _exchange(self, url: httpx.URL, headers: dict[str, str]) -> FeedResponse:
        """One attempt, redirects included, within one deadline. Raises TimeoutError."""
        request = self._client.build_request("GET", url, headers=headers)
        with anyio.fail_after(min(self._timeout, self._deadline - time.monotonic())):
            for _ in range(_MAX_REDIRECTS + 1):
                response = await self._client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return await self._read(response, is_conditional=bool(headers))
                    # The body of a redirect is never read: closing ends the connection.
                    request = response.next_request
                finally:
                    await response.aclose()
        raise SourceError(f"{redact_url(url)} redirects in a loop.")

    async def _read(self, response: httpx.Response, *, is_conditional: bool) -> FeedResponse:
        if response.status_code == httpx.codes.NOT_MODIFIED and is_conditional:
            return FeedResponse(b"", Validators(), response.status_code)
        if not response.is_success:
            raise _make_status_error(response)
        body = await self._read_body(response)
        validators = Validators(
            response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        )
        return FeedResponse(body, validators)

    async def _read_body(self, response: httpx.Response) -> bytes:
        """The body, unpacked if it is packed once. Raises SourceError if it is too large."""
        name = redact_url(response.request.url)
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise SourceError(f"{name} sends its content packed in a way that is not supported.")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding != "identity" else None
        body = bytearray()
        received = 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            size_before = len(body)
            body += _unpack(unpacker, chunk, _MAX_RESPONSE_BYTES + 1 - size_before, name)
            self._bytes += max(len(chunk), len(body) - size_before)
            if max(received, len(body)) > _MAX_RESPONSE_BYTES:
                raise SourceError(f"{name} sends more than a page of services can hold.")
            if self._bytes > _MAX_TOTAL_BYTES:
                raise SourceError(f"{name} sends more than a directory can hold.")
        if unpacker and body and not unpacker.eof:
            raise SourceError(f"{name} sends content that is cut short. Try again later.")
        return bytes(body)


def _unpack(unpacker: "zlib._Decompress | None", chunk: bytes, limit: int, name: str) -> bytes:
    """At most `limit` bytes of what a chunk holds. Raises SourceError if it is not gzip."""
    try:
        return unpacker.decompress(chunk, limit) if unpacker else chunk
    except zlib.error:
        raise SourceError(f"{name} sends content that is damaged. Try again later.") from None


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
