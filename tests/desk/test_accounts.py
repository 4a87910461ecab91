"""Names, passwords, lockouts after failed attempts, and sessions, on every database."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.accounts import MAX_ATTEMPTS, Accounts
from directory.desk.models import AccountRow, AttemptRow, SignInRow
from directory.desk.sessions import LIFETIME, Sessions
from directory.errors import AccountError, BusyError
from tests.support.desk_server import PASSWORD, SECRET

NEW_PASSWORD = f"{PASSWORD} again"


class Clock:
    """A clock that only moves when a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 9)

    def __call__(self) -> datetime:
        return self.now

    def move(self, duration: timedelta) -> None:
        self.now += duration


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(engine: Engine, clock: Clock) -> Accounts:
    # With real hashes, the many attempts of these tests would take minutes.
    return Accounts(
        engine, SECRET, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


def test_a_name_is_compared_without_case_and_extra_spaces(accounts):
    account = accounts.add("Nadia  Shah", "navigator", PASSWORD)
    assert account.name == "Nadia Shah"
    assert accounts.check(" nadia SHAH ", PASSWORD) == account
    assert accounts.check("Nadia Shah", PASSWORD + "!") is None
    assert accounts.check("Nobody", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "role", "password", "message"),
    [
        ("", "navigator", PASSWORD, "A name has"),
        ("x" * 61, "navigator", PASSWORD, "A name has"),
        ("<b>", "navigator", PASSWORD, "A name has"),
        ("Nadia", "owner", PASSWORD, "The role must be one of navigator, analyst, admin."),
        ("Nadia", "navigator", "eleven char", "at least 12"),
    ],
)
def test_an_account_error_names_the_invalid_value(accounts, name, role, password, message):
    with pytest.raises(AccountError, match=message):
        accounts.add(name, role, password)
    assert accounts.list_all() == []


def test_a_name_is_unique(accounts):
    accounts.add("Nadia", "navigator", PASSWORD)
    with pytest.raises(AccountError, match="already"):
        accounts.add("NADIA", "admin", PASSWORD)


