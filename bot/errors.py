"""What keeps the program from starting, told to the operator."""


class SetupError(Exception):
    """The message is one plain line that says what to do."""


class InputError(Exception):
    """A file that was handed to a command is not what it takes."""
