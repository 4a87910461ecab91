"""The errors of the directory, each with a message for the person who can put it right."""


class DirectoryError(Exception):
    """An error whose message is one plain line: what is wrong, and what to do.

    `command` is appended to it and says what to type; `message` is the line without that, for pages
    in a browser.
    """

    def __init__(self, message: str = "", command: str = "") -> None:
        super().__init__(f"{message} {command}".strip())
        self.message = message


class DatabaseError(DirectoryError):
    """The database cannot be opened or written; its content is unchanged."""


class SourceError(DirectoryError):
    """A source could not be read as a whole; none of it was imported."""


class ImportHeldError(DirectoryError):
    """An import would close most of a source's listings: it waits for a navigator's approval."""


class RowError(DirectoryError):
    """One row of a source cannot be shown; the row is quarantined."""


class UnknownPlaceError(DirectoryError):
    """The directory knows no place of that name or postcode."""


class AccountError(DirectoryError):
    """An account of the desk cannot be created or found."""


class BusyError(DirectoryError):
    """Too many requests run at the same time: nothing was done, and trying again will work."""


class DailyLimitError(DirectoryError):
    """The number of changes allowed in a day is used up: nothing was written."""


class ConflictError(DirectoryError):
    """Somebody else has changed the record since it was read."""