def test_the_database_holds_no_password_token_or_attempted_name(accounts, engine, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    token = Sessions(engine, clock).begin(account)
    accounts.check("my password by mistake", "x")
    with Session(engine) as session:
        rows = [*session.scalars(select(AccountRow)), *session.scalars(select(SignInRow))]
        content = " ".join(str(vars(row)) for row in [*rows, *session.scalars(select(AttemptRow))])
    assert "$argon2id$" in content
    assert "Nadia" in content
    assert PASSWORD not in content
    assert token not in content
    assert "mistake" not in content


def test_five_failed_attempts_lock_a_name_out_for_longer_each_time(accounts, clock):
    accounts.add("Nadia", "navigator", PASSWORD)
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        for _ in range(MAX_ATTEMPTS):
            assert accounts.check("Nadia", "wrong") is None
        assert accounts.check("Nadia", PASSWORD) is None
        clock.move(timedelta(minutes=pause, seconds=-1))
        assert accounts.check("Nadia", PASSWORD) is None
        clock.move(timedelta(seconds=1))
    assert accounts.check("Nadia", PASSWORD) is not None
    # A success resets the count.
    for _ in range(MAX_ATTEMPTS - 1):
        accounts.check("Nadia", "wrong")
    assert accounts.check("Nadia", PASSWORD) is not None


def test_unknown_names_share_one_counter(accounts, engine):
    accounts.add("Nadia", "navigator", PASSWORD)
    for number in range(50):
        assert accounts.check(f"Nobody {number}", "wrong") is None
    with Session(engine) as session:
        [row] = session.scalars(select(AttemptRow))
    assert row.tries == MAX_ATTEMPTS
    # The counter locks no account out.
    assert accounts.check("Nadia", PASSWORD) is not None


def test_a_password_hash_needs_64_megabytes(engine):
    # The second recommended option of RFC 9106, for environments with little memory.
    accounts = Accounts(engine, SECRET)
    accounts.add("Nadia", "navigator", PASSWORD)
    with Session(engine) as session:
        [hashed] = session.scalars(select(AccountRow.password))
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_attempts_are_deleted_after_a_day(accounts, engine, clock):
    accounts.add("Nadia", "navigator", PASSWORD)
    accounts.check("Nadia", "wrong")
    clock.move(timedelta(days=1, seconds=1))
    accounts.check("Somebody else", "wrong")
    with Session(engine) as session:
        assert len(session.scalars(select(AttemptRow)).all()) == 1


def test_simultaneous_attempts_do_not_get_around_the_lockout(accounts):
    accounts.add("Nadia", "navigator", PASSWORD)
    verified = []
    verify = accounts._verify

    def count(hashed: str, password: str) -> bool:
        verified.append(verify(hashed, password))
        return verified[-1]

    accounts._verify = count

    def retry_until_checked(password: str) -> None:
        while True:
            try:
                results.append(accounts.check("Nadia", password))
                return
            except BusyError:
                time.sleep(0.001)

    guesses = [f"guess {number}" for number in range(2 * MAX_ATTEMPTS)]
    results = []
    threads = [threading.Thread(target=retry_until_checked, args=(guess,)) for guess in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Every guess costs a hash, even while barred, so the duration reveals nothing.
    assert len(verified) == len(guesses)
    assert results == [None] * len(guesses)
    assert accounts.check("Nadia", PASSWORD) is None


def test_an_attempt_during_another_check_is_refused_at_once_and_not_counted(accounts):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    started, released = threading.Event(), threading.Event()
    verify = accounts._verify

    def verify_slowly(hashed: str, password: str) -> bool:
        started.set()
        released.wait(10)
        return verify(hashed, password)

    accounts._verify = verify_slowly
    thread = threading.Thread(target=accounts.check, args=("Nobody", "x"))
    thread.start()
    started.wait(10)
    accounts._verify = verify
    # Known browsers have a lock of their own.
    assert accounts.check("Nadia", PASSWORD, accounts.make_device_token(account)) == account
    for _ in range(2 * MAX_ATTEMPTS):
        with pytest.raises(BusyError, match="few seconds"):
            accounts.check("Nadia", "wrong")
    released.set()
    thread.join()
    assert accounts.check("Nadia", PASSWORD) is not None


def test_a_known_browser_is_not_locked_out_by_other_peoples_attempts(accounts, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    device_token = accounts.make_device_token(account)
    for _ in range(3 * MAX_ATTEMPTS):
        accounts.check("Nadia", "wrong")
        clock.move(timedelta(minutes=2))
    for _ in range(2 * MAX_ATTEMPTS):
        assert accounts.check("nadia", PASSWORD, device_token) == account
    # The lockout stays for other browsers.
    for _ in range(MAX_ATTEMPTS):
        accounts.check("Nadia", "wrong")
    assert accounts.check("Nadia", PASSWORD, device_token) == account
    assert accounts.check("Nadia", PASSWORD) is None


def test_a_known_browser_has_its_own_count_of_attempts(accounts, clock):
    device_token = accounts.make_device_token(accounts.add("Nadia", "navigator", PASSWORD))
    for _ in range(MAX_ATTEMPTS):
        assert accounts.check("Nadia", "wrong", device_token) is None
    assert accounts.check("Nadia", PASSWORD, device_token) is None
    assert accounts.check("Nadia", PASSWORD) is not None
    clock.move(timedelta(minutes=1))
    assert accounts.check("Nadia", PASSWORD, device_token) is not None


def test_a_device_token_that_is_forged_or_outdated_is_useless(accounts):
    nadia = accounts.add("Nadia", "navigator", PASSWORD)
    device_token, other_token = (
        accounts.make_device_token(account)
        for account in (nadia, accounts.add("Olga", "analyst", PASSWORD))
    )
    accounts.reset_password("Nadia", "another good password")
    for _ in range(MAX_ATTEMPTS):
        accounts.check("Nadia", "wrong")
    for invalid in (
        device_token,
        other_token,
        device_token[:-1],
        f"{device_token}x",
        ".",
        "",
        "é",
        "x" * 5_000,
    ):
        assert accounts.check("Nadia", "another good password", invalid) is None


def test_a_new_password_ends_all_sessions_and_the_lockout(accounts, engine, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    sessions = Sessions(engine, clock)
    token = sessions.begin(account)
    for _ in range(MAX_ATTEMPTS):
        accounts.check("Nadia", "wrong")
    accounts.reset_password("nadia", "another good password")
    assert sessions.find(token) is None
    assert accounts.check("Nadia", PASSWORD) is None
    assert accounts.check("Nadia", "another good password") == account


def test_removing_an_account_ends_its_sessions(accounts, engine, clock):
    sessions = Sessions(engine, clock)
    token = sessions.begin(accounts.add("Nadia", "navigator", PASSWORD))
    assert sessions.find(token) is not None
    accounts.remove("Nadia")
    assert sessions.find(token) is None
    with pytest.raises(AccountError, match="no account"):
        accounts.remove("Nadia")
    with pytest.raises(AccountError, match="no account"):
        accounts.reset_password("Nadia", PASSWORD)


def test_a_session_expires_and_ends_at_sign_out(accounts, engine, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    sessions = Sessions(engine, clock)
    first, second = sessions.begin(account), sessions.begin(account)
    assert first != second
    sessions.end(first)
    assert sessions.find(first) is None
    clock.move(LIFETIME - timedelta(seconds=1))
    assert sessions.find(second) == account
    clock.move(timedelta(seconds=1))
    assert sessions.find(second) is None
    sessions.begin(account)
    with Session(engine) as session:
        assert len(session.scalars(select(SignInRow)).all()) == 1


class InterruptedHasher(PasswordHasher):
    """Resets the password of an account while the old one is verified."""

    accounts: Accounts

    def verify(self, *arguments: Any, **options: Any) -> Literal[True]:
        self.accounts.reset_password("Nadia", NEW_PASSWORD)
        return super().verify(*arguments, **options)

    def check_needs_rehash(self, *_: Any, **__: Any) -> bool:
        return True


def test_a_password_reset_during_a_check_stands(engine, accounts):
    accounts.add("Nadia", "navigator", PASSWORD)
    hasher = InterruptedHasher(time_cost=1, memory_cost=8, parallelism=1)
    hasher.accounts = accounts
    assert Accounts(engine, SECRET, hasher=hasher).check("Nadia", PASSWORD) is None
    assert accounts.check("Nadia", PASSWORD) is None
    assert accounts.check("Nadia", NEW_PASSWORD)
