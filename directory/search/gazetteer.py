"""Where a postcode, a place name or a pair of degrees is.

Owns `find`: what listings say of themselves comes first, then what was imported with
`import_places`. Asks the database each time; must never keep, log or store what was asked,
and holds no more in memory than the neighbourhoods that listings are in.
"""

import math
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Engine, and_, func, select
from sqlalchemy.orm import Session

from directory.listing import Point
from directory.models import ListingRow, NamedPlaceRow, PlaceRow, RevisionRow
from directory.places import (
    MILES_A_DEGREE,
    PLACE_WORD,
    POSTCODE,
    Area,
    make_place_key,
    measure_miles_from,
)
from directory.search.common_place_words import ORDINARY

_DEGREES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_LONGEST_NAME = 6
_MOST_WORDS = 80
_FAR = 50.0
# Half the side of a square, in miles, all of which is nearer than `_FAR`.
_SURELY_NEAR = 34.0
# Places of one name this near to each other are one town's parts.
_ONE_TOWN = 10.0
# From farther off than this, somebody is not from a neighbourhood.
_SAME_AREA = 5.0

_BEFORE = frozenset("in near from around at by outside nearby".split())
# What says more surely that a place comes next, before a word that is also something else.
_LIVING = frozenset("live lives lived living based am im are stay staying born moved".split())
_COURTESY = frozenset("please thanks thank you uk england wales scotland cheers ta".split())
_DATES = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)


@dataclass(frozen=True)
class _Known:
    """What listings' places tell, as of one revision of the directory."""

    revision: int
    # By key: the name as most listings spell it, and its middle.
    areas: dict[str, Area]
    names: tuple[str, ...]
    middle: Point | None


@dataclass(frozen=True)
class _Mention:
    """Words of a text that may be a name: their key, and what speaks for their being one."""

    key: str
    start: int
    words: int
    alone: bool
    capital: bool
    after: bool
    living: bool

    @property
    def told(self) -> bool:
        """Whether the text says that this is a place."""
        if self.alone:
            return True
        if self.key in _DATES:
            return False
        if self.key in ORDINARY:
            return self.living or (self.capital and self.after)
        return self.capital or self.after


class Gazetteer:
    """Finds the area that a text names. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._last: _Known | None = None

    def find(self, text: str) -> Area | None:
        """The area in `text`: degrees, a postcode or its first half, or a name. None if unknown."""
        with Session(self._engine) as session:
            if degrees := _DEGREES.fullmatch(text):
                point = Point(float(degrees[1]), float(degrees[2]))
                # From farther off, no listing is near: a holiday, or no point on Earth at all.
                return Area("you", point) if _is_near(session, point) else None
            for match in POSTCODE.finditer(text):
                if area := _find_postcode(session, match[1].upper(), (match[2] or "").upper()):
                    return area
            mentions = list(_find_mentions(text))
            if not mentions:
                return None
            known = self._read_known(session)
            return _find_neighbourhood(mentions, known) or _find_named(session, mentions, known)

    def names(self) -> tuple[str, ...]:
        """The neighbourhoods that listings are in, the busiest first."""
        with Session(self._engine) as session:
            return self._read_known(session).names

    def name_coarsely(self, point: Point) -> str:
        """The neighbourhood of listings whose middle is nearest; empty if it is miles away."""
        with Session(self._engine) as session:
            areas = list(self._read_known(session).areas.values())
        if not areas:
            return ""
        middles = np.array([(one.point.latitude, one.point.longitude) for one in areas])
        miles = measure_miles_from(point, middles)
        nearest = int(miles.argmin())
        return areas[nearest].name if miles[nearest] <= _SAME_AREA else ""

    def _read_known(self, session: Session) -> _Known:
        revision = session.scalar(select(RevisionRow.number)) or 0
        with self._lock:
            if self._last is None or self._last.revision != revision:
                self._last = _read_known(session, revision)
            return self._last


def _read_known(session: Session, revision: int) -> _Known:
    count = func.count()
    rows = session.execute(
        select(
            PlaceRow.neighbourhood, count, func.avg(PlaceRow.latitude), func.avg(PlaceRow.longitude)
        )
        .join(ListingRow, ListingRow.id == PlaceRow.listing_id)
        .where(ListingRow.gone.is_(False))
        .group_by(PlaceRow.neighbourhood)
        .order_by(count.desc(), PlaceRow.neighbourhood)
    ).all()
    # Spelt in more ways than one, a place is in the middle of them all.
    by_key: dict[str, list[tuple[str, int, float, float]]] = {}
    for name, listings, latitude, longitude in rows:
        if key := make_place_key(name):
            by_key.setdefault(key, []).append((name, listings, latitude, longitude))
    areas = {
        key: Area(same[0][0], _weigh_middle((n, lat, lon) for _, n, lat, lon in same))
        for key, same in by_key.items()
    }
    busiest = sorted(by_key, key=lambda key: (-sum(n for _, n, *_ in by_key[key]), areas[key].name))
    everywhere = [(n, latitude, longitude) for _, n, latitude, longitude in rows]
    return _Known(
        revision=revision,
        areas=areas,
        names=tuple(areas[key].name for key in busiest),
        middle=_weigh_middle(everywhere) if everywhere else None,
    )


def _weigh_middle(weighed: Iterable[tuple[int, float, float]]) -> Point:
    found = list(weighed)
    total = sum(weight for weight, *_ in found)
    return Point(
        sum(weight * latitude for weight, latitude, _ in found) / total,
        sum(weight * longitude for weight, _, longitude in found) / total,
    )


def _is_near(session: Session, point: Point) -> bool:
    """Whether a listing's place is within `_FAR` miles of the point."""
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        return False

    def inside(miles: float) -> ColumnElement[bool]:
        north = miles / MILES_A_DEGREE
        # A degree is shorter towards the poles.
        east = north / max(0.01, math.cos(math.radians(min(89.0, abs(point.latitude) + north))))
        return and_(
            PlaceRow.latitude.between(point.latitude - north, point.latitude + north),
            PlaceRow.longitude.between(point.longitude - east, point.longitude + east),
        )

    of = select(PlaceRow.latitude, PlaceRow.longitude)
    if session.execute(of.where(inside(_SURELY_NEAR)).limit(1)).first():
        return True
    for some in session.execute(of.where(inside(_FAR))).partitions(1_000):
        degrees = np.array([tuple(row) for row in some], dtype=np.float64)
        if measure_miles_from(point, degrees).min(initial=math.inf) <= _FAR:
            return True
    return False


