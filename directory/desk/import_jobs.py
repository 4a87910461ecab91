"""The imports that the desk runs in a process of its own: a file, and the update of a held feed.

Each function is called there by `ImportProcess`, so it takes and returns small values that can be
pickled, and opens the database itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from directory.database import open_database
from directory.encoder import Encoder
from directory.errors import DirectoryError
from directory.importing.importer import import_listings
from directory.importing.sync import sync_feeds
from directory.sources.detect import read_bytes
from directory.sources.limits import UPLOAD_LIMITS


@dataclass(frozen=True)
class Upload:
    """A file that `who` sent, and what to do with it: see `import_listings`."""

    content: bytes
    file_name: str
    source: str
    who: str
    complete: bool = False
    accept_loss: bool = False


@dataclass(frozen=True)
class ImportCounts:
    """How many listings of `source` an import added, and so on."""

    source: str
    added: int
    updated: int
    unchanged: int
    closed: int
    quarantined: int


def import_upload(database_url: str, encoder_folder: Path, upload: Upload) -> ImportCounts:
    """Read and import a file. Raises as `read_bytes` and `import_listings` do."""
    rows = read_bytes(upload.content, upload.file_name, UPLOAD_LIMITS)
    with _open(database_url) as engine:
        report = import_listings(
            engine,
            _load_encoder(encoder_folder),
            upload.source,
            rows,
            complete=upload.complete,
            accept_loss=upload.accept_loss,
            who=upload.who,
        )
    return ImportCounts(
        report.source,
        report.added,
        report.updated,
        report.unchanged,
        report.closed,
        len(report.quarantined),
    )


def apply_update(
    database_url: str, encoder_folder: Path, feed: str, who: str, *, allow_private: bool
) -> bool:
    """Read a feed and apply it, whatever it loses. Returns whether its content was applied.

    Raises DirectoryError if it was not; a feed that has not changed is no error.
    """
    with _open(database_url) as engine:
        [report] = sync_feeds(
            engine,
            _load_encoder(encoder_folder),
            only=[feed],
            accept=[feed],
            allow_private=allow_private,
            who=who,
        )
    if report.failed or report.held:
        raise DirectoryError(report.message)
    return report.counts is not None


@contextmanager
def _open(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    try:
        yield engine
    finally:
        engine.dispose()


# The process is kept for the next import, and the encoder takes seconds to load.
@cache
def _load_encoder(folder: Path) -> Encoder:
    return Encoder(folder)
