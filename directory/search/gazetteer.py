"""Finds the place that a text names: a postcode, a place name or a pair of degrees.

The places of listings come first, then those imported with `import_places`. Reads the database
for each text and holds only the neighbourhoods of listings in memory. Must never keep, log or
store a text.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import ColumnElement, Engine, and_, func, select
from sqlalchemy.orm import Session

from directory.listing import Point
from directory.models import ListingRow, NamedPlaceRow, PlaceRow
from directory.places import (
    MILES_PER_DEGREE,
    POSTCODE,
    Area,
    make_place_key,
    measure_miles_from,
)
from directory.revision import RevisionWatcher
from directory.search.place_mentions import PlaceMention, find_place_mentions
from directory.search.spelling import is_word

_DEGREES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
# All distances are in miles. From farther away, no listing is near.
_FAR = 50.0
# Half the side of a square that lies wholly within `_FAR` of its middle.
_SURELY_NEAR = 34.0
# Places of one name this near to each other are parts of one town.
_ONE_TOWN = 10.0
# Shorter names are too like other words. One slip in five letters, two in ten.
_MIN_MISSPELT = 6
_MAX_MISSPELT_WORDS = 3
_MIN_SIMILARITY = 0.799
# Where the text shows that a place is meant: "in eastmore".
_MIN_PLACE_SIMILARITY = 0.749
# A point farther than this from the middle of a neighbourhood is not in it.
_SAME_AREA = 5.0


@dataclass(frozen=True)
class _Neighbourhoods:
    """The neighbourhoods that listings are in.

    `areas` are by place key, each spelt as in most listings; `names` has the busiest first;
    `middle` is that of all listings' places.
    """

    areas: dict[str, Area]
    names: tuple[str, ...]
    middle: Point | None


class Gazetteer:
    """Finds the area that a text names. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._neighbourhoods = _Neighbourhoods({}, (), None)
        # Look-ups are few enough for each to check for changes.
        self._watcher = RevisionWatcher(engine, self._load_neighbourhoods, interval=0.0)

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
        mentions = list(find_place_mentions(text))
        if not mentions:
            return None
        neighbourhoods = self._read_neighbourhoods()
        if area := _find_neighbourhood(mentions, neighbourhoods):
            return area
        with Session(self._engine) as session:
            named = _find_named(session, mentions, neighbourhoods.middle)
        return named or _find_misspelt(mentions, neighbourhoods)

    def list_names(self) -> tuple[str, ...]:
        """The neighbourhoods that listings are in, the busiest first."""
        return self._read_neighbourhoods().names

    def name_neighbourhood(self, point: Point) -> str:
        """The neighbourhood of listings whose middle is nearest; empty if it is miles away."""
        areas = list(self._read_neighbourhoods().areas.values())
        if not areas:
            return ""
        middles = np.array([(area.point.latitude, area.point.longitude) for area in areas])
        miles = measure_miles_from(point, middles)
        nearest = int(miles.argmin())
        return areas[nearest].name if miles[nearest] <= _SAME_AREA else ""

    def _read_neighbourhoods(self) -> _Neighbourhoods:
        self._watcher.check()
        return self._neighbourhoods

    def _load_neighbourhoods(self, session: Session, _since: int) -> None:
        self._neighbourhoods = _read_neighbourhoods(session)


def _read_neighbourhoods(session: Session) -> _Neighbourhoods:
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
    # A place that is spelt in several ways is in the middle of them all.
    by_key: dict[str, list[tuple[str, int, float, float]]] = {}
    for name, listings, latitude, longitude in rows:
        if key := make_place_key(name):
            by_key.setdefault(key, []).append((name, listings, latitude, longitude))
    areas = {
        key: Area(same[0][0], _find_middle([spelling[1:] for spelling in same]))
        for key, same in by_key.items()
    }
    sizes = {key: sum(listings for _, listings, *_ in same) for key, same in by_key.items()}
    busiest = sorted(by_key, key=lambda key: (-sizes[key], areas[key].name))
    everywhere = [(listings, latitude, longitude) for _, listings, latitude, longitude in rows]
    return _Neighbourhoods(
        areas=areas,
        names=tuple(areas[key].name for key in busiest),
        middle=_find_middle(everywhere) if everywhere else None,
    )


def _find_middle(weighted: Sequence[tuple[int, float, float]]) -> Point:
    """The mean point of (weight, latitude, longitude)."""
    total = sum(weight for weight, *_ in weighted)
    return Point(
        sum(weight * latitude for weight, latitude, _ in weighted) / total,
        sum(weight * longitude for weight, _, longitude in weighted) / total,
    )


