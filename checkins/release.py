"""Making a release: the only way that figures leave the check-ins database.

Owns the period, the grid of a release and its files. Must never write a number that
did not come from `checkins.disclosure`, or change a release that is there.
"""

import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from checkins.checkin import week_of
from checkins.disclosure import Cell, Mark, area_is_shown, protect_question, total
from checkins.errors import ReleaseError
from checkins.questions import QuestionBook, load_questions
from checkins.release_notes import write_notes
from checkins.store import CheckIns, Group

ALL_AREAS = "All areas shown"
ALL_ANSWERS = "All answers shown"
COLUMNS = ("period", "area", "question", "question_text", "answer", "count", "mark")


@dataclass(frozen=True)
class Measure:
    """One block of the grid: a question, or a score. `answers` maps code to words."""

    code: str
    text: str
    answers: dict[str, str]


@dataclass(frozen=True)
class Row:
    """One line of `checkins.csv`."""

    area: str
    measure: Measure
    answer: str
    cell: Cell


@dataclass(frozen=True)
class Release:
    """What was released: everything here can be published, and no raw count is in it."""

    folder: Path
    period: str
    areas_shown: tuple[str, ...]
    areas_left_out: tuple[str, ...]
    rows: int
    cells_suppressed: int
    cells_withheld: int


def release(
    checkins: CheckIns,
    start: date,
    end: date,
    out: Path,
    areas: Sequence[str],
    *,
    book: QuestionBook | None = None,
    today: date | None = None,
) -> Release:
    """Write `checkins.csv` and `README.txt` into `out`, a new or empty folder.

    `start` is a Monday and `end` a Sunday that is over; `areas` is the operator's list,
    in the order wanted. Either both files are written or nothing is. Raises
    ReleaseError with what to do, and StoreError.
    """
    period = _period(start, end, today or date.today())
    if len(set(areas)) != len(areas) or ALL_AREAS in areas:
        raise ReleaseError(f"The areas must differ, and none may be called {ALL_AREAS!r}.")
    _check_free(out)
    book = book or load_questions()
    groups = checkins._groups(week_of(start), week_of(end))
    by_area = {area: [group for group in groups if group.area == area] for area in areas}
    shown = [area for area in areas if area_is_shown(sum(g.size for g in by_area[area]))]
    if not shown:
        raise ReleaseError(
            "No area has enough check-ins in these weeks to publish anything. Choose a longer "
            "period, or wait for more."
        )
    rows = list(_grid({area: by_area[area] for area in shown}, book))
    versions = sorted({group.question_set for area in shown for group in by_area[area]})
    left_out = tuple(area for area in areas if area not in shown)
    notes = write_notes(period, start, end, shown, left_out, versions, book)
    _write(out, _as_csv(period, rows), notes)
    marks = Counter(row.cell.mark for row in rows)
    return Release(
        folder=out,
        period=period,
        areas_shown=tuple(shown),
        areas_left_out=left_out,
        rows=len(rows),
        cells_suppressed=marks[Mark.SUPPRESSED],
        cells_withheld=marks[Mark.WITHHELD],
    )


def _period(start: date, end: date, today: date) -> str:
    monday = start - timedelta(days=start.weekday())
    sunday = end + timedelta(days=6 - end.weekday())
    if start > end:
        raise ReleaseError(f"The first day, {start}, is after the last, {end}. Swap them.")
    if start != monday or end != sunday:
        raise ReleaseError(
            "A release is made of whole weeks, Monday to Sunday: a part of a week could be "
            f"compared with the whole. Use {monday} to {sunday}."
        )
    if end >= today:
        raise ReleaseError(
            f"The week that ends on {end} is not over. The last day can be "
            f"{today - timedelta(days=today.weekday() + 1)} at the latest."
        )
    first, last = week_of(start), week_of(end)
    return first if first == last else f"{first} to {last}"


def _measures(book: QuestionBook) -> Iterator[Measure]:
    items = {code: score for score in book.scores for code in score.questions}
    for question in book.questions:
        score = items.get(question.code)
        if score is None:
            answers = {answer.code: answer.text for answer in question.answers}
            yield Measure(question.code, question.text, answers)
        elif question.code == score.questions[0]:
            yield Measure(score.code, score.text, {band.code: band.text for band in score.bands})


def _count(groups: Sequence[Group], measure: Measure, book: QuestionBook) -> dict[str, Cell]:
    score = next((score for score in book.scores if score.code == measure.code), None)
    codes = score.questions if score else (measure.code,)
    counts = Counter(dict.fromkeys(measure.answers, 0))
    asked = False
    for group in groups:
        if not all(code in group.answers for code in codes):
            continue
        asked = True
        given = [group.answers[code] for code in codes]
        if score is None:
            key = given[0]
        elif all(value.isdigit() for value in given):
            points = sum(map(int, given))
            key = next(band.code for band in score.bands if band.lowest <= points <= band.highest)
        else:
            continue
        if key in measure.answers:
            counts[key] += group.size
    return protect_question(counts, asked)


def _grid(groups: dict[str, list[Group]], book: QuestionBook) -> Iterator[Row]:
    for measure in _measures(book):
        blocks = {area: _count(found, measure, book) for area, found in groups.items()}
        blocks[ALL_AREAS] = {
            code: total(cells[code] for cells in blocks.values()) for code in measure.answers
        }
        for area, cells in blocks.items():
            for code, words in measure.answers.items():
                yield Row(area, measure, words, cells[code])
            yield Row(area, measure, ALL_ANSWERS, total(cells.values()))


def _as_csv(period: str, rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        count = "" if row.cell.count is None else row.cell.count
        writer.writerow(
            (period, row.area, row.measure.code, row.measure.text, row.answer, count, row.cell.mark)
        )
    return text.getvalue()


def _check_free(out: Path) -> None:
    if (out / "checkins.csv").exists():
        raise ReleaseError(
            f"There is a release in {out} already, and a release never changes. "
            "Choose another folder."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ReleaseError(f"{out} is not an empty folder. Choose a new one.")


def _write(out: Path, table: str, notes: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        drafts = Path(tempfile.mkdtemp(prefix=".release-", dir=out.parent))
    except OSError as error:
        raise ReleaseError(_unwritable(out, error)) from error
    try:
        (drafts / "checkins.csv").write_text(table, encoding="utf-8", newline="")
        (drafts / "README.txt").write_text(notes, encoding="utf-8", newline="")
        drafts.chmod(0o755)
        # Both files appear at once. A rename replaces only a folder that is still empty.
        drafts.rename(out)
    except OSError as error:
        raise ReleaseError(_unwritable(out, error)) from error
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _unwritable(out: Path, error: OSError) -> str:
    return f"The release could not be written to {out}: {error.strerror}. Choose another folder."
