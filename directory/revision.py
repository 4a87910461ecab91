"""Notices that the directory has changed, so that what was read from it can be read again.

Owns when the revision is queried. Must not depend on what is reloaded.
"""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.models import RevisionRow

log = logging.getLogger(__name__)

_INTERVAL = 1.0
NEVER_READ = -1
"""The revision before anything was read."""

Reload = Callable[[Session, int], None]
"""Reads what has changed since a revision; `NEVER_READ` the first time."""


class RevisionWatcher:
    """Calls `reload` when the directory has changed. Safe to use from several threads."""

    def __init__(
        self,
        engine: Engine,
        reload: Reload,
        *,
        interval: float = _INTERVAL,
        in_background: bool = False,
    ) -> None:
        """Query the database at most once in `interval` seconds.

        With `in_background`, `check` waits for the first reload only; later ones run in a thread.
        """
        self._engine = engine
        self._reload = reload
        self._interval = interval
        self._in_background = in_background
        self._lock = threading.Lock()
        self._checked_at = -interval
        self._is_reloading = False
        self._revision = NEVER_READ

    @property
    def revision(self) -> int:
        """The revision that was read last."""
        return self._revision

    def check(self) -> None:
        """Reload if the directory has changed, unless it was just checked or is being reloaded."""
        with self._lock:
            now = time.monotonic()
            if self._is_reloading or now - self._checked_at < self._interval:
                return
            self._checked_at = now
            if not self._in_background or self._revision == NEVER_READ:
                self._reload_changes()
                return
            self._is_reloading = True
        threading.Thread(target=self._reload_in_background, daemon=True).start()

    def _reload_in_background(self) -> None:
        try:
            self._reload_changes()
        except Exception as error:
            # The earlier data stays in use, and the next check may succeed.
            log.error("The directory could not be read again: %s", type(error).__name__)
        finally:
            self._is_reloading = False

    def _reload_changes(self) -> None:
        with Session(self._engine) as session:
            revision = session.scalar(select(RevisionRow.number)) or 0
            if revision != self._revision:
                self._reload(session, self._revision)
                self._revision = revision
