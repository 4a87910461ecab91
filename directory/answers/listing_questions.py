"""Reads a file of questions about stored listings, one JSON object a line.

Raises SourceError, with the line and the fault, for a file of another format.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.errors import SourceError
from directory.listing import Listing, load_listing
from directory.models import ListingRow, SourceRow


def read_listing_questions(file: Path, engine: Engine) -> Iterator[tuple[Listing, str]]:
    """Each line's listing, named as `source:key`, and its question."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} could not be read as text: {error}") from error
    with Session(engine) as session:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                name, question = str(row["listing"]), str(row["question"])
            except (ValueError, KeyError, TypeError):
                raise SourceError(
                    f'{file}, line {number} is not a JSON object with a "listing" and a "question".'
                ) from None
            source, _, key = name.partition(":")
            document = session.scalar(
                select(ListingRow.document)
                .join(SourceRow, ListingRow.source_id == SourceRow.id)
                .where(SourceRow.name == source, ListingRow.key == key)
            )
            if document is None:
                raise SourceError(f"{file}, line {number}: no listing is called {name}.")
            yield load_listing(document), question
