"""Errors that end the program with one plain line for the operator."""


class SetupError(Exception):
    """Something is not set up. The message is one plain line that says what to do."""


class StartError(SetupError):
    """The program cannot start. The message is one plain line that says what to do."""


class InputError(Exception):
    """A file that was given to a command is missing or has the wrong format."""
