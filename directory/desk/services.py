"""All that the desk keeps, opened together on one directory's database."""

from collections.abc import Iterable

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from directory.desk.accounts import Accounts
from directory.desk.asset_supply import AssetSupply
from directory.desk.editor import ListingEditor
from directory.desk.queries import ListingQueries
from directory.desk.sessions import Sessions
from directory.encoder import Encoder
from directory.importing.audit_log import AuditLog, record_listing_changes, record_other_change
from directory.importing.duplicates import (
    UndecidedPair,
    Verdict,
    list_undecided_pairs,
    settle_pair,
)
from directory.importing.importer import ImportReport, import_listings
from directory.importing.sync import Feed, SyncReport, find_held_feed, list_feeds, sync_feeds
from directory.listing import Listing
from directory.notes import Notebook
from directory.rejected import RejectedRow


class DeskServices:
    """`accounts` that may sign in and `signins` of those who are; the `keeper` writes listings, the
    `register` finds them, and the `history` tells who changed which; the `notebook` holds what
    residents sent to the team, and `supply` sets need beside what there is."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        secret: bytes,
        *,
        fetch_private: bool = False,
    ) -> None:
        self._engine = engine
        self._fetch_private = fetch_private
        self._encoder = encoder
        self.accounts = Accounts(engine, secret)
        self.sessions = Sessions(engine)
        self.audit_log = AuditLog(engine)
        self.editor = ListingEditor(engine, encoder)
        self.queries = ListingQueries(engine)
        self.notebook = Notebook(engine)
        self.asset_supply = AssetSupply(engine)

    def import_source(
        self,
        source: str,
        rows: Iterable[Listing | RejectedRow],
        who: str,
        *,
        complete: bool,
        accept_loss: bool = False,
    ) -> ImportReport:
        """Import a source, and note whom each listing that it changed was changed by.

        Raises as `import_listings` does.
        """
        return import_listings(
            self._engine,
            self._encoder,
            source,
            rows,
            complete=complete,
            accept_loss=accept_loss,
            who=who,
        )

    def list_pairs(self, most: int) -> list[UndecidedPair]:
        """Listings that may be one thing listed twice, the likeliest first."""
        return list_undecided_pairs(self._engine, most)

    def settle_pair(self, first: int, second: int, verdict: Verdict, who: str) -> None:
        """Keep a verdict, and note whose it was. Raises DirectoryError where there is no pair."""
        settle_pair(self._engine, first, second, verdict)
        what = "marked as a duplicate" if verdict == "same" else "marked as a different listing"
        with Session(self._engine) as session, session.begin():
            record_listing_changes(session, (first, second), who, what)

    def list_held_feeds(self) -> list[Feed]:
        """Feeds whose last answer was not applied, because most of their listings would go."""
        return [feed for feed in list_feeds(self._engine) if feed.held]

    def apply_held_update(self, name: str, who: str) -> SyncReport:
        """Read a feed that was held again, and apply what it says. Raises SourceError."""
        with Session(self._engine) as session:
            find_held_feed(session, name)
        only = {name}
        [report] = sync_feeds(
            self._engine,
            self._encoder,
            only=only,
            accept=only,
            allow_private=self._fetch_private,
            who=who,
        )
        if report.counts:
            with Session(self._engine) as session, session.begin():
                record_other_change(session, name, who, "feed update applied")
        return report

    def reject_held_update(self, name: str, who: str) -> None:
        """Leave what a feed was held for: nothing changes. Raises SourceError if it is not held."""
        with Session(self._engine) as session, session.begin():
            find_held_feed(session, name).held = ""
            record_other_change(session, name, who, "feed update rejected")
