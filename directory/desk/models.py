"""The tables of the desk. Rows never leave the package."""

from datetime import datetime
from typing import Any

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


class ChangeRow(Base):
    """Who did what to which listing, and when, in UTC.

    What was done to no one listing has none: `about` names its feed, or the row of a source. `who`
    is a name, which outlives its account. `fields` are the names of those that changed, `before` is
    the listing's document until then: empty for a new one, and emptied once the listing is
    confidential, since it may hold an address.
    """

    __tablename__ = "desk_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int | None] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    what: Mapped[str]
    fields: Mapped[str] = mapped_column(default="")
    before: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")


class EditRow(Base):
    """What a navigator changed of a listing that a source keeps: fields with their values.

    Laid over what the source says each time it is read; see `edits`.
    """

    __tablename__ = "desk_edit"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    fields: Mapped[dict[str, Any]]
