"""A release read back from its own files, as anybody could.

What the files do not say is not there to be found. Must never take a release on trust: what does
not fit its code book, or was changed since, is refused.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from checkins.disclosure import Cell, Policy, parse_cell
from checkins.errors import ReleaseError
from checkins.figures import UNMET_NEED, Block, Dimension, Figures, ListingCount, Measure
from checkins.outputs.code_book import FORMAT, NAME, checksum
from checkins.outputs.table_files import read_csv
from checkins.outputs.table_schemas import CHECKINS, LISTINGS, UNMET_NEEDS, USEFULNESS, TableSchema
from checkins.periods import read_period

_DIMENSIONS: dict[str, Dimension] = {"area": "area", "age_band": "age_band"}


def read_figures(files: Mapping[str, bytes]) -> Figures:
    """The figures of a release, from its files by name. Raises ReleaseError."""
    package = _package(files)
    try:
        return _figures(package["release"], _checked(package, files))
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error):
        _refuse("its tables do not fit their code book")


def _package(files: Mapping[str, bytes]) -> dict[str, Any]:
    if NAME not in files:
        _refuse(f"{NAME} is not there")
    try:
        package = json.loads(files[NAME])
        form = package["release"]["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        _refuse(f"{NAME} cannot be read")
    if form != FORMAT:
        _refuse("it is of another form than this program writes")
    return dict(package)


def _checked(package: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The tables that figures are read from, unchanged since they were written."""
    sums = {one["path"]: one.get("hash") for one in package["resources"]}
    tables = {}
    for sheet in (CHECKINS, UNMET_NEEDS, USEFULNESS, LISTINGS):
        path = f"{sheet.name}.csv"
        if path not in files:
            _refuse(f"{path} is not there")
        if checksum(files[path]) != sums.get(path):
            _refuse(f"{path} was changed after it was written")
        tables[path] = files[path]
    return tables


def _refuse(reason: str) -> NoReturn:
    raise ReleaseError(
        f"This is no release that can be read: {reason}. Give a folder that "
        "`connector checkins release` wrote, with all its files as they were."
    ) from None


def _figures(about: Mapping[str, Any], tables: Mapping[str, bytes]) -> Figures:
    measures = tuple(
        Measure(
            one["code"],
            one["text"],
            tuple((answer["code"], answer["text"]) for answer in one["answers"]),
        )
        for one in about["measures"]
    )
    usefulness = tuple(_blocks(USEFULNESS, tables, measures))
    return Figures(
        period=read_period(about["period"]["name"]),
        policy=Policy(about["policy"]["name"]),
        question_sets=_names(about["question_sets"]),
        measures=measures,
        areas=_names(about["areas"]),
        areas_left_out=_names(about["areas_left_out"]),
        age_bands=_names(about["age_bands"]),
        age_bands_left_out=_names(about["age_bands_left_out"]),
        blocks=tuple(_blocks(CHECKINS, tables, measures)),
        needs=tuple(_blocks(UNMET_NEEDS, tables, measures)),
        usefulness=usefulness[0] if usefulness else None,
        supply=tuple(
            ListingCount(line["area"], line["strand"], int(line["listings"]))
            for line in read_csv(LISTINGS, tables["listings.csv"])
        ),
        fictional=bool(about["fictional"]),
    )


def _names(listed: object) -> tuple[str, ...]:
    """Raises ValueError for anything but a list of text."""
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError("a list of names is something else")
    return tuple(listed)


def _blocks(
    sheet: TableSchema, tables: Mapping[str, bytes], measures: tuple[Measure, ...]
) -> Iterator[Block]:
    """The blocks of a table in the order of their first lines. Raises ValueError."""
    answers = {one.code: [code for code, _ in one.answers] for one in measures}
    found: dict[tuple[str, str, str], dict[str, Cell]] = {}
    for line in read_csv(sheet, tables[f"{sheet.name}.csv"]):
        if line["sum_of"] != "none":
            continue
        if sheet is UNMET_NEEDS:
            key, answer = ("area", line["area"], UNMET_NEED), line["topic"]
        else:
            key = (line["dimension"], line["group"], line["question"])
            answer = line["answer"]
        if answer in found.setdefault(key, {}):
            raise ValueError("an answer is there twice")
        found[key][answer] = parse_cell(line["count"], line["mark"])
    for (dimension, group, measure), cells in found.items():
        if list(cells) != answers[measure]:
            raise ValueError("a block lacks an answer or has another")
        yield Block(_DIMENSIONS[dimension], group, measure, tuple(cells.values()))
