"""The time now, in the form that the database stores."""

from datetime import UTC, datetime


def read_clock() -> datetime:
    """The current time in UTC, without a time zone: SQLite stores none."""
    return datetime.now(UTC).replace(tzinfo=None)
