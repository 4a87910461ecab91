"""Reading single values of a source, and collecting the faults of a row.

Must never guess: a value that cannot be read is "not known" or a RowError, as each function says.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from directory.errors import RowError
from directory.listing import Listing, Point
from directory.rejected import RejectedRow
from directory.text import clean_text, drop_unprintable

MAX_NAME_LENGTH = 300
MAX_DESCRIPTION_LENGTH = 20_000
MAX_FIELD_LENGTH = 200_000
# Feeds write 150 or 999 to mean that there is no upper limit.
MAX_AGE = 120

MAX_REASONS = 20
"""Faults of one row that are reported: nobody corrects more at a time."""
MAX_ENTRIES = 1_000
"""Places, schedules, topics and so on of one listing."""

_SCHEME = re.compile(r"https?://", re.I)
# A colon after a word without a dot starts a scheme (`mailto:`), not a port.
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:", re.I)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+\.?")
# The part before the @ has the length that the standard allows, and matches from its beginning
# only, so that a long text without an @ is scanned once.
_EMAIL = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+"
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.I)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.](\d{2})(?:[:.]\d{2})?)?(?:\s*([ap])\.?m\b\.?)?(?![\d:])", re.I
)
_NO_VALUES = {"", "no", "n", "false", "0"}
_PLACEHOLDERS = {"n/a", "na", "none", "tbc", "tba", "-", "--", ".", "null"}

_Value = TypeVar("_Value")


class Faults:
    """All faults of one row, so that they can be corrected in one go.

    A fault that was added with `warn` leaves the listing usable; one that was added with `reject`
    means that it cannot be shown. `key` and `name` are the row's, as far as they could be read.
    """

    def __init__(self) -> None:
        self.key = self.name = ""
        self.reasons: list[str] = []
        self.is_rejected = False

    def warn(self, reason: str) -> None:
        """Add a fault that leaves the listing usable."""
        if len(self.reasons) < MAX_REASONS and reason not in self.reasons:
            self.reasons.append(reason)

    def reject(self, reason: str) -> None:
        """Add a fault with which the listing cannot be shown."""
        self.is_rejected = True
        self.warn(reason)

    def read(
        self, reader: Callable[..., _Value], *values: Any, default: _Value, rejects: bool = True
    ) -> _Value:
        """Call `reader` with `values`. If it raises RowError, add the fault, return `default`."""
        try:
            return reader(*values)
        except RowError as error:
            (self.reject if rejects else self.warn)(str(error))
            return default

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def read_row(
    read: Callable[[Faults], Listing],
    content: dict[str, Any],
    *,
    format_docs: str,
    private: bool = False,
) -> Listing | RejectedRow:
    """The listing that `read` returns, or the row with all its faults if it cannot be shown.

    `read` sets `key` and `name` of the faults first. `content` is what is stored of a rejected row,
    `format_docs` names the description of the format, and `private` means that the row is or may be
    confidential.
    """
    faults = Faults()
    try:
        listing = validate_listing(read(faults))
        if not faults.is_rejected:
            return replace(listing, doubts=tuple(faults.reasons))
    except RowError as error:
        faults.warn(str(error))
    except (TypeError, AttributeError, ValueError, LookupError, ArithmeticError, RecursionError):
        faults.warn(f"a field holds the wrong kind of value; check it against {format_docs}")
    key, name = faults.key[:200], faults.name[:200]
    return RejectedRow(key, name, str(faults), content, confidential=private)


def read_string(value: Any) -> str:
    """A text or number as a string, without unprintable characters.

    Raises RowError for other types, and for a text of more than `MAX_FIELD_LENGTH` characters.
    """
    if value is None:
        return ""
    if isinstance(value, str) and len(value) > MAX_FIELD_LENGTH:
        raise RowError(
            f"a field has {len(value):,} letters; keep it to {MAX_FIELD_LENGTH:,} at the most"
        )
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowError("a field holds the wrong kind of value; check it against Open Referral UK 3")
    return drop_unprintable(str(value)).strip()


def read_text(value: Any) -> str:
    """As `read_string`, with markup and entities turned into plain text."""
    return clean_text(read_string(value))


def read_known_text(value: Any) -> str:
    """As `read_text`, but "n/a", "TBC" and other placeholders become empty text."""
    text = read_text(value)
    return "" if text.casefold() in _PLACEHOLDERS else text


def read_email(value: Any) -> str:
    """The first e-mail address in a text, or empty text. Raises RowError if it holds none."""
    if isinstance(value, bool | int | float):
        raise RowError(f"email is {value!r}, which is not an e-mail address")
    text = read_string(value)
    if match := _EMAIL.search(text):
        return match[0]
    if read_known_text(text):
        raise RowError(f"email {text[:60]!r} is not an e-mail address")
    return ""


def may_be_confidential(value: Any) -> bool:
    """Whether a flag says, or may say, that a place is private: anything but a plain no.

    Flags come as booleans, numbers and words. In doubt, a listing is confidential.
    """
    if isinstance(value, str):
        return value[:100].strip().casefold() not in _NO_VALUES
    return value is not None and (not isinstance(value, bool | int | float) or value != 0)


def find_postcode(text: str) -> str:
    """The first full postcode in a text, as it is written there; empty if there is none."""
    match = _POSTCODE.search(text)
    return match[0] if match else ""


def read_day(value: Any, name: str) -> date | None:
    """A day such as 2026-10-01, or None. Any time after it is ignored. RowError names the field."""
    text = read_string(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise RowError(f"{name} {text[:40]!r} is not a date like 2026-10-01") from None


def first_text(texts: Iterable[str]) -> str:
    """The first text that is not empty, or empty text."""
    return next(filter(None, texts), "")


def unique_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty, each once, in order."""
    return tuple(dict.fromkeys(filter(None, texts)))


