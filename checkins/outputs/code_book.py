"""`datapackage.json`: what every file holds, and all that is needed to read a release back.

A Data Package (https://datapackage.org, version 2), so that programs can check types, rules and
checksums. The part under `release` is ours, and `reading.py` is its reader.
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

#: The form of the files. A release of another form is not read.
FORMAT = 1
NAME = "datapackage.json"


def write_package(
    figures: Figures, sheets: Sequence[TableSchema], files: Mapping[str, bytes]
) -> bytes:
    """The package of those tables, which are among the files as NAME.csv and NAME.parquet."""
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"checkins-{figures.period.name.lower()}",
        "title": f"Check-ins on belonging and loneliness, {describe_period(figures.period)}"
        + (" (fictional)" if figures.fictional else ""),
        "version": f"{FORMAT}.0.0",
        "resources": [
            _resource(sheet, ending, files[f"{sheet.name}.{ending}"])
            for sheet in sheets
            for ending in ("csv", "parquet")
        ],
        "release": _release(figures),
    }
    return (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode()


def checksum(content: bytes) -> str:
    """As a data package writes it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def describe_rules(policy: Policy) -> dict[str, int | str]:
    """The rules of a policy, in words and numbers."""
    rules: dict[str, int | str] = {
        "group_minimum": GROUP_MINIMUM,
        "answers_minimum": ANSWERS_MINIMUM,
    }
    if policy is Policy.MIDPOINT_6:
        return rules | {"midpoint_step": MIDPOINT_STEP}
    return rules | {"suppressed_up_to": SUPPRESSED_UP_TO, "rounded_to": ROUNDED_TO}


def count_marks(blocks: Sequence[Block]) -> dict[str, int]:
    """What of the blocks is not shown: cells suppressed, blocks withheld and blocks not asked."""
    marks = Counter(cell.mark for block in blocks for cell in block.cells)
    whole = Counter(block.cells[0].mark for block in blocks)
    return {
        "cells": sum(marks.values()),
        "cells_suppressed": marks[Mark.SUPPRESSED],
        "blocks": len(blocks),
        "blocks_withheld": whole[Mark.WITHHELD],
        "blocks_not_asked": whole[Mark.NOT_ASKED],
    }


def _release(figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {
        "format": FORMAT,
        "fictional": figures.fictional,
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
                "answers": [{"code": code, "text": words} for code, words in measure.answers],
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
                "A block (one question in one group) is withheld where too few answered, where "
                "all answers are alike, where every answer would be suppressed, or where it could "
                "be worked out from other figures, of this release or an earlier one. Which of "
                "these it is cannot be said without giving away what is withheld."
            ),
        },
        "marks": {mark.value: meaning for mark, meaning in MARKS.items()},
    }


def _resource(sheet: TableSchema, ending: str, content: bytes) -> dict[str, Any]:
    form: dict[str, Any] = (
        {
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": len(content),
            "hash": checksum(content),
        }
        if ending == "csv"
        # frictionless counts no bytes of Parquet, and calls such a file broken if told how many.
        else {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    )
    return {
        "name": sheet.name if ending == "csv" else f"{sheet.name}-{ending}",
        "type": "table",
        "path": f"{sheet.name}.{ending}",
        "title": sheet.title,
        "description": sheet.about,
        **form,
        "schema": {
            "fields": [_field(column, ending) for column in sheet.columns],
            "fieldsMatch": "exact",
            "primaryKey": list(sheet.key),
            "missingValues": [""],
        },
    }


def _field(column: Column, ending: str) -> dict[str, Any]:
    rules: dict[str, Any] = {"required": column.required}
    if column.least is not None:
        rules["minimum"] = column.least
    if column.most is not None:
        rules["maximum"] = column.most
    field: dict[str, Any] = {"name": column.name, "type": column.kind, "description": column.about}
    if column.values:
        rules["enum"] = [value for value, _ in column.values]
        field["categories"] = [{"value": value, "label": label} for value, label in column.values]
    if ending == "parquet" and not column.required:
        # How pandas, and so frictionless, reads a null. Not for the whole table: an area may be
        # called so.
        field["missingValues"] = ["", "nan"]
    return {**field, "constraints": rules}
