"""How alike two listings are, from the facts of each.

Owns what counts for and against two listings being the same thing. Must never put the value
of a contact or a place into a reason: it says which facts agree, and a navigator looks them
up. Branches of one organisation, and sessions of one club on other days, are listings of
their own.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from directory.listing import Listing, Point
from directory.places import measure_miles, normalise_postcode

# From SURE up, two listings are linked and shown once; from LIKELY up, a navigator is asked.
# Both were chosen on half of the labelled pairs: see docs/decisions/duplicates.md.
SURE = 0.85
LIKELY = 0.55

# Above this cosine, two descriptions say the same thing but for details.
_ONE_MOULD = 0.8
# Above this one, they are about the same.
_ALIKE = 0.7
# Miles: geocoders put one address in different corners of its postcode.
_ONE_PLACE = 0.25

_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")
_DAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I)
_HOUR = re.compile(r"\b(\d{1,2})(?:[.:](\d\d))?\s?([ap])\.?m\b", re.I)
_PHONE = re.compile(r"(?<!\d)0\d(?:[ -]?\d){8,9}(?!\d)")
# A capital inside a sentence: the name of a person, a place or a body.
_NAMED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
_OPENING = 400
# What a click leaves behind in an address.
_TRACKING = re.compile(r"[?&](?:fbclid|gclid|utm_\w+)=.*")
# Words that say nothing of what is listed.
_IDLE = frozenset("the a an and of for in at to by with from ltd limited cic cio plc uk".split())


@dataclass(frozen=True)
class Facts:
    """What is compared of a listing: small, so that 100,000 of them fit in memory."""

    name: str
    source: str = ""
    organisation: str = ""
    website: str = ""
    email: str = ""
    phones: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()
    points: tuple[Point, ...] = ()
    days: frozenset[str] = frozenset()
    hours: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    confidential: bool = False


def read_facts(listing: Listing, source: str) -> Facts:
    """The facts of a listing; days, hours, phones and postcodes also from its description."""
    told = f"{listing.name}\n{listing.description}"
    opening = _DAY.sub("", listing.description[:_OPENING])
    postcodes = [normalise_postcode(place.postcode) for place in listing.places if place.postcode]
    days = [day for schedule in listing.schedules for day in schedule.days]
    hours = [s.opens_at.strftime("%H%M") for s in listing.schedules if s.opens_at]
    phones = (listing.phone, *_PHONE.findall(listing.description))
    return Facts(
        name=_plain_words(listing.name),
        source=source,
        organisation=_plain_words(listing.organisation),
        website=_plain_website(listing.website),
        email=listing.email.casefold(),
        phones=frozenset(digits for phone in phones if (digits := _plain_phone(phone))),
        postcodes=frozenset((*postcodes, *map(normalise_postcode, _POSTCODE.findall(told)))),
        points=tuple(dict.fromkeys(place.point for place in listing.places if place.point)),
        days=frozenset(day.casefold()[:3] for day in (*days, *_DAY.findall(told))),
        hours=frozenset((*hours, *_read_hours(told))),
        named=frozenset(map(str.casefold, _NAMED.findall(opening))),
        confidential=listing.confidential,
    )


def compare(one: Facts, other: Facts, cosine: float) -> tuple[float, str]:
    """How likely two listings are the same thing, 0 to 1, and why, in words.

    `cosine` is that of their sentence vectors. Comparing the other way round says the same.
    """
    name = _compare_names(one.name, other.name)
    same_organisation = _alike(one.organisation, other.organisation)
    contacts = _shared_contacts(one, other)
    apart = _measure_apart(one, other)
    same_place = bool(one.postcodes & other.postcodes) or apart <= _ONE_PLACE
    against = _find_differences(one, other, cosine)
    # An organisation's listings share its contacts: those count as far as the names agree.
    around = (
        0.15 * bool(contacts)
        + 0.05 * (len(contacts) > 1)
        + 0.1 * same_place
        + 0.1 * same_organisation
    )
    score = (
        0.5 * name**2
        + 0.25 * min(1.0, max(0.0, cosine - 0.4) / 0.5)
        + around * name**2
        - sum(against.values())
    )
    if against:
        # Whatever speaks against it at all is for a navigator to judge.
        score = min(score, SURE - 0.01)
    if _share_a_door(one, other, cosine):
        score = max(score, LIKELY)
    reasons = [
        "same name" if name >= 0.99 else "much the same name" if name >= 0.85 else "",
        "same organisation" if same_organisation else "",
        *(f"same {words}" for words in contacts),
        "same place" if same_place else "",
        "descriptions that say the same" if cosine >= 0.95 else "",
        "descriptions that say much the same" if 0.8 <= cosine < 0.95 else "",
    ]
    reason = _list_in_words([words for words in reasons if words]) or "some of the same words"
    if against:
        reason += f", but {_list_in_words(list(against))}"
    return round(min(1.0, max(0.0, score)), 3), reason


def _shared_contacts(one: Facts, other: Facts) -> list[str]:
    return [
        words
        for words, shared in (
            ("website", one.website and one.website == other.website),
            ("e-mail", one.email and one.email == other.email),
            ("phone", one.phones & other.phones),
        )
        if shared
    ]


def _compare_names(one: str, other: str) -> float:
    """From 0 to 1. A name that holds the whole of the other comes close to being the same."""
    wider = fuzz.token_set_ratio(one, other) if min(_count(one), _count(other)) > 1 else 0.0
    return max(fuzz.token_sort_ratio(one, other), 0.9 * wider) / 100


def _find_differences(one: Facts, other: Facts, cosine: float) -> dict[str, float]:
    """What speaks against two listings being the same, and how much."""
    against: dict[str, float] = {}
    mine, yours = _own_words(one.name, other.name), _own_words(other.name, one.name)
    related = _alike(one.organisation, other.organisation) or bool(_shared_contacts(one, other))
    if mine and yours:
        against["each name has words of its own"] = 0.4
    elif related and (mine or yours):
        # Whoever runs both tells them apart by name: beginners, a venue, an age.
        against["one name says more"] = 0.15
    if not related and one.organisation and other.organisation:
        against["other organisations"] = 0.15
    apart = _measure_apart(one, other)
    shared = one.postcodes & other.postcodes
    if math.inf > apart > _ONE_PLACE or (one.postcodes and other.postcodes and not shared):
        against["other places"] = 0.25
    if one.days and other.days and not one.days & other.days:
        against["other days"] = 0.25
    elif one.hours and other.hours and not one.hours & other.hours:
        against["other hours"] = 0.25
    if _are_other_pages(one.website, other.website):
        against["other pages of one website"] = 0.2
    if one.email and other.email and one.email != other.email:
        against["other e-mail addresses"] = 0.1
    if one.confidential != other.confidential:
        # Shown as one, the open listing would say where the confidential one is.
        against["only one is confidential"] = 0.0
    # Descriptions from one mould that differ in whom or where they name: branches, most often.
    if cosine >= _ONE_MOULD and _names_its_own(one, other) and _names_its_own(other, one):
        against["each description names something of its own"] = 0.2
    return against


def _measure_apart(one: Facts, other: Facts) -> float:
    """Miles between the nearest two of their points; infinite if either has none."""
    apart = (measure_miles(a, b) for a in one.points for b in other.points)
    return min(apart, default=math.inf)


def _share_a_door(one: Facts, other: Facts, cosine: float) -> bool:
    """Whether two sources send people to one web page, for what sounds the same.

    Within one source that is a body's several services; two sources may each have named one.
    """
    elsewhere = one.source != other.source
    return elsewhere and bool(one.website) and one.website == other.website and cosine >= _ALIKE


def _are_other_pages(one: str, other: str) -> bool:
    site, _, page = one.partition("/")
    other_site, _, other_page = other.partition("/")
    return bool(page and other_page) and site == other_site and page != other_page


def _names_its_own(one: Facts, other: Facts) -> bool:
    return bool(_own_words(" ".join(sorted(one.named)), " ".join(sorted(other.named))))


def _own_words(name: str, other: str) -> list[str]:
    """The words of `name` that `other` has not, not even in another spelling."""
    theirs = other.split()
    run_together = other.replace(" ", "")
    return [
        word
        for word in name.split()
        if word not in run_together and not any(fuzz.ratio(word, their) >= 80 for their in theirs)
    ]


def _plain_words(text: str) -> str:
    """Small letters without accents or marks, and without the words that say nothing."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    words = re.sub(r"[^\w\s]|_", " ", re.sub(r"['’\u0300-\u036f]", "", plain)).split()
    return " ".join([word for word in words if word not in _IDLE] or words)


def _plain_website(address: str) -> str:
    address = re.sub(r"^https?://(www\.)?", "", address.casefold())
    return _TRACKING.sub("", address.partition("#")[0]).rstrip("/")


def _plain_phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[-10:] if len(digits) >= 10 else ""


def _read_hours(text: str) -> Iterator[str]:
    for hour, minute, half in _HOUR.findall(text):
        yield f"{int(hour) % 12 + (12 if half in 'pP' else 0):02}{minute or '00'}"


def _alike(one: str, other: str) -> bool:
    return bool(one and other) and fuzz.token_sort_ratio(one, other) >= 90


def _count(name: str) -> int:
    return len(name.split())


def _list_in_words(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