def _find_postcode(session: Session, outcode: str, rest: str) -> Area | None:
    """The area of a postcode; of its first half, where the whole is not known or not given."""
    if rest:
        whole = f"{outcode} {rest}"
        point = _look_up(session, whole) or _middle_where(session, PlaceRow.postcode == whole)
        if point:
            return Area(whole, point)
    point = _look_up(session, outcode) or _middle_where(
        session,
        (PlaceRow.postcode == outcode) | PlaceRow.postcode.like(f"{outcode} %"),
    )
    return Area(outcode, point) if point else None


def _look_up(session: Session, postcode: str) -> Point | None:
    return _middle_where(session, NamedPlaceRow.key == make_place_key(postcode), NamedPlaceRow)


def _middle_where(
    session: Session,
    condition: ColumnElement[bool],
    of: type[PlaceRow] | type[NamedPlaceRow] = PlaceRow,
) -> Point | None:
    latitude, longitude = session.execute(
        select(func.avg(of.latitude), func.avg(of.longitude)).where(condition)
    ).one()
    return None if latitude is None else Point(latitude, longitude)


def _find_mentions(text: str) -> Iterator[_Mention]:
    """Every run of words that may be a name: the first in the text first, the longest of them."""
    found = list(PLACE_WORD.finditer(text))[:_MOST_WORDS]
    words = [make_place_key(match[0]) for match in found]
    shouted = not any(letter.islower() for letter in text)
    meant = [number for number, word in enumerate(words) if word not in _COURTESY]
    for start in range(len(found)):
        for length in range(min(_LONGEST_NAME, len(found) - start), 0, -1):
            span = found[start : start + length]
            before = words[start - 1] if start else ""
            yield _Mention(
                key=" ".join(words[start : start + length]),
                start=start,
                words=length,
                alone=bool(meant) and start <= meant[0] and meant[-1] < start + length,
                capital=not shouted and _is_capital(text, span),
                after=before in _BEFORE,
                living=before in _BEFORE and start > 1 and words[start - 2] in _LIVING,
            )


def _is_capital(text: str, span: list[re.Match[str]]) -> bool:
    """Whether the words are written as a name is, and not only as a sentence begins."""
    begun = text[: span[0].start()].rstrip(" \t\"'“‘(")
    first = span[0][0][0].isupper() and bool(begun) and begun[-1] not in ".!?\n:"
    others = [match[0][0].isupper() for match in span[1:] if len(match[0]) > 3]
    return (first or (span[0][0][0].isupper() and bool(others))) and all(others)


def _find_neighbourhood(mentions: list[_Mention], known: _Known) -> Area | None:
    for mention in mentions:
        area = known.areas.get(mention.key)
        # Where listings are, a name needs little to speak for it: something, if it is also a word.
        ordinary = mention.key in ORDINARY or mention.key in _DATES
        if area and (mention.told or mention.after or not ordinary):
            return area
    return None


def _find_named(session: Session, mentions: list[_Mention], known: _Known) -> Area | None:
    told = {mention.key: mention for mention in mentions if mention.told}
    if not told:
        return None
    rows = session.execute(
        select(
            NamedPlaceRow.key, NamedPlaceRow.name, NamedPlaceRow.latitude, NamedPlaceRow.longitude
        ).where(NamedPlaceRow.key.in_(told))
    ).all()
    if not rows:
        return None
    best = min((told[row.key] for row in rows), key=lambda one: (-one.words, one.start))
    same = [row for row in rows if row.key == best.key]
    degrees = np.array([(row.latitude, row.longitude) for row in same], dtype=np.float64)
    nearest = 0 if known.middle is None else int(measure_miles_from(known.middle, degrees).argmin())
    here = Point(*map(float, degrees[nearest]))
    town = degrees[measure_miles_from(here, degrees) <= _ONE_TOWN].mean(axis=0)
    return Area(same[nearest].name, Point(float(town[0]), float(town[1])))
