"""The desk's accounts, and the limits on attempts to sign in.

Owns names, roles and password hashes. A failed attempt must never reveal whether the name exists,
neither by its message nor by its duration.
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

MIN_PASSWORD_LENGTH = 12
_MAX_PASSWORD_LENGTH = 1_000
# After this many failed attempts in a row, a name is locked out: first for a minute, then for twice
# as long each time.
MAX_ATTEMPTS = 5
_FIRST_LOCKOUT = timedelta(minutes=1)
_MAX_LOCKOUT = timedelta(hours=1)
_ATTEMPTS_KEPT_FOR = timedelta(days=1)
_NAME = re.compile(r"[^\W_](?:[\w .'@-]{0,58}\w)?")


@dataclass(frozen=True)
class Account:
    """A person who may sign in."""

    id: int
    name: str
    role: Role


class Accounts:
    """Adds, removes and checks accounts. `secret` is the key of the hashes of attempted names."""

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
        # A hash takes 64 MB and a core: one at a time for known browsers, and one for unknown ones.
        # No request waits for the lock, because waiting would use up the threads of the others.
        self._hashing = {known: threading.Lock() for known in (True, False)}
        # Unknown names are checked against this hash, so that they take as long.
        self._decoy_hash = self._hasher.hash("nobody's password")

    def add(self, name: str, role: str, password: str) -> Account:
        """Add an account. Raises AccountError if a value is invalid or the name is taken."""
        name = _normalise_name(name)
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
        """Every account, ordered by name."""
        with Session(self._engine) as session:
            return [_read(row) for row in session.scalars(select(AccountRow).order_by("folded"))]

    def remove(self, name: str) -> None:
        """Delete an account and its sessions. Raises AccountError if there is none."""
        with Session(self._engine) as session, session.begin():
            session.delete(_require(session, name))

    def reset_password(self, name: str, password: str) -> None:
        """Set a new password, end the account's sessions, and end its lockout.

        Raises AccountError if there is no such account or the password is too short or too long.
        """
        hashed = self._hash(password)
        with Session(self._engine) as session, session.begin():
            row = _require(session, name)
            row.password = hashed
            session.execute(delete(SignInRow).where(SignInRow.account_id == row.id))
            session.execute(
                delete(AttemptRow).where(AttemptRow.name == self._hash_key(_fold_name(name)))
            )

    def check(self, name: str, password: str, device_token: str = "") -> Account | None:
        """The account with this name and password, or None for any failure.

        An attempt is counted before it is checked, so that parallel attempts do not get around the
        lockout. Attempts from a browser with a `device_token` of the account are counted
        separately, so that nobody else can lock its owner out. Raises BusyError, and counts
        nothing, while another password is being checked.
        """
        if len(password) > _MAX_PASSWORD_LENGTH or len(name) > _MAX_PASSWORD_LENGTH:
            return None
        with Session(self._engine) as session:
            row = session.scalar(select(AccountRow).where(AccountRow.folded == _fold_name(name)))
            account = _read(row) if row else None
            hashed = row.password if row else self._decoy_hash
        known = account is not None and self._is_device_token_of(account, device_token, hashed)
        hashing = self._hashing[known]
        if not hashing.acquire(blocking=False):
            raise BusyError("Other people are signing in right now. Try again in a few seconds.")
        try:
            # All unknown names share one counter, because there is no limit to them.
            key = device_token if known else _fold_name(account.name) if account else ""
            return self._check_attempt(account, hashed, password, self._hash_key(key))
        finally:
            hashing.release()

    def make_device_token(self, account: Account) -> str:
        """The token that a browser gets when it signs in, for `check`.

        It is useless without the password, for another account, or after a new password.
        """
        with Session(self._engine) as session:
            hashed = session.scalar(select(AccountRow.password).where(AccountRow.id == account.id))
        return self._make_device_token(account, hashed or "", secrets.token_urlsafe(16))

    def _make_device_token(self, account: Account, hashed: str, nonce: str) -> str:
        # Signed with this prefix, so a change of it would make every browser unknown.
        text = f"desk browser:{account.id}:{nonce}:{hashed}"
        return f"{nonce}.{hmac.digest(self._secret, text.encode(), 'sha256').hex()}"

    def _is_device_token_of(self, account: Account, device_token: str, hashed: str) -> bool:
        expected = self._make_device_token(account, hashed, device_token.partition(".")[0])
        return hmac.compare_digest(device_token.encode(), expected.encode())

    def _check_attempt(
        self, account: Account | None, hashed: str, password: str, key: str
    ) -> Account | None:
        allowed = self._count_attempt(key)
        matches = self._verify(hashed, password)
        if not (allowed and matches and account):
            return None
        is_outdated = self._hasher.check_needs_rehash(hashed)
        renewed = self._hasher.hash(password) if is_outdated else hashed
        with Session(self._engine) as session, session.begin():
            # Somebody may have reset the password, or removed the account, during the check.
            checked = session.scalar(
                update(AccountRow)
                .where(AccountRow.id == account.id, AccountRow.password == hashed)
                .values(password=renewed)
                .returning(AccountRow.id)
            )
            if checked is None:
                return None
            session.execute(delete(AttemptRow).where(AttemptRow.name == key))
        return account

    def _count_attempt(self, key: str) -> bool:
        """Count an attempt under this key, and return whether it may succeed."""
        now = self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(delete(AttemptRow).where(AttemptRow.last < now - _ATTEMPTS_KEPT_FOR))
            insert_if_new(session, AttemptRow, name=key, tries=0, last=now, barred=now)
            # Written even while locked out, so that the duration is the same.
            counted = AttemptRow.tries + case((AttemptRow.barred <= now, 1), else_=0)
            attempts, locked_until = session.execute(
                update(AttemptRow)
                .where(AttemptRow.name == key)
                .values(tries=counted, last=now)
                .returning(AttemptRow.tries, AttemptRow.barred)
            ).one()
            allowed: bool = locked_until <= now
            if allowed and attempts % MAX_ATTEMPTS == 0:
                lockout = min(
                    _FIRST_LOCKOUT * 2 ** min(attempts // MAX_ATTEMPTS - 1, 10), _MAX_LOCKOUT
                )
                session.execute(
                    update(AttemptRow).where(AttemptRow.name == key).values(barred=now + lockout)
                )
        return allowed

    def _hash_key(self, text: str) -> str:
        """The keyed hash of a folded name or of a device token, which is longer than any name."""
        return hmac.digest(self._secret, b"desk name:" + text.encode(), "sha256").hex()

    def _hash(self, password: str) -> str:
        if not MIN_PASSWORD_LENGTH <= len(password) <= _MAX_PASSWORD_LENGTH:
            raise AccountError(
                f"A password needs at least {MIN_PASSWORD_LENGTH} characters. Four words will do."
            )
        return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False


def _normalise_name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split())


def _fold_name(name: str) -> str:
    return _normalise_name(name).casefold()


def _require(session: Session, name: str) -> AccountRow:
    row = session.scalar(select(AccountRow).where(AccountRow.folded == _fold_name(name)))
    if row is None:
        raise AccountError("There is no account with that name. See: connector desk list-accounts")
    return row


def _read(row: AccountRow) -> Account:
    return Account(row.id, row.name, row.role)  # type: ignore[arg-type]
