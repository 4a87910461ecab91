"""The tables of accounts, sign-in attempts and sessions. Rows must never leave the package."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from directory.models import Base


class AccountRow(Base):
    """An account. `folded` is the name in the form used for look-ups, `password` a hash."""

    __tablename__ = "desk_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password: Mapped[str]
    made: Mapped[datetime]


class AttemptRow(Base):
    """Failed attempts in a row, under one name or from one browser that had signed in before.

    `name` is a keyed hash; unknown names share one row. Attempts fail until `barred`.
    """

    __tablename__ = "desk_attempt"
    name: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    last: Mapped[datetime]
    barred: Mapped[datetime]


class SignInRow(Base):
    """A session. `token` is the hash of the token that the browser holds."""

    __tablename__ = "desk_sign_in"
    token: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("desk_account.id", ondelete="CASCADE"), index=True
    )
    expires: Mapped[datetime]
