"""Writes tables as CSV and Parquet, and reads CSV back.

CSV follows RFC 4180, in UTF-8. The same rows give the same bytes. Parquet keeps numbers as
numbers, and an empty cell is a null, never a zero or an empty string.

A text in CSV that a spreadsheet may take for a formula gets an apostrophe in front, which reading
removes.
"""

import csv
import io
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from checkins.outputs.release_tables import Table, Value
from checkins.outputs.table_schemas import TableSchema

_TYPES = {"string": pa.string(), "integer": pa.int32(), "number": pa.float64()}

# The same characters as in `directory.text`, which check-ins do not import.
_UNSAFE_CELL = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")
_ESCAPED_CELL = re.compile(r"'+[=+\-@＝＋－＠\t\r\n]")


def write_csv(table: Table) -> bytes:
    """The table as CSV, with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.schema.names)
    writer.writerows(map(_escape_cell, row) for row in table.rows)
    return text.getvalue().encode()


def write_parquet(table: Table) -> bytes:
    """The table as Parquet with typed columns; an empty cell is a null."""
    schema = pa.schema(
        pa.field(column.name, _TYPES[column.kind], nullable=not column.required)
        for column in table.schema.columns
    )
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(schema)
    arrays = [
        pa.array(list(values), type_) for values, type_ in zip(columns, schema.types, strict=True)
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def read_csv(schema: TableSchema, content: bytes) -> Iterator[dict[str, str]]:
    """The lines as text by column name. Raises ValueError if the table does not match `schema`."""
    reader = csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != schema.names:
        raise ValueError("the columns do not match")
    for line in reader:
        if None in line or None in line.values():
            raise ValueError("a line is too long or too short")
        yield {name: _unescape_cell(cell) for name, cell in line.items()}


def _escape_cell(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and _UNSAFE_CELL.match(value) else value


def _unescape_cell(cell: str) -> str:
    return cell[1:] if _ESCAPED_CELL.match(cell) else cell
