"""Who is signed in to the desk: a random token in the browser, and here its hash alone."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.desk.accounts import Account
from directory.desk.models import AccountRow, SignInRow

# Longer than the twenty hours from which WCAG 2.2 asks for no warning; the browser forgets the
# token when it closes, and signing out ends it at once.
LASTS = timedelta(hours=21)


class Sessions:
    """Those signed in, in a directory's database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = read_clock) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, account: Account) -> str:
        """A new token for the account, which nobody can guess."""
        token, now = make_token(), self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(SignInRow).where(SignInRow.expires <= now))
            row = SignInRow(token=_digest(token), account_id=account.id, expires=now + LASTS)
            session.add(row)
        return token

    def find(self, token: str) -> Account | None:
        """Whose token it is, with the role as it is now; None if it is over or was never one."""
        query = (
            select(AccountRow.id, AccountRow.name, AccountRow.role)
            .join(SignInRow, SignInRow.account_id == AccountRow.id)
            .where(SignInRow.token == _digest(token), SignInRow.expires > self._clock())
        )
        with Session(self._engine) as session:
            row = session.execute(query).first()
        return Account(row.id, row.name, row.role) if row else None

    def end(self, token: str) -> None:
        """Sign out: the token is worth nothing from now on."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(SignInRow).where(SignInRow.token == _digest(token)))


def make_token() -> str:
    """43 characters that nobody can guess."""
    return secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
