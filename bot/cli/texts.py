"""Files of texts that commands take: JSON lines, each an object with a "text"."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import InputError

FILE_HELP = 'JSON lines: one object with a "text" on each line.'


def read_texts(file: Path) -> Iterator[str]:
    """The texts in order; empty lines are skipped. Raises InputError."""
    for number, line in _read_objects(file):
        if not isinstance(line.get("text"), str | int | float):
            raise _reject(file, number, 'is not a JSON object with a "text"')
        yield str(line["text"])


def read_talks(file: Path) -> Iterator[str | list[str]]:
    """Each line's "text", or its "turns" where it has those. Raises InputError."""
    for number, line in _read_objects(file):
        turns = line.get("turns")
        if isinstance(turns, list) and all(isinstance(turn, str) for turn in turns):
            yield turns
        elif isinstance(line.get("text"), str | int | float):
            yield str(line["text"])
        else:
            raise _reject(file, number, 'is not a JSON object with a "text" or a list of "turns"')


def _read_objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            yield number, found if isinstance(found, dict) else {}


def _reject(file: Path, number: int, reason: str) -> InputError:
    return InputError(f"{file}, line {number} {reason}.")
