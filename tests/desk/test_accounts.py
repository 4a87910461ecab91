"""Who may sign in: names, passwords, pauses, and what a guesser learns, on every database."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.accounts import TRIES, Accounts
from directory.desk.models import AccountRow, AttemptRow, SignInRow
from directory.desk.sessions import LIFETIME, Sessions
from directory.errors import AccountError, BusyError
from tests.support.desk_server import PASSWORD, SECRET


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 9)

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(engine: Engine, clock: Clock) -> Accounts:
    # As many tries as these tests make would take minutes with hashes that are worth their name.
    return Accounts(
        engine, SECRET, clock, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


def test_the_right_name_and_password_are_let_in_however_the_name_is_typed(accounts):
    made = accounts.add("Nadia  Shah", "navigator", PASSWORD)
    assert made.name == "Nadia Shah"
    assert accounts.check(" nadia SHAH ", PASSWORD) == made
    assert accounts.check("Nadia Shah", PASSWORD + "!") is None
    assert accounts.check("Nobody", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "role", "password", "why"),
    [
        ("", "navigator", PASSWORD, "A name has"),
        ("x" * 61, "navigator", PASSWORD, "A name has"),
        ("<b>", "navigator", PASSWORD, "A name has"),
        ("Nadia", "owner", PASSWORD, "The role must be one of navigator, analyst, admin."),
        ("Nadia", "navigator", "eleven char", "at least 12"),
    ],
)
def test_what_no_account_can_be_made_of_is_told(accounts, name, role, password, why):
    with pytest.raises(AccountError, match=why):
        accounts.add(name, role, password)
    assert accounts.list_all() == []


def test_a_name_is_had_once(accounts):
    accounts.add("Nadia", "navigator", PASSWORD)
    with pytest.raises(AccountError, match="already"):
        accounts.add("NADIA", "admin", PASSWORD)


def test_the_database_holds_neither_passwords_nor_tokens_nor_names_that_were_tried(
    accounts, engine, clock
):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    token = Sessions(engine, clock).begin(account)
    accounts.check("my password by mistake", "x")
    with Session(engine) as session:
        rows = [*session.scalars(select(AccountRow)), *session.scalars(select(SignInRow))]
        kept = " ".join(str(vars(row)) for row in [*rows, *session.scalars(select(AttemptRow))])
    assert "$argon2id$" in kept
    assert "Nadia" in kept
    assert PASSWORD not in kept
    assert token not in kept
    assert "mistake" not in kept


def test_after_five_tries_the_right_password_has_to_wait_and_each_time_longer(accounts, clock):
    accounts.add("Nadia", "navigator", PASSWORD)
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        for _ in range(TRIES):
            assert accounts.check("Nadia", "wrong") is None
        assert accounts.check("Nadia", PASSWORD) is None
        clock.move(timedelta(minutes=pause, seconds=-1))
        assert accounts.check("Nadia", PASSWORD) is None
        clock.move(timedelta(seconds=1))
    assert accounts.check("Nadia", PASSWORD) is not None
    # And what was wrong before counts no more.
    for _ in range(TRIES - 1):
        accounts.check("Nadia", "wrong")
    assert accounts.check("Nadia", PASSWORD) is not None


def test_names_that_nobody_has_are_counted_as_one(accounts, engine):
    accounts.add("Nadia", "navigator", PASSWORD)
    for number in range(50):
        assert accounts.check(f"Nobody {number}", "wrong") is None
    with Session(engine) as session:
        [row] = session.scalars(select(AttemptRow))
    assert row.tries == TRIES
    # And that one is nobody's: it bars no account.
    assert accounts.check("Nadia", PASSWORD) is not None


def test_a_password_costs_who_guesses_it_64_megabytes(engine):
    # The least that RFC 9106 recommends where memory is scarce.
    accounts = Accounts(engine, SECRET)
    accounts.add("Nadia", "navigator", PASSWORD)
    with Session(engine) as session:
        [kept] = session.scalars(select(AccountRow.password))
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_what_was_tried_is_forgotten_after_a_day(accounts, engine, clock):
    accounts.add("Nadia", "navigator", PASSWORD)
    accounts.check("Nadia", "wrong")
    clock.move(timedelta(days=1, seconds=1))
    accounts.check("Somebody else", "wrong")
    with Session(engine) as session:
        assert len(session.scalars(select(AttemptRow)).all()) == 1


def test_many_at_once_are_no_way_around_the_bar(accounts):
    accounts.add("Nadia", "navigator", PASSWORD)
    asked = []
    verify = accounts._verify

    def count(hashed: str, password: str) -> bool:
        asked.append(verify(hashed, password))
        return asked[-1]

    accounts._verify = count

    def insist(password: str) -> None:
        while True:
            try:
                found.append(accounts.check("Nadia", password))
                return
            except BusyError:
                time.sleep(0.001)

    guesses = [f"guess {number}" for number in range(2 * TRIES)]
    found = []
    threads = [threading.Thread(target=insist, args=(one,)) for one in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Every guess costs a hash, those that cannot work as well: the time tells nothing.
    assert len(asked) == len(guesses)
    assert found == [None] * len(guesses)
    assert accounts.check("Nadia", PASSWORD) is None


def test_who_comes_while_another_is_checked_is_sent_away_at_once_and_not_counted(accounts):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    free, verify = threading.Event(), accounts._verify
    inside = threading.Event()

    def verify_slowly(hashed: str, password: str) -> bool:
        inside.set()
        free.wait(10)
        return verify(hashed, password)

    accounts._verify = verify_slowly
    thread = threading.Thread(target=accounts.check, args=("Nobody", "x"))
    thread.start()
    inside.wait(10)
    accounts._verify = verify
    # A browser that is known has a place of its own.
    assert accounts.check("Nadia", PASSWORD, accounts.make_mark(account)) == account
    for _ in range(2 * TRIES):
        with pytest.raises(BusyError, match="few seconds"):
            accounts.check("Nadia", "wrong")
    free.set()
    thread.join()
    assert accounts.check("Nadia", PASSWORD) is not None


def test_a_browser_that_signed_in_before_is_not_kept_out_by_who_tries_its_name(accounts, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    mark = accounts.make_mark(account)
    for _ in range(3 * TRIES):
        accounts.check("Nadia", "wrong")
        clock.move(timedelta(minutes=2))
    for _ in range(2 * TRIES):
        assert accounts.check("nadia", PASSWORD, mark) == account
    # And it lifts the bar for nobody else.
    for _ in range(TRIES):
        accounts.check("Nadia", "wrong")
    assert accounts.check("Nadia", PASSWORD, mark) == account
    assert accounts.check("Nadia", PASSWORD) is None


def test_a_known_browser_has_its_own_count_of_tries(accounts, clock):
    mark = accounts.make_mark(accounts.add("Nadia", "navigator", PASSWORD))
    for _ in range(TRIES):
        assert accounts.check("Nadia", "wrong", mark) is None
    assert accounts.check("Nadia", PASSWORD, mark) is None
    assert accounts.check("Nadia", PASSWORD) is not None
    clock.move(timedelta(minutes=1))
    assert accounts.check("Nadia", PASSWORD, mark) is not None


def test_a_mark_is_worth_nothing_made_up_for_others_or_after_a_new_password(accounts):
    nadia = accounts.add("Nadia", "navigator", PASSWORD)
    mark, others = (
        accounts.make_mark(one) for one in (nadia, accounts.add("Olga", "analyst", PASSWORD))
    )
    accounts.reset_password("Nadia", "another good password")
    for _ in range(TRIES):
        accounts.check("Nadia", "wrong")
    for bad in (mark, others, mark[:-1], f"{mark}x", ".", "", "é", "x" * 5_000):
        assert accounts.check("Nadia", "another good password", bad) is None


def test_a_new_password_signs_out_everywhere_and_lifts_the_bar(accounts, engine, clock):
    account = accounts.add("Nadia", "navigator", PASSWORD)
    sessions = Sessions(engine, clock)
    token = sessions.begin(account)
    for _ in range(TRIES):
        accounts.check("Nadia", "wrong")
    accounts.reset_password("nadia", "another good password")
    assert sessions.find(token) is None
    assert accounts.check("Nadia", PASSWORD) is None
    assert accounts.check("Nadia", "another good password") == account


def test_who_is_removed_is_out_at_once(accounts, engine, clock):
    sessions = Sessions(engine, clock)
    token = sessions.begin(accounts.add("Nadia", "navigator", PASSWORD))
    assert sessions.find(token) is not None
    accounts.remove("Nadia")
    assert sessions.find(token) is None
    with pytest.raises(AccountError, match="no account"):
        accounts.remove("Nadia")
    with pytest.raises(AccountError, match="no account"):
        accounts.reset_password("Nadia", PASSWORD)


def test_a_sign_in_ends_by_itself_and_by_signing_out(accounts, engine, clock):
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
