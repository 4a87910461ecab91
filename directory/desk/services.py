"""The services that the desk uses, opened together on one directory's database.

Owns acts that span several of them. Knows no HTTP and no pages.
"""

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
    """One attribute per service.

    `accounts` may sign in and `sessions` are signed in. `editor` writes single listings, `queries`
    finds many, and `audit_log` says who changed which. `notebook` holds residents' notes, and
    `asset_supply` compares unmet needs with listings.
    """

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
        """Import a source, and record `who` with every listing that changes.

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

    def list_pairs(self, limit: int) -> list[UndecidedPair]:
        """Possible duplicates without a verdict, the likeliest first."""
        return list_undecided_pairs(self._engine, limit)

    def settle_pair(self, first: int, second: int, verdict: Verdict, who: str) -> None:
        """Store and record a verdict. Raises DirectoryError if there is no such pair."""
        settle_pair(self._engine, first, second, verdict)
        what = "marked as a duplicate" if verdict == "same" else "marked as a different listing"
        with Session(self._engine) as session, session.begin():
            record_listing_changes(session, (first, second), who, what)

    def list_held_feeds(self) -> list[Feed]:
        """Feeds whose last update is on hold, because most of their listings would be closed."""
        return [feed for feed in list_feeds(self._engine) if feed.held]

    def apply_held_update(self, name: str, who: str) -> SyncReport:
        """Read a held feed again and apply the update. Raises SourceError if it is not held."""
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
        """Reject a held update, so nothing changes. Raises SourceError if the feed is not held."""
        with Session(self._engine) as session, session.begin():
            find_held_feed(session, name).held = ""
            record_other_change(session, name, who, "feed update rejected")
