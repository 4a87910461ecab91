"""What can go wrong with the directory, told to the person who can mend it."""


class DirectoryError(Exception):
    """The message is one plain line that says what is wrong and what to do.

    `command` ends it with what to type; `plain` is without that, for those who have a page instead.
    """

    def __init__(self, message: str = "", command: str = "") -> None:
        super().__init__(f"{message} {command}".strip())
        self.plain = message


class DatabaseError(DirectoryError):
    """The database cannot be opened or written; what it held is as it was."""


class SourceError(DirectoryError):
    """A source could not be read as a whole; nothing of it was taken."""


class ImportHeldError(DirectoryError):
    """A source would lose most of its listings: it waits for somebody to say that it is right."""


class RowError(DirectoryError):
    """One row of a source is not fit to show; the row is quarantined."""


class UnknownPlaceError(DirectoryError):
    """A place was named that the directory knows nothing near."""


class AccountError(DirectoryError):
    """An account of the desk cannot be made or found as it was asked for."""


class BusyError(DirectoryError):
    """As many as may are doing this already: nothing was done, and a moment later it will be."""


class DailyLimitError(DirectoryError):
    """As much as may be written in a day was written already: nothing more was."""


class ConflictError(DirectoryError):
    """Somebody else has written what was to be written, since it was read."""
