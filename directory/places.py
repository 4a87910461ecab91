"""Areas, postcodes and place names as text, and distances.

Pure functions. `search.gazetteer` knows where a name or postcode is.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from directory.listing import Point

POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)(?:\s*(\d[A-Z]{2}))?\b", re.I)
# An apostrophe is typed in three ways, or left out.
PLACE_WORD = re.compile(r"[^\W_]+(?:['’`][^\W_]+)*")
_APOSTROPHES = re.compile(r"['’`]")
_EARTH_MILES = 3958.8
MILES_PER_DEGREE = _EARTH_MILES * math.pi / 180
"""Miles in a degree of latitude, or of longitude at the equator."""


@dataclass(frozen=True)
class Area:
    """A named place and its centre."""

    name: str
    point: Point


def measure_miles_from(point: Point, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle miles from `point` to each (latitude, longitude) row of `degrees`."""
    latitude, longitude = math.radians(point.latitude), math.radians(point.longitude)
    others = np.radians(degrees)
    haversine = (
        np.sin((others[:, 0] - latitude) / 2) ** 2
        + math.cos(latitude) * np.cos(others[:, 0]) * np.sin((others[:, 1] - longitude) / 2) ** 2
    )
    miles: NDArray[np.float64] = 2 * _EARTH_MILES * np.arcsin(np.sqrt(np.minimum(1.0, haversine)))
    return miles


def measure_miles(first: Point, second: Point) -> float:
    """Miles between two points near each other, measured as if the earth were flat there."""
    middle = math.radians((first.latitude + second.latitude) / 2)
    east = (first.longitude - second.longitude) * math.cos(middle)
    return math.hypot(first.latitude - second.latitude, east) * MILES_PER_DEGREE


def normalise_postcode(text: str) -> str:
    """A postcode in capitals with one space, however it was typed."""
    match = POSTCODE.fullmatch(text.strip())
    return f"{match[1]} {match[2]}".upper() if match and match[2] else text.strip().upper()


def make_place_key(name: str) -> str:
    """The form of a place's name that look-ups compare: lower case, no punctuation."""
    return " ".join(_APOSTROPHES.sub("", word) for word in PLACE_WORD.findall(name.casefold()))
