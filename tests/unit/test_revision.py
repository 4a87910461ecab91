"""The revision watcher: it reloads when the directory has changed."""

import threading

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from directory.importing.writer import announce_change
from directory.revision import NEVER_READ, RevisionWatcher


def make_revision(engine: Engine) -> int:
    with Session(engine) as session:
        revision = announce_change(session)
        session.commit()
    return revision


def test_only_changes_are_reloaded(sqlite_engine):
    revisions: list[int] = []
    watcher = RevisionWatcher(sqlite_engine, lambda _, since: revisions.append(since), interval=0)
    watcher.check()
    watcher.check()
    assert revisions == [NEVER_READ]
    first = watcher.revision
    second = make_revision(sqlite_engine)
    watcher.check()
    assert revisions == [NEVER_READ, first]
    assert watcher.revision == second


def test_the_database_is_queried_once_per_interval(sqlite_engine):
    revisions: list[int] = []
    watcher = RevisionWatcher(sqlite_engine, lambda _, since: revisions.append(since), interval=60)
    watcher.check()
    make_revision(sqlite_engine)
    watcher.check()
    assert revisions == [NEVER_READ]


def test_a_background_watcher_waits_for_the_first_reload_only(sqlite_engine):
    may_finish, is_read = threading.Event(), threading.Event()

    def reload(_session: Session, since: int) -> None:
        if since != NEVER_READ:
            assert may_finish.wait(10)
            is_read.set()

    watcher = RevisionWatcher(sqlite_engine, reload, interval=0, in_background=True)
    watcher.check()
    first = watcher.revision
    assert first != NEVER_READ
    make_revision(sqlite_engine)
    watcher.check()
    # A second check starts no second reload.
    watcher.check()
    assert watcher.revision == first
    may_finish.set()
    assert is_read.wait(10)


def test_a_failed_reload_is_retried(sqlite_engine, caplog):
    is_tried = [threading.Event(), threading.Event()]

    def reload(_session: Session, since: int) -> None:
        if since != NEVER_READ and not is_tried[0].is_set():
            is_tried[0].set()
            raise OSError
        if since != NEVER_READ:
            is_tried[1].set()

    watcher = RevisionWatcher(sqlite_engine, reload, interval=0, in_background=True)
    watcher.check()
    make_revision(sqlite_engine)
    watcher.check()
    assert is_tried[0].wait(10)
    while not is_tried[1].wait(0.05):
        watcher.check()
    assert "could not be read again: OSError" in caplog.text
