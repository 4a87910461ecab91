"""The tables of the check-ins database.

Owns their columns. Must never gain a column that says when (beyond the week), where
from, in what order or in which conversation a check-in was sent: the privacy tests
hold the list.
"""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from checkins.checkin import AREA_LENGTH

# On SQLite a table has a hidden rowid that counts arrivals. Without it the rows lie
# in the order of the key, which is random.
_NO_ROWID = {"sqlite_with_rowid": False}


class Base(DeclarativeBase):
    """Everything in the check-ins database, and nothing of the directory's."""


class CheckInRow(Base):
    """A stored check-in. `answers` is JSON with sorted keys, so that equal answers are
    equal text and can be counted in groups by the database."""

    __tablename__ = "check_ins"
    __table_args__ = _NO_ROWID

    # A week's check-ins lie together, in random order: `checkins.shuffled_insert` counts on it.
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    random_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    area: Mapped[str] = mapped_column(String(AREA_LENGTH))
    age_band: Mapped[str | None] = mapped_column(String(8))
    answers: Mapped[str] = mapped_column(Text)
    question_set: Mapped[str] = mapped_column(String(48))


class StubRow(Base):
    """What is left of a used Send for a few hours, so that it works once: see `Stub`."""

    __tablename__ = "stubs"
    __table_args__ = _NO_ROWID

    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stub: Mapped[str] = mapped_column(String(16), primary_key=True)


class PurgeRow(Base):
    """The one row that says how far back check-ins were purged."""

    __tablename__ = "purge"

    #: The first week that was kept.
    before_week: Mapped[str] = mapped_column(String(8), primary_key=True)


class ReleaseRow(Base):
    """A finished release. It is never changed or removed."""

    __tablename__ = "release"

    period: Mapped[str] = mapped_column(String(16), primary_key=True)
    policy: Mapped[str] = mapped_column(String(16))
    #: SHA-256 over the names and contents of its files, in hexadecimal.
    digest: Mapped[str] = mapped_column(String(64))


class ReleaseFileRow(Base):
    """One file of a finished release, byte for byte as it was published."""

    __tablename__ = "release_file"

    period: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
