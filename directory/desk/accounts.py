"""Who may sign in to the desk, and what keeps others out.

Owns names, roles and hashes of passwords. Whoever tries learns nothing but that it did not work:
not whether there is such a name, not by what is said, not by the time it takes.
"""

import hmac
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Engine, case, delete, select, update
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.database import insert_if_new
from directory.desk.models import AccountRow, AttemptRow, SignInRow
from directory.errors import AccountError, BusyError

Role = Literal["navigator", "analyst", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 1_000
# So many tries in a row before a name is barred, for a minute at first and twice as long each time.
TRIES = 5
_FIRST_BAR = timedelta(minutes=1)
_LONGEST_BAR = timedelta(hours=1)
_REMEMBERED = timedelta(days=1)
_NAME = re.compile(r"[^\W_](?:[\w .'@-]{0,58}\w)?")


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    id: int
    name: str
    role: Role


class Accounts:
    """The accounts in a directory's database. `secret` keys the hashes of names that are tried."""

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        clock: Callable[[], datetime] = read_clock,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._engine = engine
        self._secret = secret
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        # A hash takes 64 MB and a core while it is made: one at once for browsers that are known,
        # and one for those that are not. Nobody waits for it, as those who wait take the threads
        # that everybody else is answered by.
        self._hashing = {known: threading.Lock() for known in (True, False)}
        # What a name that nobody has is checked against, so that it takes as long.
        self._nobody = self._hasher.hash("nobody's password")

    def add(self, name: str, role: str, password: str) -> Account:
        """Make an account. Raises AccountError for what it cannot be made of."""
        name = _tidy(name)
        if not _NAME.fullmatch(name):
            raise AccountError(
                "A name has 1 to 60 letters, digits, spaces, full stops, hyphens or @."
            )
        if role not in ROLES:
            raise AccountError(f"The role must be one of {', '.join(ROLES)}.")
        hashed = self._hash(password)
        with Session(self._engine) as session, session.begin():
            if session.scalar(select(AccountRow).where(AccountRow.folded == name.casefold())):
                raise AccountError(f"There is already an account called {name}.")
            row = AccountRow(
                name=name,
                folded=name.casefold(),
                role=role,
                password=hashed,
                made=self._clock(),
            )
            session.add(row)
            session.flush()
            return _read(row)

    def list_all(self) -> list[Account]:
        """Every account, by name."""
        with Session(self._engine) as session:
            return [_read(row) for row in session.scalars(select(AccountRow).order_by("folded"))]

    def remove(self, name: str) -> None:
        """Take an account away, and sign it out everywhere. Raises AccountError."""
        with Session(self._engine) as session, session.begin():
            session.delete(_require(session, name))

    def reset_password(self, name: str, password: str) -> None:
        """Give an account a new password, sign it out everywhere, and lift its bar.

        Raises AccountError.
        """
        hashed = self._hash(password)
        with Session(self._engine) as session, session.begin():
            row = _require(session, name)
            row.password = hashed
            session.execute(delete(SignInRow).where(SignInRow.account_id == row.id))
            session.execute(delete(AttemptRow).where(AttemptRow.name == self._key(_fold(name))))

    def check(self, name: str, password: str, mark: str = "") -> Account | None:
        """The account of that name and password; None for every other reason there may be.

        A try is counted before it is made, so that many at once are no way around the bar. Those of
        a browser that holds a `mark` of the account are counted apart: who else tries its name
        cannot keep it out. Raises BusyError, and counts nothing, while others are being checked.
        """
        if len(password) > _LONGEST_PASSWORD or len(name) > _LONGEST_PASSWORD:
            return None
        with Session(self._engine) as session:
            found = session.scalar(select(AccountRow).where(AccountRow.folded == _fold(name)))
            account = _read(found) if found else None
            hashed = found.password if found else self._nobody
        known = account is not None and self._is_mark(mark, account, hashed)
        hashing = self._hashing[known]
        if not hashing.acquire(blocking=False):
            raise BusyError("Other people are signing in right now. Try again in a few seconds.")
        try:
            # All names that nobody has are counted as one: there is no end of them.
            key = mark if known else _fold(account.name) if account else ""
            return self._check(account, hashed, password, self._key(key))
        finally:
            hashing.release()

    def make_mark(self, account: Account) -> str:
        """What a browser is given that signed in, for `check`: worth nothing without the password,
        for another account, or once there is a new password."""
        with Session(self._engine) as session:
            hashed = session.scalar(select(AccountRow.password).where(AccountRow.id == account.id))
        return self._mark(account, hashed or "", secrets.token_urlsafe(16))

    def _mark(self, account: Account, hashed: str, nonce: str) -> str:
        marked = f"desk browser:{account.id}:{nonce}:{hashed}"
        return f"{nonce}.{hmac.digest(self._secret, marked.encode(), 'sha256').hex()}"

    def _is_mark(self, mark: str, account: Account, hashed: str) -> bool:
        ours = self._mark(account, hashed, mark.partition(".")[0])
        return hmac.compare_digest(mark.encode(), ours.encode())

    def _check(
        self, account: Account | None, hashed: str, password: str, key: str
    ) -> Account | None:
        allowed = self._count_try(key)
        fits = self._verify(hashed, password)
        if not (allowed and fits and account):
            return None
        with Session(self._engine) as session, session.begin():
            session.execute(delete(AttemptRow).where(AttemptRow.name == key))
            if self._hasher.check_needs_rehash(hashed):
                session.execute(
                    update(AccountRow)
                    .where(AccountRow.id == account.id)
                    .values(password=self._hasher.hash(password))
                )
        return account

    def _count_try(self, key: str) -> bool:
        """Whether a try under this key may succeed now."""
        now = self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(AttemptRow).where(AttemptRow.last < now - _REMEMBERED))
            insert_if_new(session, AttemptRow, name=key, tries=0, last=now, barred=now)
            # Written even while barred, so that it takes as long.
            counted = AttemptRow.tries + case((AttemptRow.barred <= now, 1), else_=0)
            tries, barred = session.execute(
                update(AttemptRow)
                .where(AttemptRow.name == key)
                .values(tries=counted, last=now)
                .returning(AttemptRow.tries, AttemptRow.barred)
            ).one()
            allowed: bool = barred <= now
            if allowed and tries % TRIES == 0:
                bar = min(_FIRST_BAR * 2 ** min(tries // TRIES - 1, 10), _LONGEST_BAR)
                session.execute(
                    update(AttemptRow).where(AttemptRow.name == key).values(barred=now + bar)
                )
        return allowed

    def _key(self, told: str) -> str:
        """What is kept of a folded name, or of a mark, which is longer than any name."""
        return hmac.digest(self._secret, b"desk name:" + told.encode(), "sha256").hex()

    def _hash(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise AccountError(
                f"A password needs at least {SHORTEST_PASSWORD} characters. Four words will do."
            )
        return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False


def _tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split())


def _fold(name: str) -> str:
    return _tidy(name).casefold()


def _require(session: Session, name: str) -> AccountRow:
    row = session.scalar(select(AccountRow).where(AccountRow.folded == _fold(name)))
    if row is None:
        raise AccountError("There is no account with that name. See: connector desk list-accounts")
    return row


def _read(row: AccountRow) -> Account:
    return Account(row.id, row.name, row.role)  # type: ignore[arg-type]
