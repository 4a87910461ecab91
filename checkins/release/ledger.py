"""The ledger of all releases, byte for byte.

Owns the ledger in the check-ins database: each release is added whole, once, under a lock, and
can be read back. Must never change or remove a release, or hold anything unpublished.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from checkins.errors import ReleaseError, StoreError
from checkins.figures import Figures
from checkins.models import ReleaseFileRow, ReleaseRow
from checkins.outputs.figures_reader import read_figures
from checkins.store import connect


@dataclass(frozen=True)
class ReleaseEntry:
    """One finished release: its period and policy, its files' names, and their SHA-256."""

    period: str
    policy: str
    files: tuple[str, ...]
    digest: str


class Ledger:
    """The releases in a migrated check-ins database. Safe to use from several processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_entries(self) -> list[ReleaseEntry]:
        """Every release, sorted by the name of its period. Raises StoreError."""
        with connect(self._engine, _unreadable) as connection:
            return _list_entries(connection)

    def read_file(self, period: str, name: str) -> bytes:
        """One file of a release. Raises ReleaseError if it does not exist, StoreError."""
        files = self.read_files(period)
        if name not in files:
            raise ReleaseError(f"The release of {period} has no file {name!r}.")
        return files[name]

    def read_files(self, period: str) -> dict[str, bytes]:
        """Every file of a release, checked against its digest.

        Raises ReleaseError if there is no such release or it was altered, StoreError.
        """
        with connect(self._engine, _unreadable) as connection:
            return _read_files(connection, period)

    def read_figures(self) -> list[Figures]:
        """The figures of every release, read from its files. Raises the errors of `read_files`."""
        return [read_figures(self.read_files(entry.period)) for entry in self.list_entries()]

    def add(
        self, figures: Figures, files: Mapping[str, bytes], after: Sequence[ReleaseEntry]
    ) -> bool:
        """Add a release, if the ledger still holds exactly the entries `after`.

        Returns False and adds nothing if another release was added since. Raises StoreError.
        """
        period, policy = figures.period.name, figures.policy.value
        rows = [{"period": period, "name": name, "content": files[name]} for name in sorted(files)]
        try:
            with self._engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.execute(text("LOCK TABLE release IN EXCLUSIVE MODE"))
                if _list_entries(connection) != list(after):
                    return False
                digest = _make_digest(files)
                entry = {"period": period, "policy": policy, "digest": digest}
                connection.execute(insert(ReleaseRow), entry)
                connection.execute(insert(ReleaseFileRow), rows)
        except SQLAlchemyError as error:
            raise _unreadable(error) from None
        return True


def _list_entries(connection: Connection) -> list[ReleaseEntry]:
    rows = connection.execute(select(ReleaseRow).order_by(ReleaseRow.period)).all()
    names = connection.execute(select(ReleaseFileRow.period, ReleaseFileRow.name)).all()
    files: dict[str, list[str]] = {row.period: [] for row in rows}
    for period, name in names:
        files.setdefault(period, []).append(name)
    return [
        ReleaseEntry(row.period, row.policy, tuple(sorted(files[row.period])), row.digest)
        for row in rows
    ]


def _read_files(connection: Connection, period: str) -> dict[str, bytes]:
    digest = connection.execute(
        select(ReleaseRow.digest).where(ReleaseRow.period == period)
    ).scalar_one_or_none()
    if digest is None:
        raise ReleaseError(f"There is no release of {period}.")
    rows = connection.execute(
        select(ReleaseFileRow.name, ReleaseFileRow.content).where(ReleaseFileRow.period == period)
    )
    files = {row.name: row.content for row in rows}
    if _make_digest(files) != digest:
        raise ReleaseError(
            f"The release of {period} is not the original: the ledger was altered. "
            "Restore the check-ins database from a backup."
        )
    return files


def _make_digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def _unreadable(error: SQLAlchemyError) -> StoreError:
    return StoreError(
        f"The ledger of releases could not be read or written ({type(error).__name__}). Check "
        "CHECKINS_DATABASE_URL, and that the program was started once to set the database up."
    )
