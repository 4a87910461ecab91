"""Numbers that name the table cell they come from.

Owns the mark-up of a cited number: a `data` element whose `data-cell` is the cell's address by
RFC 7111, so that a test, or a doubtful reader, can look each one up.
"""

from collections.abc import Sequence

from markupsafe import Markup

from checkins.outputs.release_tables import Table, Value
from checkins.outputs.table_schemas import TableSchema


class Citations:
    """Finds cells of a release's tables by the key of their line."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._lines: dict[str, dict[tuple[Value, ...], tuple[int, dict[str, Value]]]] = {}
        for table in tables:
            lines = enumerate(table.records(), start=2)  # the first line holds the names
            self._lines[table.sheet.name] = {
                tuple(record[name] for name in table.sheet.key): (number, record)
                for number, record in lines
            }

    def cite(self, sheet: TableSchema, key: tuple[Value, ...], column: str, words: str) -> Markup:
        """`words` as what stands in that cell. Raises KeyError where there is no such line."""
        line, record = self._lines[sheet.name][key]
        return Markup('<data value="{}" data-cell="{}.csv#cell={},{}">{}</data>').format(
            record[column], sheet.name, line, sheet.names.index(column) + 1, words
        )


def name(words: str) -> Markup:
    """A name of the operator's, which may be in another script and hold digits."""
    return Markup('<bdi class="name">{}</bdi>').format(words)


def listed(parts: Sequence[Markup], most: int = 3) -> Markup:
    """As "a, b and c"; of more than `most`, those first and "others"."""
    words = list(parts[:most])
    if len(parts) > most:
        words.append(Markup("others"))
    if len(words) == 1:
        return words[0]
    return Markup(", ").join(words[:-1]) + Markup(" and ") + words[-1]
