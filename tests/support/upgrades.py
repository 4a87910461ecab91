"""Both histories of migrations, with a database at each revision that has rows in every table."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, func, insert, select

from checkins import migration as checkins_migration
from checkins.store import open_engine
from directory import database as directory_database
from migrations.runner import run_migrations

ROWS = 3


@dataclass(frozen=True)
class History:
    """The migrations of one database, and how the program opens and upgrades it."""

    name: str
    folder: Path
    open: Callable[[str], Engine]
    upgrade: Callable[[Engine], None]

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Every migration, oldest first: the revision it starts from ("base" at first), its own."""
        scripts = ScriptDirectory(str(self.folder)).walk_revisions()
        return [(str(one.down_revision or "base"), one.revision) for one in scripts][::-1]

    def open_file(self, path: Path) -> Engine:
        return self.open(f"sqlite:///{path}")

    def make_databases(self, folder: Path) -> dict[str, Path]:
        """An SQLite database at each revision, with rows that older programs could have written."""
        databases = {"base": folder / f"{self.name}-base.db"}
        databases["base"].touch()
        for start, revision in self.steps:
            databases[revision] = folder / f"{self.name}-{revision}.db"
            shutil.copy(databases[start], databases[revision])
            engine = self.open_file(databases[revision])
            run_migrations(engine, self.folder, revision)
            with engine.begin() as connection:
                fill_empty_tables(connection)
            engine.dispose()
        return databases


DIRECTORY = History(
    "directory",
    directory_database.MIGRATIONS,
    directory_database.open_database,
    directory_database.migrate,
)
CHECKINS = History(
    "checkins", checkins_migration.MIGRATIONS, open_engine, checkins_migration.migrate
)
HISTORIES = {history.name: history for history in (DIRECTORY, CHECKINS)}


def fill_empty_tables(connection: Connection) -> None:
    """Write some rows into every table that has none, with values of each column's type."""
    metadata = MetaData()
    metadata.reflect(connection)
    for table in metadata.sorted_tables:
        if not connection.scalar(select(func.count()).select_from(table)):
            for number in range(1, ROWS + 1):
                values = {
                    column.name: _make_value(connection, column, number) for column in table.columns
                }
                connection.execute(insert(table), values)


#: Values that a migration reads.
_VALUES = {
    "kind": "group",
    "status": "open",
    "content": {"description": "77 Hidden Lane", "confidential": "yes"},
    "fields": {"phone": "01632 960001"},
    "answers": '{"belonging":"1"}',
}
_BY_TYPE: dict[type, Callable[[int], Any]] = {
    bool: lambda _: False,
    int: lambda number: number,
    float: lambda number: number / 8,
    str: lambda number: f"text {number}",
    bytes: lambda number: bytes([number]),
    object: lambda _: ["tea"],
    date: lambda number: date(2026, 1, number),
    time: lambda number: time(number),
    datetime: lambda number: datetime(2026, 1, number),
}


def _make_value(connection: Connection, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        if key.column.table is column.table:
            return None
        parents = connection.scalars(select(key.column).order_by(key.column)).all()
        return parents[(number - 1) % len(parents)]
    type_ = column.type.python_type
    if column.name in _VALUES and isinstance(_VALUES[column.name], type_):
        return _VALUES[column.name]
    return _BY_TYPE[type_](number)


def read_everything(path: Path) -> dict[str, tuple[str, list[str]]]:
    """The schema and the rows of an SQLite database, without the moments at which they changed."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        return {
            name: (
                str(sql),
                sorted(map(_write_row, connection.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
                if kind == "table"
                else [],
            )
            for kind, name, sql in found
        }


def _write_row(row: tuple[object, ...]) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "(a moment)", repr(row))
