"""Writes tables as CSV and Parquet, and reads CSV back.

CSV follows RFC 4180, in UTF-8. The same rows give the same bytes. Parquet keeps numbers as
numbers, and an empty cell is a null, never a zero or an empty string.
"""

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from checkins.outputs.release_tables import Table
from checkins.outputs.table_schemas import TableSchema

_TYPES = {"string": pa.string(), "integer": pa.int32(), "number": pa.float64()}


def write_csv(table: Table) -> bytes:
    """The table as CSV, with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.schema.names)
    writer.writerows(table.rows)
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
        yield line