def read_website(text: str) -> str:
    """An http(s) URL, with https if no scheme is given; empty if it is none."""
    address = text.strip()
    if not _SCHEME.match(address):
        if not address or _OTHER_SCHEME.match(address) or "://" in address:
            return ""
        address = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(address)
        has_valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return ""
    # `name@` before a host can disguise one URL as another.
    is_plain = "@" not in parts.netloc and not re.search(r"[\s<>\"'`\\]", address)
    return address if has_valid_port and is_plain and _HOST.fullmatch(parts.hostname or "") else ""


def read_point(latitude: Any, longitude: Any) -> Point | None:
    """The point, or None if it is not given. Raises RowError for impossible coordinates."""
    if latitude in (None, "") or longitude in (None, ""):
        return None
    try:
        point = Point(float(latitude), float(longitude))
    except (TypeError, ValueError, OverflowError):
        raise RowError("latitude and longitude must be numbers of degrees") from None
    if not -90 <= point.latitude <= 90:
        raise RowError(f"latitude {point.latitude:g} is not between -90 and 90")
    if not -180 <= point.longitude <= 180:
        raise RowError(f"longitude {point.longitude:g} is not between -180 and 180")
    # Software writes 0, 0 (off the coast of Africa) when it does not know the place.
    return None if point == Point(0, 0) else point


def read_amount(value: Any) -> float | None:
    """Pounds as a number, 0 or more; None for anything but a plain amount."""
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = float(str(value).strip().removeprefix("£").replace(",", ""))
    except ValueError:
        return None
    return amount if math.isfinite(amount) and 0 <= amount < 100_000 else None


def read_age(value: Any, name: str) -> int | None:
    """Whole years, or None if there is no limit. The RowError that it raises names the field."""
    if value in (None, ""):
        return None
    try:
        age = float(str(value))
    except ValueError:
        age = math.nan
    if not age >= 0 or (age % 1 and age <= MAX_AGE):
        raise RowError(f"{name} must be a whole number of years, not {str(value)[:20]!r}")
    return int(age) if age <= MAX_AGE else None


def read_time(value: Any) -> time | None:
    """A time of day such as 09:30, 9.30, 2:30pm or 2pm; None for anything else."""
    match = _CLOCK.match(read_string(value))
    # A number alone may mean anything.
    if not match or not (match[2] or match[3]):
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def validate_listing(listing: Listing) -> Listing:
    """Return the listing. Raises RowError if it cannot be shown as it is."""
    if len(listing.name) > MAX_NAME_LENGTH:
        raise RowError(
            f"its name has {len(listing.name)} letters; keep it under {MAX_NAME_LENGTH} "
            "and put the rest in the description"
        )
    if len(listing.description) > MAX_DESCRIPTION_LENGTH:
        raise RowError(
            f"its description has {len(listing.description):,} letters; "
            f"keep it under {MAX_DESCRIPTION_LENGTH:,}"
        )
    for field, values in vars(listing).items():
        if isinstance(values, tuple) and len(values) > MAX_ENTRIES:
            raise RowError(f"it has {len(values):,} {field}; keep to {MAX_ENTRIES:,} at the most")
    low, high = listing.minimum_age, listing.maximum_age
    if low is not None and high is not None and low > high:
        raise RowError(f"its lowest age, {low}, is above its highest, {high}")
    return listing
