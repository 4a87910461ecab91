"""Where a place name or postcode is, learnt from the listings' own places.

Must never be told a confidential place: those are not stored at all.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from directory.listings import Place, Point

_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)(?:\s*(\d[A-Z]{2}))?\b", re.I)
_DEGREES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_EARTH_MILES = 3958.8
MILES_A_DEGREE = _EARTH_MILES * math.pi / 180
"""Of latitude; of longitude, at the equator."""
_FAR = 50.0


@dataclass(frozen=True)
class Area:
    """A named place and its middle."""

    name: str
    point: Point


def miles_from(point: Point, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle miles from `point` to each (latitude, longitude) row of `degrees`."""
    latitude, longitude = math.radians(point.latitude), math.radians(point.longitude)
    others = np.radians(degrees)
    haversine = (
        np.sin((others[:, 0] - latitude) / 2) ** 2
        + math.cos(latitude) * np.cos(others[:, 0]) * np.sin((others[:, 1] - longitude) / 2) ** 2
    )
    miles: NDArray[np.float64] = 2 * _EARTH_MILES * np.arcsin(np.sqrt(np.minimum(1.0, haversine)))
    return miles


def tidy_postcode(text: str) -> str:
    """A postcode in capitals with one space, however it was typed."""
    match = _POSTCODE.fullmatch(text.strip())
    return f"{match[1]} {match[2]}".upper() if match and match[2] else text.strip().upper()


class Gazetteer:
    """Finds the area that a text names. Built from places with a point."""

    def __init__(self, places: Iterable[Place]) -> None:
        points: dict[str, list[Point]] = defaultdict(list)
        spelt: dict[str, str] = {}
        sizes: dict[str, int] = defaultdict(int)
        for place in places:
            if place.point is None:
                continue
            postcode = tidy_postcode(place.postcode)
            outcode = postcode.partition(" ")[0]
            for name in {place.neighbourhood, postcode, outcode}:
                if name:
                    points[name.casefold()].append(place.point)
                    spelt.setdefault(name.casefold(), name)
            if place.neighbourhood:
                sizes[place.neighbourhood] += 1
        self._areas = {key: Area(spelt[key], _middle(found)) for key, found in points.items()}
        middles = [(area.point.latitude, area.point.longitude) for area in self._areas.values()]
        self._middles = np.array(middles, dtype=np.float64).reshape(-1, 2)
        # The busiest first, which is the order to offer them in.
        self.names = tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))
        self._named = _any_of(self.names)

    def find(self, text: str) -> Area | None:
        """The area in `text`: degrees, a postcode or its first half, or a name. None if unknown."""
        if degrees := _DEGREES.fullmatch(text):
            point = Point(float(degrees[1]), float(degrees[2]))
            miles = miles_from(point, self._middles)
            # From farther off, no listing is near: a holiday, or no point on Earth at all.
            return Area("you", point) if miles.min(initial=math.inf) <= _FAR else None
        for match in _POSTCODE.finditer(text):
            outcode, rest = match[1], match[2]
            whole = self._areas.get(f"{outcode} {rest}".casefold()) if rest else None
            if area := whole or self._areas.get(outcode.casefold()):
                return area
        named = self._named.search(text.casefold())
        return self._areas[named[0]] if named else None


def _middle(points: list[Point]) -> Point:
    return Point(
        sum(point.latitude for point in points) / len(points),
        sum(point.longitude for point in points) / len(points),
    )


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted({name.casefold() for name in names}, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")
