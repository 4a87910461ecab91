"""Notes for the team and feedback: the data that is stored, and none that identifies."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import OperationalError

from directory.database import migrate, open_database
from directory.errors import DatabaseError
from directory.notes import MAX_NOTE_LENGTH, Note, Notebook, format_iso_week

DAY = date(2026, 11, 26)


@pytest.fixture
def notebook(directory_url: str) -> Iterator[Notebook]:
    engine = open_database(directory_url)
    migrate(engine)
    yield Notebook(engine, lambda: DAY)
    engine.dispose()


def test_a_note_is_stored_with_its_week_and_no_more(notebook: Notebook) -> None:
    notebook.add_note("report", "It  has\nclosed.", about="Chess Club")
    notebook.add_note("suggestion", "There is a new choir.")
    assert set(notebook.read_notes()) == {
        Note("report", "It has closed.", "2026-W48", "Chess Club"),
        Note("suggestion", "There is a new choir.", "2026-W48"),
    }
    columns = {column["name"] for column in inspect(notebook._engine).get_columns("note")}
    assert columns == {"id", "kind", "about", "text", "week"}


def test_the_order_of_notes_reveals_nothing(notebook: Notebook) -> None:
    texts = [f"note {number}" for number in range(40)]
    for text in texts:
        notebook.add_note("suggestion", text)
    assert [note.text for note in notebook.read_notes()] != texts
    with notebook._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with pytest.raises(OperationalError):
                connection.exec_driver_sql("select rowid from note")
        else:
            query = "select id, xmin from note order by ctid"
            rows = connection.exec_driver_sql(query).all()
            assert [note_id for note_id, _ in rows] == sorted(note_id for note_id, _ in rows)
            assert len({transaction for _, transaction in rows}) == 1


def test_notes_added_at_once_are_all_stored(notebook: Notebook) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: notebook.add_note("suggestion", f"note {n}"), range(20)))
    assert {note.text for note in notebook.read_notes()} == {f"note {n}" for n in range(20)}


def test_a_note_without_words_is_refused(notebook: Notebook) -> None:
    with pytest.raises(ValueError, match="words"):
        notebook.add_note("report", "  \n ")
    assert notebook.read_notes() == []


def test_a_long_note_is_cut(notebook: Notebook) -> None:
    notebook.add_note("report", "x" * 5000)
    assert len(notebook.read_notes()[0].text) == MAX_NOTE_LENGTH


def test_answers_are_counted_by_week(notebook: Notebook) -> None:
    for useful in ("yes", "yes", "in between", "no"):
        notebook.add_feedback(useful)  # type: ignore[arg-type]
    assert notebook.read_feedback() == {"2026-W48": {"in between": 1, "no": 1, "yes": 2}}


def test_only_three_answers_are_counted(notebook: Notebook) -> None:
    with pytest.raises(ValueError, match="one of"):
        notebook.add_feedback("very")  # type: ignore[arg-type]


def test_an_error_of_the_database_does_not_quote_the_note(tmp_path: Path) -> None:
    notebook = Notebook(create_engine(f"sqlite:///{tmp_path / 'empty.db'}"))
    with pytest.raises(DatabaseError) as error:
        notebook.add_note("report", "sentinel")
    assert "sentinel" not in str(error.value)
    with pytest.raises(DatabaseError):
        notebook.add_feedback("yes")


@given(st.dates())
def test_a_week_has_its_iso_name(day: date) -> None:
    year, week, _ = day.isocalendar()
    assert format_iso_week(day) == f"{year}-W{week:02}"