def _is_near(session: Session, point: Point) -> bool:
    """Whether a listing's place is within `_FAR` miles of the point."""
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        return False

    def is_inside(miles: float) -> ColumnElement[bool]:
        north = miles / MILES_PER_DEGREE
        # A degree is shorter towards the poles.
        east = north / max(0.01, math.cos(math.radians(min(89.0, abs(point.latitude) + north))))
        return and_(
            PlaceRow.latitude.between(point.latitude - north, point.latitude + north),
            PlaceRow.longitude.between(point.longitude - east, point.longitude + east),
        )

    places = select(PlaceRow.latitude, PlaceRow.longitude)
    if session.execute(places.where(is_inside(_SURELY_NEAR)).limit(1)).first():
        return True
    for batch in session.execute(places.where(is_inside(_FAR))).partitions(1_000):
        degrees = np.array([tuple(row) for row in batch], dtype=np.float64)
        if measure_miles_from(point, degrees).min(initial=math.inf) <= _FAR:
            return True
    return False


def _find_postcode(session: Session, outcode: str, rest: str) -> Area | None:
    """The area of a postcode, or of its first half if the whole is not known or not given."""
    if rest:
        whole = f"{outcode} {rest}"
        point = _look_up(session, whole) or _average_point(session, PlaceRow.postcode == whole)
        if point:
            return Area(whole, point)
    point = _look_up(session, outcode) or _average_point(
        session,
        (PlaceRow.postcode == outcode) | PlaceRow.postcode.like(f"{outcode} %"),
    )
    return Area(outcode, point) if point else None


def _look_up(session: Session, postcode: str) -> Point | None:
    return _average_point(session, NamedPlaceRow.key == make_place_key(postcode), NamedPlaceRow)


def _average_point(
    session: Session,
    condition: ColumnElement[bool],
    table: type[PlaceRow] | type[NamedPlaceRow] = PlaceRow,
) -> Point | None:
    latitude, longitude = session.execute(
        select(func.avg(table.latitude), func.avg(table.longitude)).where(condition)
    ).one()
    return None if latitude is None else Point(latitude, longitude)


def _find_neighbourhood(
    mentions: Sequence[PlaceMention], neighbourhoods: _Neighbourhoods
) -> Area | None:
    for mention in mentions:
        area = neighbourhoods.areas.get(mention.key)
        # The name of a neighbourhood with listings is enough, unless it is also a word.
        if area and (mention.is_place or mention.follows_preposition or not mention.is_word):
            return area
    return None


def _find_misspelt(
    mentions: Sequence[PlaceMention], neighbourhoods: _Neighbourhoods
) -> Area | None:
    """The neighbourhood whose name is a slip or a space away from words that mean nothing else."""
    areas = {key.replace(" ", ""): area for key, area in neighbourhoods.areas.items()}
    names = [name for name in areas if len(name) >= _MIN_MISSPELT]
    for mention in mentions:
        words, joined = mention.key.split(), mention.key.replace(" ", "")
        if len(joined) < _MIN_MISSPELT or len(words) > _MAX_MISSPELT_WORDS:
            continue
        if joined in areas and not mention.is_word:
            return areas[joined]
        # A word of the language is not a slip of another.
        if all(map(is_word, words)) or is_word(joined):
            continue
        closest = process.extractOne(
            joined,
            [name for name in names if name[0] == joined[0]],
            scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=_MIN_PLACE_SIMILARITY if mention.is_place else _MIN_SIMILARITY,
        )
        if closest:
            return areas[closest[0]]
    return None


def _find_named(
    session: Session, mentions: Sequence[PlaceMention], middle: Point | None
) -> Area | None:
    """The longest name in the text that the gazetteer has, at its place nearest to `middle`."""
    by_key = {mention.key: mention for mention in mentions if mention.is_place}
    if not by_key:
        return None
    rows = session.execute(
        select(
            NamedPlaceRow.key, NamedPlaceRow.name, NamedPlaceRow.latitude, NamedPlaceRow.longitude
        ).where(NamedPlaceRow.key.in_(by_key))
    ).all()
    if not rows:
        return None
    best = min(
        (by_key[row.key] for row in rows), key=lambda mention: (-mention.words, mention.start)
    )
    same_name = [row for row in rows if row.key == best.key]
    degrees = np.array([(row.latitude, row.longitude) for row in same_name], dtype=np.float64)
    nearest = 0 if middle is None else int(measure_miles_from(middle, degrees).argmin())
    point = Point(*map(float, degrees[nearest]))
    town = degrees[measure_miles_from(point, degrees) <= _ONE_TOWN].mean(axis=0)
    return Area(same_name[nearest].name, Point(float(town[0]), float(town[1])))
