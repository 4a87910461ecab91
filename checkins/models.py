"""The tables of the check-ins database.

Owns their columns. Must never gain a column for the time (beyond the week), origin, order
or conversation of a check-in: the privacy tests hold the complete list.
"""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from checkins.checkin import AREA_LENGTH

# SQLite's hidden rowid counts insertions. Without it, rows are stored in the order of the
# primary key, which is random.
_NO_ROWID = {"sqlite_with_rowid": False}


class Base(DeclarativeBase):
    """The base of the check-ins database's tables. The directory has its own."""


class CheckInRow(Base):
    """A stored check-in.

    `answers` is JSON with sorted keys, so that equal answers are equal text.
    """

    __tablename__ = "check_ins"
    __table_args__ = _NO_ROWID

    # A week's rows are stored together, in random order: `checkins.shuffled_insert` relies on it.
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    random_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    area: Mapped[str] = mapped_column(String(AREA_LENGTH))
    age_band: Mapped[str | None] = mapped_column(String(8))
    answers: Mapped[str] = mapped_column(Text)
    question_set: Mapped[str] = mapped_column(String(48))


class StubRow(Base):
    """The stub of a used Send button, stored for a few hours so that it works once: see `Stub`."""

    __tablename__ = "stubs"
    __table_args__ = _NO_ROWID

    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stub: Mapped[str] = mapped_column(String(16), primary_key=True)


class PurgeRow(Base):
    """A single row: the week before which check-ins were purged."""

    __tablename__ = "purge"

    #: The first week that was not purged.
    before_week: Mapped[str] = mapped_column(String(8), primary_key=True)


class BurstRow(Base):
    """The largest number of a week's check-ins that came within one hour, if it is 10 or more.

    `area` is empty for all areas together; `checkins` is rounded down to a multiple of 5.
    """

    __tablename__ = "bursts"
    __table_args__ = _NO_ROWID

    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    area: Mapped[str] = mapped_column(String(AREA_LENGTH), primary_key=True)
    checkins: Mapped[int]


class ReleaseRow(Base):
    """A finished release, never changed or removed."""

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
