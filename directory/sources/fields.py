"""Single values of a source, made fit to keep or refused with the reason.

What every kind of source needs. Must never guess: what cannot be read is "not
known" or a RowError, as each function says.
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
# Feeds write 150 or 999 where they mean that nobody is too old.
MAX_AGE = 120

_SCHEME = re.compile(r"https?://", re.I)
# A colon after a word without a dot starts a scheme (`mailto:`), not a port.
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:", re.I)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+\.?")
# No longer before the @ than the standard allows, and read from its beginning only: a long text
# without an @ is passed over once.
_EMAIL = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+"
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.I)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.](\d{2})(?:[:.]\d{2})?)?(?:\s*([ap])\.?m\b\.?)?(?![\d:])", re.I
)
_PLAIN_NO = {"", "no", "n", "false", "0"}
_EMPTY_WORDS = {"n/a", "na", "none", "tbc", "tba", "-", "--", ".", "null"}

_Value = TypeVar("_Value")


class Faults:
    """What is wrong with one row: all of it, so that it can be mended in one go.

    What is `add`ed is told but does not hide the row; what is `refuse`d does. `key` and `name` are
    the row's, as far as they could be read.
    """

    def __init__(self) -> None:
        self.key = self.name = ""
        self.reasons: list[str] = []
        self.hides = False

    def add(self, reason: str) -> None:
        """Note a fault without which residents can still use the listing."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def refuse(self, reason: str) -> None:
        """Note a fault with which the listing cannot be shown."""
        self.hides = True
        self.add(reason)

    def read(
        self, reader: Callable[..., _Value], *values: Any, otherwise: _Value, hides: bool = True
    ) -> _Value:
        """What `reader` makes of `values`; `otherwise` where it raises RowError, which is noted."""
        try:
            return reader(*values)
        except RowError as error:
            (self.refuse if hides else self.add)(str(error))
            return otherwise

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def read_row(
    read: Callable[[Faults], Listing], content: dict[str, Any], *, form: str, private: bool = False
) -> Listing | RejectedRow:
    """The listing that `read` makes, or everything for which it cannot be shown.

    `read` sets the faults' `key` and `name` first. `content` is what is set aside of a refused row,
    `form` is what describes the right kinds of value, and `private` tells that it may be kept so.
    """
    faults = Faults()
    try:
        listing = validate_listing(read(faults))
        if not faults.hides:
            return replace(listing, doubts=tuple(faults.reasons))
    except RowError as error:
        faults.add(str(error))
    except (TypeError, AttributeError, OverflowError, RecursionError):
        faults.add(f"a field holds the wrong kind of value; check it against {form}")
    key, name = faults.key[:200], faults.name[:200]
    return RejectedRow(key, name, str(faults), content, confidential=private)


def read_string(value: Any) -> str:
    """A text or number as it stands, without what cannot be printed.

    RowError for the rest, and for a text of more than `MAX_FIELD_LENGTH` letters.
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
    """As `read_string`, with markup and entities made plain text."""
    return clean_text(read_string(value))


def read_known_text(value: Any) -> str:
    """As `read_text`, with "n/a", "TBC" and the like as nothing said."""
    text = read_text(value)
    return "" if text.casefold() in _EMPTY_WORDS else text


def read_email(value: Any) -> str:
    """The first e-mail address in a text; empty if it is empty. RowError if it holds none."""
    if isinstance(value, bool | int | float):
        raise RowError(f"email is {value!r}, which is no e-mail address")
    text = read_string(value)
    if match := _EMAIL.search(text):
        return match[0]
    if read_known_text(text):
        raise RowError(f"email {text[:60]!r} is no e-mail address")
    return ""


def may_be_confidential(value: Any) -> bool:
    """Whether a flag says, or may say, that a place is kept private: anything but a plain no.

    Flags come as true or false, as numbers and as words; the harm of a mistake is all on one side.
    """
    if isinstance(value, str):
        return value[:100].strip().casefold() not in _PLAIN_NO
    return value is not None and (not isinstance(value, bool | int | float) or value != 0)


def find_postcode(text: str) -> str:
    """The first full postcode in a text, as it stands there; empty if there is none."""
    match = _POSTCODE.search(text)
    return match[0] if match else ""


def read_day(value: Any, name: str) -> date | None:
    """A day such as 2026-10-01, with or without a time after it. RowError that names the field."""
    text = read_string(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise RowError(f"{name} {text[:40]!r} is not a date like 2026-10-01") from None


def first_text(texts: Iterable[str]) -> str:
    """The first text that says something, or empty."""
    return next(filter(None, texts), "")


def unique_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that say something, each once, in their order."""
    return tuple(dict.fromkeys(filter(None, texts)))


def read_website(text: str) -> str:
    """An http(s) address; https is meant where no scheme is given. Empty if it is neither."""
    address = text.strip()
    if not _SCHEME.match(address):
        if not address or _OTHER_SCHEME.match(address) or "://" in address:
            return ""
        address = f"https://{address.removeprefix('//')}"
    try:
        parts = urlsplit(address)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        return ""
    # `name@` before a host can dress one address up as another.
    plain = "@" not in parts.netloc and not re.search(r"[\s<>\"'`\\]", address)
    return address if usable and plain and _HOST.fullmatch(parts.hostname or "") else ""


def read_point(latitude: Any, longitude: Any) -> Point | None:
    """The point, or None if it is not given. Raises RowError for degrees that cannot be."""
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
    # Off the coast of Africa: what software writes when it does not know.
    return None if point == Point(0, 0) else point


def read_amount(value: Any) -> float | None:
    """Pounds as a number, 0 or more. None for what is not a plain amount."""
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = float(str(value).strip().removeprefix("£").replace(",", ""))
    except ValueError:
        return None
    return amount if math.isfinite(amount) and 0 <= amount < 100_000 else None


def read_age(value: Any, name: str) -> int | None:
    """Whole years, or None where there is no limit. Raises RowError that names the field."""
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
    # A number alone may be anything.
    if not match or not (match[2] or match[3]):
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour <= 23 and minute <= 59 else None


def validate_listing(listing: Listing) -> Listing:
    """The listing itself. Raises RowError if it could not be shown as it is."""
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
    low, high = listing.minimum_age, listing.maximum_age
    if low is not None and high is not None and low > high:
        raise RowError(f"its lowest age, {low}, is above its highest, {high}")
    return listing
