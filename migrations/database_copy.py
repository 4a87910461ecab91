"""Copies an SQLite database before an upgrade, and removes the copy after it.

A copy lies beside the database, as `directory.db.before-upgrade-from-0008`. It must never outlast a
successful upgrade: it would still hold what is purged or made confidential later.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

_SUFFIX = ".before-upgrade-from-"
_PART = ".part"
_CHUNK = 1 << 20


class CopyError(Exception):
    """The copy could not be made or removed. The message is one plain line."""


def find_database_file(connection: Connection) -> Path | None:
    """The file of an SQLite database; None for one in memory, and for other databases."""
    if connection.dialect.name != "sqlite":
        return None
    for _, name, file in connection.exec_driver_sql("PRAGMA database_list"):
        if name == "main" and file:
            return Path(file)
    return None


def copy_database(database: Path, revision: str) -> Path | None:
    """Copy `database`, which has that revision, and check the copy; None if it holds no tables.

    The caller holds the write lock, so that nothing changes meanwhile. Only the owner may read the
    copy, and older copies are removed. Raises CopyError; then no unfinished copy is left.
    """
    copy = database.with_name(f"{database.name}{_SUFFIX}{revision}")
    part = copy.with_name(copy.name + _PART)
    try:
        part.unlink(missing_ok=True)
        with contextlib.closing(_open(database, "mode=ro")) as source:
            counts = _count_rows(source)
            if not counts:
                return None
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            # Unlike SQLite's backup, this leaves out free pages, which may hold deleted rows.
            source.execute("VACUUM INTO ?", (str(part),))
        with contextlib.closing(_open(part, "mode=ro&immutable=1")) as target:
            sound = target.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not sound or _count_rows(target) != counts:
                raise CopyError(
                    f"The copy of {database} before its upgrade is not sound, so it was not "
                    "upgraded. Check the disk, or go back to a backup."
                )
        _flush(part)
        remove_copies(database, except_for=part)
        part.replace(copy)
        _flush(copy.parent)
    except (OSError, sqlite3.Error, CopyError) as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, CopyError):
            raise
        cause = error.strerror if isinstance(error, OSError) else error
        raise CopyError(
            f"{database} cannot be copied before its upgrade: {cause}. Make room beside it for a "
            "copy, and check that its folder is writable."
        ) from error
    return copy


def remove_copies(database: Path, *, except_for: Path | None = None) -> None:
    """Overwrite and remove every copy of the database. Raises CopyError."""
    for copy in find_copies(database):
        if copy == except_for:
            continue
        try:
            _erase(copy)
        except FileNotFoundError:
            continue  # Another process removed it.
        except OSError as error:
            raise CopyError(
                f"{copy}, a copy from before an upgrade, cannot be removed: {error.strerror}. "
                "Delete it: it may hold what was deleted from the database."
            ) from error


def find_copies(database: Path) -> list[Path]:
    """The copies beside the database, unfinished ones among them."""
    prefix = database.name + _SUFFIX
    return sorted(file for file in database.parent.iterdir() if file.name.startswith(prefix))


def _open(file: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?{options}", uri=True)


def _count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\'"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in tables
    }


def _erase(file: Path) -> None:
    """Remove a file after writing zeros over it, as `PRAGMA secure_delete` does for rows."""
    with file.open("r+b") as opened:
        for size in _split(file.stat().st_size):
            opened.write(bytes(size))
        opened.flush()
        os.fsync(opened.fileno())
    file.unlink()


def _split(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, _CHUNK)
        size -= _CHUNK


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
