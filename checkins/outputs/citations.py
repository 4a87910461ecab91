"""Numbers that cite the table cell they come from.

Owns the markup of a cited number: a `data` element whose `data-cell` is the address of the cell
by RFC 7111, so that a test or a reader can look it up.
"""

from collections.abc import Sequence

from markupsafe import Markup

from checkins.outputs.release_tables import Table, Value
from checkins.outputs.table_schemas import TableSchema


class Citations:
    """Finds cells in the tables of a release by the key of their line."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._lines: dict[str, dict[tuple[Value, ...], tuple[int, dict[str, Value]]]] = {}
        for table in tables:
            lines = enumerate(table.records(), start=2)  # line 1 is the header
            self._lines[table.schema.name] = {
                tuple(record[name] for name in table.schema.key): (number, record)
                for number, record in lines
            }

    def cite(self, schema: TableSchema, key: tuple[Value, ...], column: str, text: str) -> Markup:
        """`text` as a citation of that cell. Raises KeyError if there is no such line."""
        line, record = self._lines[schema.name][key]
        return Markup('<data value="{}" data-cell="{}.csv#cell={},{}">{}</data>').format(
            record[column], schema.name, line, schema.names.index(column) + 1, text
        )


def mark_up_name(name: str) -> Markup:
    """A name chosen by the operator, which can be in another script or contain digits."""
    return Markup('<bdi class="name">{}</bdi>').format(name)


def join_items(items: Sequence[Markup], limit: int = 3) -> Markup:
    """The items as "a, b and c". Items beyond `limit` become "others"."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown.append(Markup("others"))
    if len(shown) == 1:
        return shown[0]
    return Markup(", ").join(shown[:-1]) + Markup(" and ") + shown[-1]
