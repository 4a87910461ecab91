"""The tables of the desk. Rows never leave the package."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from directory.models import Base


class AccountRow(Base):
    """Somebody who may sign in. `folded` is the name as it is looked up, `password` a hash."""

    __tablename__ = "desk_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password: Mapped[str]
    made: Mapped[datetime]


class AttemptRow(Base):
    """Tries to sign in since the last that worked: under one account's name, or from one browser
    that had signed in under it before.

    `name` is a keyed hash; names that nobody has share one row. Until `barred` no try counts.
    """

    __tablename__ = "desk_attempt"
    name: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    last: Mapped[datetime]
    barred: Mapped[datetime]


class SignInRow(Base):
    """Somebody signed in. Of the token that the browser holds only the hash is known here."""

    __tablename__ = "desk_sign_in"
    token: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("desk_account.id", ondelete="CASCADE"), index=True
    )
    expires: Mapped[datetime]
