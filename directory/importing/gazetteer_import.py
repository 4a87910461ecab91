"""Importing a gazetteer: GeoNames' postal code file, or the ONS Postcode Directory.

The file is read line by line and written in batches: millions of postcodes must never be in memory
at once. Its rows replace those of the same kind: postcodes, outward codes or names.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, Engine, delete, func, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.database import lock_table, name_cause
from directory.errors import DatabaseError, SourceError
from directory.models import NamedPlaceRow
from directory.places import make_place_key, normalise_postcode
from directory.progress import Progress, no_progress

Row = dict[str, str | float]

_BATCH_SIZE = 5_000
_PROGRESS_INTERVAL = 50_000
_GEONAMES_FIELDS = 12
# The latitude that the ONS writes for a postcode without a known place.
_UNKNOWN_LATITUDE = 99.0


class _Centres:
    """Sums of coordinates, for the centre of each name's places."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], tuple[int, float, float]] = {}

    def add(self, name: str, part: str, latitude: float, longitude: float) -> None:
        count, north, east = self._sums.get((name, part), (0, 0.0, 0.0))
        self._sums[name, part] = (count + 1, north + latitude, east + longitude)

    def rows(self) -> Iterator[Row]:
        for (name, _), (count, north, east) in self._sums.items():
            if row := _make_row(name, north / count, east / count):
                yield row


def import_places(engine: Engine, file: str | Path, progress: Progress = no_progress) -> int:
    """Import the places of `file`, whose format is detected. Returns the number of rows.

    Raises SourceError if the file is missing, cut short or in neither format, and DatabaseError if
    the database refuses; then nothing was changed.
    """
    path = Path(file)
    try:
        with (
            path.open(encoding="utf-8-sig", newline="") as text,
            Session(engine) as session,
            session.begin(),
        ):
            rows = _detect_format(text, path)
            # Otherwise, neither of two imports at once would delete the other's rows.
            lock_table(session, NamedPlaceRow)
            return _replace_places(session.connection(), rows, progress)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}. Check the name and the folder.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 (byte {error.start}). Fetch it again.") from None
    except csv.Error as error:
        raise SourceError(f"{path} is cut short or not CSV ({error}). Fetch it again.") from None
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"The directory's database refused the places ({name_cause(error)}). Nothing from "
            f"{path} was imported."
        ) from error


def _detect_format(text: TextIO, path: Path) -> Iterator[Row]:
    first = text.readline()
    text.seek(0)
    if len(first.rstrip("\r\n").split("\t")) == _GEONAMES_FIELDS:
        return _read_geonames(text, path)
    columns = {column.strip().strip('"').lower() for column in first.split(",")}
    if {"lat", "long"} <= columns and columns & {"pcds", "pcd"}:
        return _read_ons(text, path)
    raise SourceError(
        f"{path} is neither GeoNames' postal file (tabs, 12 to a line) nor the ONS Postcode "
        "Directory (CSV with the columns pcds, lat and long)."
    )


def _read_geonames(text: TextIO, path: Path) -> Iterator[Row]:
    outcodes, names = _Centres(), _Centres()
    for number, line in enumerate(text, 1):
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) != _GEONAMES_FIELDS:
            raise SourceError(f"{path} is cut short in line {number}. Fetch it again.")
        point = _read_degrees(cells[9], cells[10])
        if point is None:
            continue
        postcode = normalise_postcode(cells[1])
        outcode, _, rest = postcode.partition(" ")
        outcodes.add(outcode, "", *point)
        # One centre for each outward code: a name may be one town's or many villages'.
        names.add(cells[2].strip(), outcode, *point)
        if rest and (row := _make_row(postcode, *point)):
            yield row
    yield from outcodes.rows()
    yield from names.rows()


def _read_ons(text: TextIO, path: Path) -> Iterator[Row]:
    reader = csv.DictReader(text, strict=True)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    outcodes = _Centres()
    for cells in reader:
        if None in cells or None in cells.values():
            raise SourceError(f"{path} is cut short in line {reader.line_num}. Fetch it again.")
        if (cells.get("doterm") or "").strip():
            continue
        postcode = normalise_postcode(cells.get("pcds") or cells.get("pcd") or "")
        point = _read_degrees(cells["lat"], cells["long"])
        outcode, _, rest = postcode.partition(" ")
        if point is None or not rest:
            continue
        outcodes.add(outcode, "", *point)
        if row := _make_row(postcode, *point):
            yield row
    yield from outcodes.rows()


def _read_degrees(latitude: str, longitude: str) -> tuple[float, float] | None:
    try:
        point = float(latitude), float(longitude)
    except ValueError:
        return None
    is_known = (
        all(map(math.isfinite, point)) and point[0] < _UNKNOWN_LATITUDE and point != (0.0, 0.0)
    )
    return point if is_known and -90 <= point[0] <= 90 and -180 <= point[1] <= 180 else None


def _make_row(name: str, latitude: float, longitude: float) -> Row | None:
    key = make_place_key(name)
    return {"key": key, "name": name, "latitude": latitude, "longitude": longitude} if key else None


def _replace_places(connection: Connection, rows: Iterator[Row], progress: Progress) -> int:
    first = list(islice(rows, 1))
    if not first:
        raise SourceError("The file holds no place. The directory was left as it is.")
    # A postcode is in capitals, with a space if it is complete; a name is not in capitals.
    name = NamedPlaceRow.name
    postcode = (name == func.upper(name)) & name.like("% %")
    outcode = (name == func.upper(name)) & name.not_like("% %")
    kinds = {
        "postcode": postcode,
        "outcode": outcode,
        "name": name != func.upper(name),
    }
    done = 0
    cleared: set[str] = set()
    pending: Iterable[Row] = first
    while batch := [*pending]:
        for kind in {_get_kind(str(row["name"])) for row in batch} - cleared:
            connection.execute(delete(NamedPlaceRow).where(kinds[kind]))
            cleared.add(kind)
        connection.execute(insert(NamedPlaceRow), batch)
        done += len(batch)
        if done % _PROGRESS_INTERVAL < _BATCH_SIZE:
            progress("Reading places", done, None)
        pending = islice(rows, _BATCH_SIZE)
    progress("Reading places", done, done)
    return done


def _get_kind(name: str) -> str:
    if name != name.upper():
        return "name"
    return "postcode" if " " in name else "outcode"
