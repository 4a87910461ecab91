"""Residents' notes to the team, and weekly counts of feedback and unmet needs.

The only place where a person's words are stored: those of a note that they were shown and chose to
send (privacy property 1). Must never store who sent it, a time finer than the week, or an order.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.database import begin_writing, describe_fault, insert_if_new, lock_table
from directory.models import FeedbackRow, NoteRow, UnmetNeedRow

Kind = Literal["suggestion", "report"]
Useful = Literal["yes", "in between", "no"]

MAX_NOTE_LENGTH = 500
# A person waits for the answer, and a turn of the conversation has five seconds.
_WAIT = 1_000  # in milliseconds, for other writers


@dataclass(frozen=True)
class Note:
    """A note. `about` names the listing, empty for a suggestion; `week` is like 2026-W48."""

    kind: Kind
    text: str
    week: str
    about: str = ""


def format_iso_week(day: date) -> str:
    """The ISO week, such as 2026-W48."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


@dataclass(frozen=True)
class UnmetNeed:
    """How often, in a week, searches for `category` near `area` found nothing good."""

    week: str
    category: str
    area: str
    count: int


class Notebook:
    """Stores notes and counts. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, today: Callable[[], date] = date.today) -> None:
        self._engine = engine
        self._today = today

    def add_note(self, kind: Kind, text: str, about: str = "") -> None:
        """Store a note for the team. Raises DatabaseError, or ValueError if it has no words."""
        words = " ".join(text.split())[:MAX_NOTE_LENGTH]
        if not words:
            raise ValueError("a note needs words")
        row = NoteRow(
            # Random, so that neither the number nor the order reveals when the note arrived.
            id=secrets.randbits(62),
            kind=kind,
            about=about,
            text=words,
            week=format_iso_week(self._today()),
        )
        try:
            with Session(self._engine) as session, session.begin():
                begin_writing(session, _WAIT)
                lock_table(session, NoteRow)
                session.add(row)
                if self._engine.dialect.name == "postgresql":
                    _rewrite_notes(session)
        except SQLAlchemyError as error:
            raise describe_fault(error, "A note was not stored.") from None

    def add_feedback(self, useful: Useful) -> None:
        """Count an answer for this week; nothing else about it is stored. Raises DatabaseError."""
        if useful not in get_args(Useful):
            raise ValueError(f"an answer is one of {get_args(Useful)}")
        self._count(FeedbackRow, _WAIT, useful=useful)

    def add_unmet_need(self, category: str, area: str) -> None:
        """Count a search that found nothing good this week, by its topic and coarse area.

        Both are names of our own, never a person's words, and empty if not known. Raises
        DatabaseError.
        """
        self._count(UnmetNeedRow, None, category=category, area=area)

    def _count(
        self, table: type[FeedbackRow | UnmetNeedRow], wait: int | None, **named: str
    ) -> None:
        key = {"week": format_iso_week(self._today()), **named}
        increment = update(table).filter_by(**key).values(count=table.count + 1)
        try:
            with Session(self._engine) as session, session.begin():
                begin_writing(session, wait)
                insert_if_new(session, table, **key, count=0)
                session.execute(increment)
        except SQLAlchemyError as error:
            raise describe_fault(error, "An answer was not counted.") from None

    def read_notes(self) -> list[Note]:
        """Every note by week, in random order within the week."""
        return list(self.read_notes_by_id().values())

    def read_notes_by_id(self) -> dict[int, Note]:
        """Every note by its random number, in the same order as `read_notes`."""
        query = select(NoteRow).order_by(NoteRow.week, NoteRow.id)
        with Session(self._engine) as session:
            return {
                row.id: Note(row.kind, row.text, row.week, row.about)  # type: ignore[arg-type]
                for row in session.scalars(query)
            }

    def delete_note(self, number: int) -> None:
        """Delete a note that the team has dealt with. Raises DatabaseError."""
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(delete(NoteRow).where(NoteRow.id == number))
        except SQLAlchemyError as error:
            raise describe_fault(error, "A note was not deleted.") from None

    def read_feedback(self) -> dict[str, dict[str, int]]:
        """The number of each answer, by week."""
        counts: dict[str, dict[str, int]] = {}
        query = select(FeedbackRow).order_by(FeedbackRow.week, FeedbackRow.useful)
        with Session(self._engine) as session:
            for row in session.scalars(query):
                counts.setdefault(row.week, {})[row.useful] = row.count
        return counts

    def read_unmet_needs(self) -> list[UnmetNeed]:
        """The unmet needs by week, the most frequent first."""
        query = select(UnmetNeedRow).order_by(
            UnmetNeedRow.week, UnmetNeedRow.count.desc(), UnmetNeedRow.category, UnmetNeedRow.area
        )
        with Session(self._engine) as session:
            return [
                UnmetNeed(row.week, row.category, row.area, row.count)
                for row in session.scalars(query)
            ]


def _rewrite_notes(session: Session) -> None:
    """Write all notes again in random order: PostgreSQL shows which transaction wrote a row."""
    session.flush()
    notes = session.execute(select(NoteRow.__table__).order_by(NoteRow.id)).mappings().all()
    session.execute(delete(NoteRow))
    session.execute(insert(NoteRow), [dict(note) for note in notes])
