"""Files of texts that commands take: JSON lines, each an object with a "text"."""

import json
from collections.abc import Iterator
from pathlib import Path

from bot.errors import InputError

FILE_HELP = 'JSON lines: one object with a "text" on each line.'


def read_texts(file: Path) -> Iterator[str]:
    """The texts in order; empty lines are skipped. Raises InputError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield str(json.loads(line)["text"])
            except (ValueError, KeyError, TypeError):
                reason = 'is not a JSON object with a "text"'
                raise InputError(f"{file}, line {number} {reason}.") from None
