"""A table as CSV and as Parquet, and CSV read back.

Owns the bytes: CSV as RFC 4180 has it, in UTF-8, and the same rows give the same bytes. Numbers
stay numbers in Parquet, and an empty cell is a null, never a zero and never an empty text.
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
    """The table with a line of names above it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.sheet.names)
    writer.writerows(table.rows)
    return text.getvalue().encode()


def write_parquet(table: Table) -> bytes:
    """The table with typed columns, null where a cell is empty."""
    schema = pa.schema(
        pa.field(column.name, _TYPES[column.kind], nullable=not column.required)
        for column in table.sheet.columns
    )
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(schema)
    arrays = [pa.array(list(values), of) for values, of in zip(columns, schema.types, strict=True)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def read_csv(sheet: TableSchema, content: bytes) -> Iterator[dict[str, str]]:
    """The lines by the names of the columns, as text. Raises ValueError for another table."""
    reader = csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != sheet.names:
        raise ValueError("the columns are others")
    for line in reader:
        if None in line or None in line.values():
            raise ValueError("a line is too long or too short")
        yield line
