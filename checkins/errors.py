"""Everything that can go wrong with check-ins, as one tree.

Owns the exceptions. Their messages are shown to an operator as they are, so
each says what to do, and none may hold an answer or a count.
"""


class CheckinsError(Exception):
    """The root: catch this to catch them all."""


class QuestionSetError(CheckinsError):
    """The file of questions cannot be used."""


class NotStoredError(CheckinsError):
    """A check-in could not be stored."""


class StoreError(CheckinsError):
    """The check-ins database could not be opened, migrated or read."""


class ReleaseError(CheckinsError):
    """A release that was asked for would be wrong, unsafe or in the way of another."""


class InconsistentReleasesError(ReleaseError):
    """No counts at all could have given the releases that there are."""
