"""Reads the figures of a release back from its own files.

Uses only the published files. Must never trust them: a release that does not match its code
book, or was changed, is refused.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from checkins.disclosure import Cell, Policy, parse_cell
from checkins.errors import ReleaseError
from checkins.figures import UNMET_NEED, Block, Dimension, Figures, ListingCount, Measure
from checkins.outputs.code_book import FILE_NAME, FORMAT, make_checksum
from checkins.outputs.table_files import read_csv
from checkins.outputs.table_schemas import CHECKINS, LISTINGS, UNMET_NEEDS, USEFULNESS, TableSchema
from checkins.periods import parse_period

_DIMENSIONS: dict[str, Dimension] = {"area": "area", "age_band": "age_band"}


def read_figures(files: Mapping[str, bytes]) -> Figures:
    """The figures of a release, from its files by name. Raises ReleaseError."""
    package = _read_package(files)
    try:
        return _make_figures(package["release"], _read_tables(package, files))
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error):
        _refuse("its tables do not match the code book")


def _read_package(files: Mapping[str, bytes]) -> dict[str, Any]:
    if FILE_NAME not in files:
        _refuse(f"{FILE_NAME} is missing")
    try:
        package = json.loads(files[FILE_NAME])
        version = package["release"]["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        _refuse(f"{FILE_NAME} cannot be read")
    if version != FORMAT:
        _refuse("it has another format than this program writes")
    return dict(package)


def _read_tables(package: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The tables that hold the figures. Refuses a missing or changed file."""
    checksums = {resource["path"]: resource.get("hash") for resource in package["resources"]}
    tables = {}
    for schema in (CHECKINS, UNMET_NEEDS, USEFULNESS, LISTINGS):
        path = f"{schema.name}.csv"
        if path not in files:
            _refuse(f"{path} is missing")
        if make_checksum(files[path]) != checksums.get(path):
            _refuse(f"{path} was changed after it was written")
        tables[path] = files[path]
    return tables


def _refuse(reason: str) -> NoReturn:
    raise ReleaseError(
        f"This release cannot be read: {reason}. Give a folder that "
        "`connector checkins release` wrote, with all its files unchanged."
    ) from None


def _make_figures(release: Mapping[str, Any], tables: Mapping[str, bytes]) -> Figures:
    measures = tuple(
        Measure(
            measure["code"],
            measure["text"],
            tuple((answer["code"], answer["text"]) for answer in measure["answers"]),
        )
        for measure in release["measures"]
    )
    usefulness = tuple(_read_blocks(USEFULNESS, tables, measures))
    return Figures(
        period=parse_period(release["period"]["name"]),
        policy=Policy(release["policy"]["name"]),
        question_sets=_parse_names(release["question_sets"]),
        measures=measures,
        areas=_parse_names(release["areas"]),
        areas_left_out=_parse_names(release["areas_left_out"]),
        age_bands=_parse_names(release["age_bands"]),
        age_bands_left_out=_parse_names(release["age_bands_left_out"]),
        blocks=tuple(_read_blocks(CHECKINS, tables, measures)),
        needs=tuple(_read_blocks(UNMET_NEEDS, tables, measures)),
        usefulness=usefulness[0] if usefulness else None,
        listing_counts=tuple(
            ListingCount(line["area"], line["strand"], int(line["listings"]))
            for line in read_csv(LISTINGS, tables["listings.csv"])
        ),
        fictional=bool(release["fictional"]),
        # Releases from before December 2026 do not say.
        has_bursts=bool(release.get("has_bursts", False)),
    )


def _parse_names(names: object) -> tuple[str, ...]:
    """Raises ValueError for anything but a list of strings."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("names must be a list of strings")
    return tuple(names)


def _read_blocks(
    schema: TableSchema, tables: Mapping[str, bytes], measures: tuple[Measure, ...]
) -> Iterator[Block]:
    """The blocks of a table, in the order of their first lines. Raises ValueError."""
    answers = {measure.code: [code for code, _ in measure.answers] for measure in measures}
    blocks: dict[tuple[str, str, str], dict[str, Cell]] = {}
    for line in read_csv(schema, tables[f"{schema.name}.csv"]):
        if line["sum_of"] != "none":
            continue
        if schema is UNMET_NEEDS:
            key, answer = ("area", line["area"], UNMET_NEED), line["topic"]
        else:
            key = (line["dimension"], line["group"], line["question"])
            answer = line["answer"]
        if answer in blocks.setdefault(key, {}):
            raise ValueError("an answer is repeated")
        blocks[key][answer] = parse_cell(line["count"], line["mark"])
    for (dimension, group, measure), cells in blocks.items():
        if list(cells) != answers[measure]:
            raise ValueError("the answers of a block do not match its measure")
        yield Block(_DIMENSIONS[dimension], group, measure, tuple(cells.values()))
