"""`datapackage.json`: the description of every file, and all that reading a release back needs.

It is a Data Package (https://datapackage.org, version 2), so that programs can check types,
constraints and checksums. The key `release` is an extension, read by `figures_reader`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from checkins.disclosure import (
    ANSWERS_MINIMUM,
    GROUP_MINIMUM,
    MIDPOINT_STEP,
    ROUNDED_TO,
    SUPPRESSED_UP_TO,
    Mark,
    Policy,
)
from checkins.figures import Block, Figures
from checkins.outputs.period_labels import describe_period
from checkins.outputs.table_schemas import MARKS, Column, TableSchema

#: The version of the files. A release of another version is not read.
FORMAT = 1
FILE_NAME = "datapackage.json"


def write_package(
    figures: Figures, schemas: Sequence[TableSchema], files: Mapping[str, bytes]
) -> bytes:
    """The package of those tables. `files` holds each as NAME.csv and NAME.parquet."""
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"checkins-{figures.period.name.lower()}",
        "title": f"Check-ins on belonging and loneliness, {describe_period(figures.period)}"
        + (" (fictional)" if figures.fictional else ""),
        "version": f"{FORMAT}.0.0",
        "resources": [
            _make_resource(schema, ending, files[f"{schema.name}.{ending}"])
            for schema in schemas
            for ending in ("csv", "parquet")
        ],
        "release": _describe_release(figures),
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def make_checksum(content: bytes) -> str:
    """The SHA-256 in the notation of a Data Package."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def describe_rules(policy: Policy) -> dict[str, int | str]:
    """The parameters of a policy."""
    rules: dict[str, int | str] = {
        "group_minimum": GROUP_MINIMUM,
        "answers_minimum": ANSWERS_MINIMUM,
    }
    if policy is Policy.MIDPOINT_6:
        return rules | {"midpoint_step": MIDPOINT_STEP}
    return rules | {"suppressed_up_to": SUPPRESSED_UP_TO, "rounded_to": ROUNDED_TO}


def count_marks(blocks: Sequence[Block]) -> dict[str, int]:
    """How much is not shown: suppressed cells, withheld blocks and blocks not asked."""
    marks = Counter(cell.mark for block in blocks for cell in block.cells)
    block_marks = Counter(block.cells[0].mark for block in blocks)
    return {
        "cells": sum(marks.values()),
        "cells_suppressed": marks[Mark.SUPPRESSED],
        "blocks": len(blocks),
        "blocks_withheld": block_marks[Mark.WITHHELD],
        "blocks_not_asked": block_marks[Mark.NOT_ASKED],
    }


def _describe_release(figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {
        "format": FORMAT,
        "fictional": figures.fictional,
        "has_bursts": figures.has_bursts,
        "period": {
            "name": period.name,
            "first_day": period.start.isoformat(),
            "last_day": period.end.isoformat(),
            "first_week": period.first_week,
            "last_week": period.last_week,
        },
        "policy": {"name": figures.policy.value, "version": 1, **describe_rules(figures.policy)},
        "question_sets": list(figures.question_sets),
        "measures": [
            {
                "code": measure.code,
                "text": measure.text,
                "answers": [{"code": code, "text": text} for code, text in measure.answers],
            }
            for measure in figures.measures
        ],
        "areas": list(figures.areas),
        "areas_left_out": list(figures.areas_left_out),
        "age_bands": list(figures.age_bands),
        "age_bands_left_out": list(figures.age_bands_left_out),
        "not_shown": {
            "checkins_by_area": count_marks(figures.list_blocks("area")),
            "checkins_by_age_band": count_marks(figures.list_blocks("age_band")),
            "unmet_needs": count_marks(figures.needs),
            "why": (
                "A block (one question in one group) is withheld if too few people answered, if "
                "all gave the same answer, if every answer would be suppressed, or if the counts "
                "could be worked out from other figures in this release or an earlier one. The "
                "reason is not given, because it would reveal what is withheld."
            ),
        },
        "marks": {mark.value: meaning for mark, meaning in MARKS.items()},
    }


def _make_resource(schema: TableSchema, ending: str, content: bytes) -> dict[str, Any]:
    format_fields: dict[str, Any] = (
        {
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": len(content),
            "hash": make_checksum(content),
        }
        if ending == "csv"
        # frictionless does not count the bytes of Parquet, and rejects a file that states them.
        else {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    )
    return {
        "name": schema.name if ending == "csv" else f"{schema.name}-{ending}",
        "type": "table",
        "path": f"{schema.name}.{ending}",
        "title": schema.title,
        "description": schema.about,
        **format_fields,
        "schema": {
            "fields": [_make_field(column, ending) for column in schema.columns],
            "fieldsMatch": "exact",
            "primaryKey": list(schema.key),
            "missingValues": [""],
        },
    }


def _make_field(column: Column, ending: str) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required}
    if column.least is not None:
        constraints["minimum"] = column.least
    if column.most is not None:
        constraints["maximum"] = column.most
    field: dict[str, Any] = {"name": column.name, "type": column.kind, "description": column.about}
    if column.values:
        constraints["enum"] = [value for value, _ in column.values]
        field["categories"] = [{"value": value, "label": label} for value, label in column.values]
    if ending == "parquet" and not column.required:
        # pandas, and so frictionless, reads a null as nan. This is not set for the whole table,
        # because an area may have that name.
        field["missingValues"] = ["", "nan"]
    return {**field, "constraints": constraints}
