"""Sessions of the desk: the browser holds a random token, the database only its hash.

Must never store a token.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.desk.accounts import Account
from directory.desk.models import AccountRow, SignInRow

# WCAG 2.2 needs no warning of a timeout of more than twenty hours. The browser forgets the token
# when it closes, and signing out ends the session at once.
LIFETIME = timedelta(hours=21)


class Sessions:
    """Begins, finds and ends sessions. Expired ones are deleted when the next begins."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = read_clock) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, account: Account) -> str:
        """Begin a session for the account, and return its token."""
        token, now = make_token(), self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(SignInRow).where(SignInRow.expires <= now))
            row = SignInRow(token=_digest(token), account_id=account.id, expires=now + LIFETIME)
            session.add(row)
        return token

    def find(self, token: str) -> Account | None:
        """The account of a session, with its current role; None if it expired or never was."""
        query = (
            select(AccountRow.id, AccountRow.name, AccountRow.role)
            .join(SignInRow, SignInRow.account_id == AccountRow.id)
            .where(SignInRow.token == _digest(token), SignInRow.expires > self._clock())
        )
        with Session(self._engine) as session:
            row = session.execute(query).first()
        return Account(row.id, row.name, row.role) if row else None

    def end(self, token: str) -> None:
        """End the session, if there is one."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(SignInRow).where(SignInRow.token == _digest(token)))


def make_token() -> str:
    """A random token of 43 characters (256 bits)."""
    return secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
