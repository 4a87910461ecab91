"""How alike two listings are.

Owns what counts for and against two listings being the same thing. Branches of one organisation,
and sessions of one club on other days, are different things. Must never put the value of a contact
or a place into a reason: it names the facts that agree, and a navigator looks them up.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from directory.listing import Listing, Point
from directory.places import measure_miles, normalise_postcode
from directory.text import join_words

# From CERTAIN up, two listings are linked and shown once; from LIKELY up, a navigator decides. Both
# thresholds were chosen on half of the labelled pairs: see docs/decisions/duplicates.md.
CERTAIN = 0.85
LIKELY = 0.55

# Above this cosine, two descriptions differ in details only.
_SAME_TEMPLATE_COSINE = 0.8
# Above this cosine, they are about the same subject.
_SAME_SUBJECT_COSINE = 0.7
# Geocoders put one address in different corners of its postcode.
_SAME_PLACE_MILES = 0.25

_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")
_DAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I)
_HOUR = re.compile(r"\b(\d{1,2})(?:[.:](\d\d))?\s?([ap])\.?m\b", re.I)
_PHONE = re.compile(r"(?<!\d)0\d(?:[ -]?\d){8,9}(?!\d)")
# A capital letter inside a sentence: the name of a person, a place or an organisation.
_PROPER_NOUN = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
_OPENING_LENGTH = 400
# Parameters that trackers add to a URL.
_TRACKING = re.compile(r"[?&](?:fbclid|gclid|utm_\w+)=.*")
# Words that say nothing about the listing.
_STOP_WORDS = frozenset(
    "the a an and of for in at to by with from ltd limited cic cio plc uk".split()
)


@dataclass(frozen=True)
class Facts:
    """The facts of a listing that are compared: small, so that 100,000 of them fit in memory."""

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
    proper_nouns: frozenset[str] = frozenset()
    confidential: bool = False


def read_facts(listing: Listing, source: str) -> Facts:
    """The facts of a listing; days, hours, phones and postcodes also from its description."""
    text = f"{listing.name}\n{listing.description}"
    opening = _DAY.sub("", listing.description[:_OPENING_LENGTH])
    postcodes = [normalise_postcode(place.postcode) for place in listing.places if place.postcode]
    days = [day for schedule in listing.schedules for day in schedule.days]
    hours = [s.opens_at.strftime("%H%M") for s in listing.schedules if s.opens_at]
    phones = (listing.phone, *_PHONE.findall(listing.description))
    return Facts(
        name=_normalise_words(listing.name),
        source=source,
        organisation=_normalise_words(listing.organisation),
        website=_normalise_website(listing.website),
        email=listing.email.casefold(),
        phones=frozenset(digits for phone in phones if (digits := _normalise_phone(phone))),
        postcodes=frozenset((*postcodes, *map(normalise_postcode, _POSTCODE.findall(text)))),
        points=tuple(dict.fromkeys(place.point for place in listing.places if place.point)),
        days=frozenset(day.casefold()[:3] for day in (*days, *_DAY.findall(text))),
        hours=frozenset((*hours, *_find_hours(text))),
        proper_nouns=frozenset(map(str.casefold, _PROPER_NOUN.findall(opening))),
        confidential=listing.confidential,
    )


def compare(first: Facts, second: Facts, cosine: float) -> tuple[float, str]:
    """How likely two listings are the same thing, from 0 to 1, and why, in words.

    `cosine` is the cosine of their sentence vectors. The comparison is symmetric.
    """
    name_likeness = _compare_names(first.name, second.name)
    same_organisation = _are_alike(first.organisation, second.organisation)
    contacts = _list_shared_contacts(first, second)
    miles = _measure_distance(first, second)
    same_place = bool(first.postcodes & second.postcodes) or miles <= _SAME_PLACE_MILES
    against = _find_differences(first, second, cosine)
    # An organisation's listings share its contacts, so these count only as far as the names agree.
    shared_facts = (
        0.15 * bool(contacts)
        + 0.05 * (len(contacts) > 1)
        + 0.1 * same_place
        + 0.1 * same_organisation
    )
    score = (
        0.5 * name_likeness**2
        + 0.25 * min(1.0, max(0.0, cosine - 0.4) / 0.5)
        + shared_facts * name_likeness**2
        - sum(against.values())
    )
    if against:
        # Anything that speaks against the pair leaves it to a navigator.
        score = min(score, CERTAIN - 0.01)
    if _share_web_page(first, second, cosine):
        score = max(score, LIKELY)
    reasons = [
        "same name"
        if name_likeness >= 0.99
        else "much the same name"
        if name_likeness >= 0.85
        else "",
        "same organisation" if same_organisation else "",
        *(f"same {words}" for words in contacts),
        "same place" if same_place else "",
        "descriptions that say the same" if cosine >= 0.95 else "",
        "descriptions that say much the same" if 0.8 <= cosine < 0.95 else "",
    ]
    reason = join_words([words for words in reasons if words]) or "some of the same words"
    if against:
        reason += f", but {join_words(list(against))}"
    return round(min(1.0, max(0.0, score)), 3), reason


def _list_shared_contacts(first: Facts, second: Facts) -> list[str]:
    return [
        words
        for words, shared in (
            ("website", first.website and first.website == second.website),
            ("e-mail", first.email and first.email == second.email),
            ("phone", first.phones & second.phones),
        )
        if shared
    ]


def _compare_names(first: str, second: str) -> float:
    """From 0 to 1. A name that contains all words of the other is nearly the same."""
    word_count = min(len(first.split()), len(second.split()))
    subset_ratio = fuzz.token_set_ratio(first, second) if word_count > 1 else 0.0
    return max(fuzz.token_sort_ratio(first, second), 0.9 * subset_ratio) / 100


def _find_differences(first: Facts, second: Facts, cosine: float) -> dict[str, float]:
    """The differences that speak against two listings being the same, with their weights."""
    against: dict[str, float] = {}
    first_own_words = _list_own_words(first.name, second.name)
    second_own_words = _list_own_words(second.name, first.name)
    related = _are_alike(first.organisation, second.organisation) or bool(
        _list_shared_contacts(first, second)
    )
    if first_own_words and second_own_words:
        against["each name has words of its own"] = 0.4
    elif related and (first_own_words or second_own_words):
        # The organisation tells its own listings apart by name: beginners, a venue, an age.
        against["one name says more"] = 0.15
    if not related and first.organisation and second.organisation:
        against["other organisations"] = 0.15
    miles = _measure_distance(first, second)
    has_other_postcodes = (
        first.postcodes and second.postcodes and not first.postcodes & second.postcodes
    )
    if has_other_postcodes or math.inf > miles > _SAME_PLACE_MILES:
        against["other places"] = 0.25
    if first.days and second.days and not first.days & second.days:
        against["other days"] = 0.25
    elif first.hours and second.hours and not first.hours & second.hours:
        against["other hours"] = 0.25
    if _are_other_pages(first.website, second.website):
        against["other pages of one website"] = 0.2
    if first.email and second.email and first.email != second.email:
        against["other e-mail addresses"] = 0.1
    if first.confidential != second.confidential:
        # If they were linked, the open listing would reveal where the confidential one is.
        against["only one is confidential"] = 0.0
    # Descriptions from one template that name different people or places are mostly branches.
    if (
        cosine >= _SAME_TEMPLATE_COSINE
        and _has_own_proper_noun(first, second)
        and _has_own_proper_noun(second, first)
    ):
        against["each description names something of its own"] = 0.2
    return against


def _measure_distance(first: Facts, second: Facts) -> float:
    """Miles between the nearest two of their points; infinite if either has none."""
    distances = (measure_miles(a, b) for a in first.points for b in second.points)
    return min(distances, default=math.inf)


def _share_web_page(first: Facts, second: Facts, cosine: float) -> bool:
    """Whether two sources link to one web page for the same subject.

    Within one source, such listings are several services of one organisation.
    """
    return (
        first.source != second.source
        and bool(first.website)
        and first.website == second.website
        and cosine >= _SAME_SUBJECT_COSINE
    )


def _are_other_pages(first: str, second: str) -> bool:
    first_site, _, first_page = first.partition("/")
    second_site, _, second_page = second.partition("/")
    return bool(
        first_page and second_page and first_site == second_site and first_page != second_page
    )


def _has_own_proper_noun(first: Facts, second: Facts) -> bool:
    return bool(
        _list_own_words(" ".join(sorted(first.proper_nouns)), " ".join(sorted(second.proper_nouns)))
    )


def _list_own_words(name: str, other: str) -> list[str]:
    """The words of `name` that are not in `other`, not even in another spelling."""
    other_words = other.split()
    joined = other.replace(" ", "")
    return [
        word
        for word in name.split()
        if word not in joined
        and not any(fuzz.ratio(word, other_word) >= 80 for other_word in other_words)
    ]


def _normalise_words(text: str) -> str:
    """Lower case without accents, punctuation and stop words."""
    text = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    words = re.sub(r"[^\w\s]|_", " ", re.sub(r"['’\u0300-\u036f]", "", text)).split()
    return " ".join([word for word in words if word not in _STOP_WORDS] or words)


def _normalise_website(address: str) -> str:
    address = re.sub(r"^https?://(www\.)?", "", address.casefold())
    return _TRACKING.sub("", address.partition("#")[0]).rstrip("/")


def _normalise_phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[-10:] if len(digits) >= 10 else ""


def _find_hours(text: str) -> Iterator[str]:
    for hour, minute, half in _HOUR.findall(text):
        yield f"{int(hour) % 12 + (12 if half in 'pP' else 0):02}{minute or '00'}"


def _are_alike(first: str, second: str) -> bool:
    return bool(first and second) and fuzz.token_sort_ratio(first, second) >= 90
