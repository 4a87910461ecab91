"""The errors of the directory, each with a message for the person who can put it right."""

from typing import Any


class DirectoryError(Exception):
    """An error whose message is one plain line: what is wrong, and what to do.

    `command` is appended to it and says what to type; `message` is the line without that, for pages
    in a browser.
    """

    def __init__(self, message: str = "", command: str = "") -> None:
        super().__init__(f"{message} {command}".strip())
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled as it is, for another process: an error of one argument would be made of two.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    error_type: type[DirectoryError], args: tuple[Any, ...], state: dict[str, Any]
) -> DirectoryError:
    error = error_type.__new__(error_type, *args)
    error.__dict__.update(state)
    return error


class DatabaseError(DirectoryError):
    """The database cannot be opened or written; its content is unchanged."""


class SourceError(DirectoryError):
    """A source could not be read as a whole; none of it was imported."""


class SourceTooLargeError(SourceError):
    """A source holds more than its limits allow; reading stopped there.

    `message` says which limit. What to do is said on the command line; pages have their own advice.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            "Nothing was imported. If it is the right file, split it, for example by area, and "
            "import each part as a source of its own.",
        )


class ImportHeldError(DirectoryError):
    """An import would close most of a source's listings: it waits for a navigator's approval."""


class ImportStoppedError(DirectoryError):
    """An import met a limit of its process. The directory holds it wholly or not at all."""


class RowError(DirectoryError):
    """One row of a source cannot be shown; the row is quarantined."""


class UnknownPlaceError(DirectoryError):
    """The directory knows no place of that name or postcode."""


class AccountError(DirectoryError):
    """An account of the desk cannot be created or found."""


class BusyError(DirectoryError):
    """Too many requests run at the same time: nothing was done, and trying again will work."""


class DatabaseBusyError(DatabaseError, BusyError):
    """Another program held the database for too long."""


class DailyLimitError(DirectoryError):
    """The number of changes allowed in a day is used up: nothing was written."""


class ConflictError(DirectoryError):
    """Somebody else has changed the record since it was read."""
