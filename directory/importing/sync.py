"""Registered feeds, and bringing the directory up to date with each of them.

A feed is a source with an address. Each is read on its own: one that fails or would lose
most of its listings changes nothing, and stops none of the others.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.encoder import Encoder
from directory.errors import DatabaseError, DirectoryError, ImportHeldError, SourceError
from directory.importing.duplicates import link_duplicates
from directory.importing.importer import ImportReport, write_source
from directory.models import SourceRow
from directory.progress import Progress, no_progress
from directory.sources.detect import read_feed
from directory.sources.http_client import Validators, parse_url

# "Not changed" is believed for so long: after that a feed is read whole, since what we make of
# it may have changed, and what was to come may be over.
_BELIEVED = timedelta(days=7)


@dataclass(frozen=True)
class Feed:
    """A registered feed. `synced` is when it was last read whole, in UTC.

    `held` says why its last answer was not applied; empty if it was.
    """

    name: str
    address: str
    notice: str = ""
    synced: datetime | None = None
    held: str = ""
    mark: Validators = field(default_factory=Validators)


@dataclass(frozen=True)
class SyncReport:
    """What came of one feed: exactly one of these is told.

    `counts` of what was applied, `unchanged` since the last time, `held` or `failed` with why.
    `plain` is why without what to type.
    """

    name: str
    unchanged: bool = False
    counts: ImportReport | None = None
    held: str = ""
    failed: str = ""
    plain: str = ""


def register_feed(engine: Engine, name: str, address: str, notice: str | None = None) -> None:
    """Have `sync_feeds` read `address` (http or https) under `name` from now on.

    A source of that name becomes a feed; a feed of that name gets the new address. Raises
    SourceError for what is no address, or for the address of another feed.
    """
    if not name.strip():
        raise SourceError("A feed needs a name.")
    address = str(parse_url(address))
    with _open(engine) as session:
        rows = session.scalars(select(SourceRow).where(SourceRow.address == address))
        if taken := [row.name for row in rows if row.name != name]:
            raise SourceError(f"That address is registered already, as {taken[0]}.")
        row = session.scalar(select(SourceRow).where(SourceRow.name == name))
        if row is None:
            row = SourceRow(name=name)
            session.add(row)
        if row.address != address:
            # What another server said of its version says nothing of this one.
            row.address, row.etag, row.last_modified, row.held = address, "", "", ""
        if notice is not None:
            row.notice = notice
        session.commit()


def unregister_feed(engine: Engine, name: str) -> None:
    """Read the feed no more. Its listings stay as they are. Raises SourceError if it is none."""
    with _open(engine) as session:
        row = _require(session, name)
        row.address = row.etag = row.last_modified = row.held = ""
        session.commit()


def find_held_feed(session: Session, name: str) -> SourceRow:
    """The source whose last reading is held back. Raises SourceError where there is none."""
    row = session.scalar(select(SourceRow).where(SourceRow.name == name, SourceRow.held != ""))
    if row is None:
        raise SourceError(f"No update of {name!r} is on hold any more.")
    return row


def list_feeds(engine: Engine) -> list[Feed]:
    """Every registered feed, by name."""
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
                mark=Validators(row.etag, row.last_modified),
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
    """Bring the directory up to date with every feed, or with those named in `only`.

    A feed in `accept` is applied even if it would lose most of its listings. `timeout` is how many
    seconds one answer may take, `who` is noted as by `import_listings`. Raises SourceError for a
    name that is no feed, before any is read.
    """
    feeds = list_feeds(engine)
    known = {feed.name for feed in feeds}
    if unknown := sorted({*(only or ()), *accept} - known):
        raise SourceError(
            f"No feed is called {unknown[0]!r}. Registered: {', '.join(sorted(known)) or 'none'}."
        )
    wanted = known if only is None else set(only)
    reports = [
        _sync_one(
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
        if feed.name in wanted
    ]
    if any(report.counts for report in reports):
        link_duplicates(engine)
    return reports


def _sync_one(
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

    def tell(step: str, done: int, total: int | None) -> None:
        progress(f"{feed.name}: {step}", done, total)

    try:
        found = read_feed(
            feed.address,
            mark=_mark_to_ask_with(feed),
            progress=tell,
            timeout=timeout,
            allow_private=allow_private,
        )
        if found.rows is None:
            _remember(engine, feed, None, "")
            return replace(report, unchanged=True)
        counts = write_source(
            engine, encoder, feed.name, found.rows, progress=tell, accept_loss=accepted, who=who
        )
        _remember(engine, feed, found.mark, "")
    except ImportHeldError as error:
        _remember(engine, feed, Validators(), error.plain)
        return replace(report, held=str(error), plain=error.plain)
    except DirectoryError as error:
        return replace(report, failed=str(error), plain=error.plain)
    return replace(report, counts=counts)


def _mark_to_ask_with(feed: Feed) -> Validators | None:
    # What is held was not applied: to ask only for what is newer would leave it so.
    if feed.held or feed.synced is None or read_clock() - feed.synced > _BELIEVED:
        return None
    return feed.mark


def _remember(engine: Engine, feed: Feed, mark: Validators | None, held: str) -> None:
    """Note what came of a feed; with no `mark`, that it was as before when it was read whole."""
    with _open(engine) as session:
        row = _require(session, feed.name)
        if row.address != feed.address:
            # Registered anew while it was read: what is known is of the old address.
            return
        if mark is not None:
            row.etag, row.last_modified = mark.etag, mark.last_modified
            row.synced = read_clock()
        row.held = held
        session.commit()


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
        cause = str(getattr(error, "orig", error)).splitlines()[0]
        raise DatabaseError(f"The directory's database refused ({cause}).") from error
