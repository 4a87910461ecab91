"""The rows of CSV, one at a time and within limits."""

import csv
import io
from collections.abc import Iterator

from directory.errors import SourceError
from directory.sources.limits import MAX_COLUMNS, MAX_RECORD_LENGTH


def read_csv_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row of cells, with the number of its last line; the first is the header.

    Blank rows are left out. Raises SourceError, which calls the table `name`, if the text is not
    CSV or is cut short, or if a row is too long or has too many cells.
    """
    lines = _Lines(text, name)
    try:
        for cells in csv.reader(lines, strict=True):
            lines.record_length = 0
            if len(cells) > MAX_COLUMNS:
                raise lines.make_error(f"a row has more than {MAX_COLUMNS:,} cells.")
            if any(cell.strip() for cell in cells):
                yield lines.number, cells
    except csv.Error as error:
        raise lines.make_error(f"{error}. Is it cut short?") from None


class _Lines:
    """The lines of a text. A row is measured before it is taken apart: it may be all commas."""

    def __init__(self, text: str, name: str) -> None:
        self._file = io.StringIO(text, newline="")
        self._name = name
        self.number = self.record_length = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._file)
        self.number += 1
        self.record_length += len(line)
        if self.record_length > MAX_RECORD_LENGTH:
            raise self.make_error(
                f"a row is longer than {MAX_RECORD_LENGTH:,} letters. Is a quotation mark missing?"
            )
        return line

    def make_error(self, reason: str) -> SourceError:
        """An error that names the line that was read last."""
        return SourceError(f"{self._name}, line {self.number}: {reason}")
