"""The exceptions of check-ins.

Their messages are shown to an operator unchanged, so each says what to do, and none may
contain an answer or a count.
"""


class CheckInsError(Exception):
    """The base class of all others."""


class QuestionSetError(CheckInsError):
    """The file of questions cannot be used."""


class NotStoredError(CheckInsError):
    """A check-in could not be stored."""


class StoreError(CheckInsError):
    """The check-ins database could not be opened, migrated or read."""


class PurgeRefusedError(CheckInsError):
    """A purge would go so far beyond the last one that the clock may be wrong."""


class ReleaseError(CheckInsError):
    """A release would be wrong or unsafe, or would conflict with another."""


class BurstsFoundError(ReleaseError):
    """Most check-ins of a week came within an hour: somebody has to decide before a release."""


class InconsistentReleasesError(ReleaseError):
    """No set of counts could have produced these releases."""
