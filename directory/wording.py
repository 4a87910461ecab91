"""A listing as words: what is encoded, what is searched, and what is shown of it.

Pure functions of a listing. Must never add anything that the listing does not say.
"""

import hashlib
import html
import re
import textwrap

import nh3

from directory.listing import DAYS, Listing, Place, Schedule

_OPENING = 200
# Markup that people or systems made is gone after three or four.
_MOST_PASSES = 12
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/h[1-6]|/tr|/ul|/ol|/section|/article)\b[^<>]*>", re.I)
_ITEM = re.compile(r"<\s*li\b[^<>]*>", re.I)
# `<jo@example.org>` and `<https://example.org>` are not tags: their words are kept.
_BRACKETED = re.compile(r"<\s*((?:https?://|www\.)[^\s<>]+|[^\s<>@]+@[^\s<>]+)\s*>", re.I)
# Escaped over and over, as happens between systems: taken off in one go.
_AMPERSANDS = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.I)
# Control characters, halves of surrogate pairs, and marks without width.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\ufeff\ufffe\uffff\ud800-\udfff]"
)
#: What begins a cell that a spreadsheet takes for a formula.
FORMULA = re.compile(r"[=+\-@\t\r]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\s*\n\s*")


def clean_text(markup: str) -> str:
    """HTML as plain text: one line a paragraph or list item, entities decoded.

    Markup that was escaped, even more than once, goes as well. Never raises.
    """
    for _ in range(_MOST_PASSES):
        text = _clean_once(markup)
        if text == markup:
            return text
        markup = text
    # Made to go on for ever: without these two no tag and no entity can be left.
    return _clean_once(re.sub("[&<]", "", markup))


def _clean_once(markup: str) -> str:
    whole = _AMPERSANDS.sub("&", _BRACKETED.sub(r" \1 ", markup))
    broken = _ITEM.sub("\n- ", _BREAK.sub("\n", drop_unprintable(whole)))
    bare = drop_unprintable(html.unescape(nh3.clean(broken, tags=set())))
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", bare)).strip()


def drop_unprintable(text: str) -> str:
    """The text without the characters that no screen, database or encoder can take."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def text_to_encode(listing: Listing) -> str:
    """What the sentence encoder reads. The encoder stops at 256 tokens: what matters first."""
    parts = [listing.name, ", ".join(listing.topics), ", ".join(listing.skills_wanted)]
    return ". ".join(part for part in [*parts, listing.description] if part)


def text_digest(listing: Listing) -> str:
    """A fingerprint of `text_to_encode`."""
    return hashlib.sha256(text_to_encode(listing).encode()).hexdigest()


def searchable_text(listing: Listing) -> str:
    """Every word that a search may match."""
    places = (part for place in listing.places for part in (place.venue, place.neighbourhood))
    return " ".join(filter(None, [common_text(listing), listing.covers, *places]))


def common_text(listing: Listing) -> str:
    """The same without any place: it may be remembered apart from the listing, even if the listing
    becomes confidential."""
    words = [
        listing.name,
        listing.description,
        listing.organisation,
        *listing.topics,
        *listing.audience,
        *listing.skills_wanted,
        *listing.languages,
        *listing.accessibility,
    ]
    return " ".join(word for word in words if word)


def describe_when(listing: Listing) -> str:
    """The times in words, or empty when not known."""
    return "; ".join(filter(None, map(_describe_schedule, listing.schedules)))


def _describe_schedule(schedule: Schedule) -> str:
    regular = ""
    if schedule.days:
        days = _join(sorted(schedule.days, key=DAYS.index))
        match schedule.repeats.split(" "):
            case [which, "of", "month"]:
                regular = f"{which.capitalize()} {days} of the month"
            case ["fortnightly"]:
                regular = f"Every other {days}"
            case ["weekly"]:
                regular = f"Every {days}"
            case _:
                regular = days
    if schedule.opens_at:
        times = f"{schedule.opens_at:%H:%M}"
        times += f" to {schedule.closes_at:%H:%M}" if schedule.closes_at else ""
        regular = f"{regular}, {times}" if regular else times
    return ". ".join(filter(None, [regular, schedule.description]))


def describe_where(listing: Listing) -> str:
    """The places in words. A confidential listing has none to show."""
    if listing.confidential:
        return "The address is kept private. Get in touch with them first."
    where = [_describe_place(place) for place in listing.places]
    if listing.online:
        where.append("Online")
    if listing.covers:
        where.append(f"Covers {listing.covers}")
    return "; ".join(filter(None, where))


def _describe_place(place: Place) -> str:
    parts = [place.venue, place.address, place.neighbourhood, place.postcode]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def describe_cost(listing: Listing) -> str:
    """The cost in words, or empty when not known."""
    if listing.cost or listing.cost_amount is None:
        return listing.cost
    return "Free" if listing.free else f"£{listing.cost_amount:.2f}"


def describe_opening(listing: Listing) -> str:
    """How the description begins: whole words, some 200 characters at most."""
    flat = " ".join(listing.description.split())
    return textwrap.shorten(flat, _OPENING, placeholder=" …")


def describe_who(listing: Listing) -> str:
    """Whom it is for, and of what age, in words; empty when not known."""
    youngest, oldest = listing.minimum_age, listing.maximum_age
    ages = ""
    if youngest and oldest:
        ages = f"ages {youngest} to {oldest}"
    elif youngest or oldest:
        ages = f"ages {youngest} and over" if youngest else f"ages up to {oldest}"
    said = ", ".join(filter(None, [*listing.audience, ages]))
    return said[:1].upper() + said[1:]


def describe_wanted(listing: Listing) -> str:
    """What it asks of volunteers: skills, then time; empty when not known."""
    said = "; ".join(filter(None, [", ".join(listing.skills_wanted), listing.commitment]))
    return said[:1].upper() + said[1:]


def describe_alert(listing: Listing) -> str:
    """News that must be seen first: that it is closed for now, and what the group says."""
    closed = "Closed for now" if listing.status == "temporarily closed" else ""
    return ". ".join(filter(None, [closed, listing.alert]))


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
