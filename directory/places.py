"""Where a place name or postcode is, learnt from the listings' own places.

Must never be told a confidential place: those are not stored at all.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from directory.listings import Place, Point

_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)(?:\s*(\d[A-Z]{2}))?\b", re.I)
_DEGREES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_EARTH_MILES = 3958.8


@dataclass(frozen=True)
class Area:
    """A named place and its middle."""

    name: str
    point: Point


def miles_between(one: Point, other: Point) -> float:
    """The great-circle distance in miles."""
    phi, psi = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    haversine = (
        math.sin((psi - phi) / 2) ** 2 + math.cos(phi) * math.cos(psi) * math.sin(across / 2) ** 2
    )
    return 2 * _EARTH_MILES * math.asin(math.sqrt(min(1.0, haversine)))


class Gazetteer:
    """Finds the area that a text names. Built from places with a point."""

    def __init__(self, places: Iterable[Place]) -> None:
        points: dict[str, list[Point]] = defaultdict(list)
        spelt: dict[str, str] = {}
        sizes: dict[str, int] = defaultdict(int)
        for place in places:
            if place.point is None:
                continue
            outcode = place.postcode.partition(" ")[0]
            for name in {place.neighbourhood, place.postcode, outcode}:
                if name:
                    points[name.casefold()].append(place.point)
                    spelt.setdefault(name.casefold(), name)
            if place.neighbourhood:
                sizes[place.neighbourhood] += 1
        self._areas = {key: Area(spelt[key], _middle(found)) for key, found in points.items()}
        # The busiest first, which is the order to offer them in.
        self.names = tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))
        self._named = _any_of(self.names)

    def find(self, text: str) -> Area | None:
        """The area in `text`: degrees, a postcode or its first half, or a name. None if unknown."""
        if degrees := _DEGREES.fullmatch(text):
            return Area("you", Point(float(degrees[1]), float(degrees[2])))
        for match in _POSTCODE.finditer(text):
            outcode, rest = match[1], match[2]
            whole = self._areas.get(f"{outcode} {rest}".casefold()) if rest else None
            if area := whole or self._areas.get(outcode.casefold()):
                return area
        named = self._named.search(text)
        return self._areas[named[0].casefold()] if named else None


def _middle(points: list[Point]) -> Point:
    return Point(
        sum(point.latitude for point in points) / len(points),
        sum(point.longitude for point in points) / len(points),
    )


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first) or '(?!)'})\b", re.I)
