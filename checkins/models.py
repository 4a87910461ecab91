"""The one table of check-ins.

Owns its columns. Must never gain a column that says when (beyond the week), where
from, in what order or in which conversation a check-in was sent: the privacy tests
hold the list.
"""

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from checkins.checkin import AREA_LENGTH


class Base(DeclarativeBase):
    """Everything in the check-ins database, and nothing of the directory's."""


class CheckInRow(Base):
    """A stored check-in. `answers` is JSON with sorted keys, so that equal answers are
    equal text and can be counted in groups by the database."""

    __tablename__ = "check_ins"
    # On SQLite a table has a hidden rowid that counts arrivals. Without it the rows lie
    # in the order of the key, which is random.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy reads it as it is)

    random_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    week: Mapped[str] = mapped_column(String(8))
    area: Mapped[str] = mapped_column(String(AREA_LENGTH))
    age_band: Mapped[str | None] = mapped_column(String(8))
    answers: Mapped[str] = mapped_column(Text)
    question_set: Mapped[str] = mapped_column(String(48))
