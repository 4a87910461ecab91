"""The services that the desk uses, opened together on one directory's database.

Owns acts that span several of them. Knows no HTTP and no pages.
"""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from directory.desk.accounts import Accounts
from directory.desk.asset_supply import AssetSupply
from directory.desk.editor import ListingEditor
from directory.desk.import_jobs import ImportCounts, Upload, apply_update, import_upload
from directory.desk.import_process import ImportProcess
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
from directory.importing.sync import Feed, find_held_feed, list_feeds
from directory.notes import Notebook


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
        import_process: ImportProcess | None = None,
    ) -> None:
        self._engine = engine
        self._imports = import_process or ImportProcess()
        self._fetch_private = fetch_private
        self._encoder = encoder
        self.accounts = Accounts(engine, secret)
        self.sessions = Sessions(engine)
        self.audit_log = AuditLog(engine)
        self.editor = ListingEditor(engine, encoder)
        self.queries = ListingQueries(engine)
        self.notebook = Notebook(engine)
        self.asset_supply = AssetSupply(engine)

    def close(self) -> None:
        """Stop an import that is under way: nothing of it is written."""
        self._imports.close()

    def import_upload(self, upload: Upload) -> ImportCounts:
        """Import a file, in a process of its own, and record who did with every changed listing.

        Raises the errors of `import_listings`, SourceTooLargeError, and those of `ImportProcess`.
        """
        return self._imports.run(import_upload, self._database_url, self._encoder.folder, upload)

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

    def apply_held_update(self, name: str, who: str) -> None:
        """Read a held feed again and apply the update, in a process of its own.

        Raises SourceError if it is not held, DirectoryError if the update could not be applied, and
        the errors of `ImportProcess`.
        """
        with Session(self._engine) as session:
            find_held_feed(session, name)
        is_applied = self._imports.run(
            apply_update,
            self._database_url,
            self._encoder.folder,
            name,
            who,
            allow_private=self._fetch_private,
        )
        if is_applied:
            with Session(self._engine) as session, session.begin():
                record_other_change(session, name, who, "feed update applied")

    def reject_held_update(self, name: str, who: str) -> None:
        """Reject a held update, so nothing changes. Raises SourceError if the feed is not held."""
        with Session(self._engine) as session, session.begin():
            find_held_feed(session, name).held = ""
            record_other_change(session, name, who, "feed update rejected")

    @property
    def _database_url(self) -> str:
        return self._engine.url.render_as_string(hide_password=False)
