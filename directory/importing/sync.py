"""Registered feeds, and syncing the directory with them.

A feed is a source with an address. Each feed is read on its own: one that fails, or would lose most
of its listings, changes nothing and stops no other.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.database import name_cause
from directory.encoder import Encoder
from directory.errors import DatabaseError, DirectoryError, ImportHeldError, SourceError
from directory.importing.duplicates import link_duplicates
from directory.importing.importer import ImportReport, import_listings
from directory.importing.writer import lock_directory, set_notice
from directory.models import SourceRow
from directory.progress import Progress, no_progress
from directory.sources.detect import read_feed
from directory.sources.http_client import Validators, parse_url

# After so long an unchanged feed is read in full all the same: this program may read it
# differently by now, and events that lay ahead may be over.
_FULL_READ_INTERVAL = timedelta(days=7)


@dataclass(frozen=True)
class Feed:
    """A registered feed. `synced` is when it was last read in full, in UTC.

    `held` says why its last content was not applied; empty if it was.
    """

    name: str
    address: str
    notice: str = ""
    synced: datetime | None = None
    held: str = ""
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True)
class SyncReport:
    """The outcome for one feed; exactly one of the four is set.

    `counts` if its content was applied, `unchanged` since the last sync, or the reason why it was
    `held` or `failed`. `message` is that reason without the command to type.
    """

    name: str
    unchanged: bool = False
    counts: ImportReport | None = None
    held: str = ""
    failed: str = ""
    message: str = ""


def register_feed(engine: Engine, name: str, address: str, notice: str | None = None) -> None:
    """Register `address` (http or https) as the feed `name`.

    A source of that name becomes a feed; a feed of that name gets the new address. Raises
    SourceError for an invalid address, or the address of another feed.
    """
    if not name.strip():
        raise SourceError("A feed needs a name.")
    address = str(parse_url(address))
    with _open(engine) as session:
        lock_directory(session)
        rows = session.scalars(select(SourceRow).where(SourceRow.address == address))
        if names := [row.name for row in rows if row.name != name]:
            raise SourceError(f"That address is registered already, as {names[0]}.")
        row = session.scalar(select(SourceRow).where(SourceRow.name == name))
        if row is None:
            row = SourceRow(name=name)
            session.add(row)
        if row.address != address:
            # The validators of another address say nothing about this one.
            row.address, row.etag, row.last_modified, row.held = address, "", "", ""
        session.flush()
        if notice is not None:
            set_notice(session, row, notice)
        session.commit()


def unregister_feed(engine: Engine, name: str) -> None:
    """Stop reading the feed. Its listings stay as they are. Raises SourceError if there is none."""
    with _open(engine) as session:
        lock_directory(session)
        row = _require(session, name)
        row.address = row.etag = row.last_modified = row.held = ""
        session.commit()


def find_held_feed(session: Session, name: str) -> SourceRow:
    """The source row of a feed that is held. Raises SourceError if there is none."""
    row = session.scalar(select(SourceRow).where(SourceRow.name == name, SourceRow.held != ""))
    if row is None:
        raise SourceError(f"No update of {name!r} is on hold any more.")
    return row


def list_feeds(engine: Engine) -> list[Feed]:
    """Every registered feed, ordered by name."""
    with _open(engine) as session:
        rows = session.scalars(
            select(SourceRow).where(SourceRow.address != "").order_by(SourceRow.name)
        )
        return [
            Feed(
                name=row.name,
                address=row.address,
                notice=row.notice,
                synced=row.synced,
                held=row.held,
                validators=Validators(row.etag, row.last_modified),
            )
            for row in rows
        ]


def sync_feeds(
    engine: Engine,
    encoder: Encoder,
    *,
    only: Collection[str] | None = None,
    accept: Collection[str] = frozenset(),
    allow_private: bool = False,
    timeout: float = 20.0,
    progress: Progress = no_progress,
    who: str = "",
) -> list[SyncReport]:
    """Sync the directory with every feed, or with those named in `only`.

    A feed in `accept` is applied even if it would lose most of its listings. `timeout` is the
    longest that one response may take, in seconds; `who` is recorded as by `import_listings`.
    Raises SourceError for a name that is no feed, before any feed is read.
    """
    feeds = list_feeds(engine)
    names = {feed.name for feed in feeds}
    if unknown := sorted({*(only or ()), *accept} - names):
        raise SourceError(
            f"No feed is called {unknown[0]!r}. Registered: {', '.join(sorted(names)) or 'none'}."
        )
    selected = names if only is None else set(only)
    reports = [
        _sync_feed(
            engine,
            encoder,
            feed,
            accepted=feed.name in accept,
            allow_private=allow_private,
            timeout=timeout,
            progress=progress,
            who=who,
        )
        for feed in feeds
        if feed.name in selected
    ]
    if any(report.counts for report in reports):
        link_duplicates(engine)
    return reports


def _sync_feed(
    engine: Engine,
    encoder: Encoder,
    feed: Feed,
    *,
    accepted: bool,
    allow_private: bool,
    timeout: float,
    progress: Progress,
    who: str,
) -> SyncReport:
    report = SyncReport(feed.name)

    def report_progress(step: str, done: int, total: int | None) -> None:
        progress(f"{feed.name}: {step}", done, total)

    try:
        content = read_feed(
            feed.address,
            validators=_choose_validators(feed),
            progress=report_progress,
            timeout=timeout,
            allow_private=allow_private,
        )
        if content.rows is None:
            _record_outcome(engine, feed)
            return replace(report, unchanged=True)
        counts = import_listings(
            engine,
            encoder,
            feed.name,
            content.rows,
            progress=report_progress,
            accept_loss=accepted,
            who=who,
            before_commit=partial(_set_outcome, feed=feed, validators=content.validators),
            link=False,
        )
    except ImportHeldError as error:
        _record_outcome(engine, feed, Validators(), error.message)
        return replace(report, held=str(error), message=error.message)
    except DirectoryError as error:
        return replace(report, failed=str(error), message=error.message)
    return replace(report, counts=counts)


def _choose_validators(feed: Feed) -> Validators | None:
    # Content that is held was not applied: a conditional request would never send it again.
    if feed.held or feed.synced is None or read_clock() - feed.synced > _FULL_READ_INTERVAL:
        return None
    return feed.validators


def _record_outcome(
    engine: Engine, feed: Feed, validators: Validators | None = None, held: str = ""
) -> None:
    """Store the outcome of reading a feed of which nothing was written."""
    with _open(engine) as session:
        lock_directory(session)
        _set_outcome(session, feed, validators, held)
        session.commit()


def _set_outcome(
    session: Session, feed: Feed, validators: Validators | None = None, held: str = ""
) -> None:
    """Set the outcome of reading a feed; `validators` is None if it had not changed.

    Raises SourceError if the feed was unregistered meanwhile, or has another address: what was read
    is the old feed's.
    """
    row = _require(session, feed.name)
    if row.address != feed.address:
        raise SourceError(
            f"{feed.name} got another address while it was read, so nothing was changed. Sync it "
            "again."
        )
    if validators is not None:
        row.etag, row.last_modified = validators.etag, validators.last_modified
        row.synced = read_clock()
    row.held = held


def _require(session: Session, name: str) -> SourceRow:
    row = session.scalar(select(SourceRow).where(SourceRow.name == name, SourceRow.address != ""))
    if row is None:
        raise SourceError(f"No feed is called {name!r}.")
    return row


@contextmanager
def _open(engine: Engine) -> Iterator[Session]:
    try:
        with Session(engine) as session:
            yield session
    except SQLAlchemyError as error:
        raise DatabaseError(f"The directory's database refused ({name_cause(error)}).") from error
