"""Making a release: the only way that figures leave the check-ins database.

Owns the order of it: count, protect, set beside every earlier release, enter into the ledger.
Must never release a period twice with other figures, or one that is not over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine

from checkins.checkin import FICTIONAL_PREFIX
from checkins.disclosure import Mark, Policy
from checkins.errors import ReleaseError
from checkins.figures import Figures
from checkins.outputs.release_files import write_files
from checkins.periods import Period
from checkins.questions import QuestionBook, load_questions
from checkins.release.count import RawCounts, count_checkins, find_measures
from checkins.release.ledger import Ledger
from checkins.release.secondary_suppression import (
    NO_DIRECTORY_COUNTS,
    DirectoryCounts,
    build_figures,
    suppress_leaks,
)
from checkins.store import CheckInRepository


@dataclass(frozen=True)
class ReleaseResult:
    """The figures of a release that is in the ledger, and whether it was there before."""

    figures: Figures
    already_released: bool


def release(
    engine: Engine,
    period: Period,
    areas: Sequence[str],
    *,
    policy: Policy = Policy.ROUND_5,
    reach: DirectoryCounts = NO_DIRECTORY_COUNTS,
    book: QuestionBook | None = None,
    today: date | None = None,
) -> ReleaseResult:
    """Release the figures of a period once and for all, or find the release that there is.

    `areas` is the operator's list, in the order wanted; `reach` is what the directory
    counted. Raises ReleaseError with what to do where the release would be wrong or unsafe,
    and StoreError.
    """
    if len(set(areas)) != len(areas):
        raise ReleaseError("The areas must differ. Set CHECKIN_AREAS to names that do.")
    book = book or load_questions()
    ledger = Ledger(engine)
    while True:
        entries, earlier = ledger.periods(), ledger.read_figures()
        if same := next((one for one in earlier if one.period == period), None):
            _check_same(same, areas, policy)
            return ReleaseResult(same, already_released=True)
        _check_over(period, today or date.today())
        purged = CheckInRepository(engine).read_purged_before() or ""
        _check_kept(period, purged)
        related = [one for one in earlier if _share_weeks(one.period, period)]
        _check_areas(related, areas)
        # Of a release whose check-ins are not all there any more, there is nothing to compare.
        whole = [one for one in related if one.period.first_week >= purged]
        periods = [period, *(one.period for one in whole)]
        counts, *counts_then = count_checkins(engine, periods, areas, book)
        # A purge in the middle of counting would have taken some of them.
        _check_kept(period, CheckInRepository(engine).read_purged_before() or "")
        _check_kinds(counts)
        for one, now in zip(whole, counts_then, strict=True):
            _check_unchanged(one, _protect(now, one.period, one.policy, areas, book), period)
        figures = _protect(counts, period, policy, areas, book, reach)
        if not figures.blocks:
            raise ReleaseError(
                f"No area has enough check-ins in {period.name} to publish anything. Choose a "
                "longer period, or wait for more."
            )
        figures = suppress_leaks(figures, earlier)
        # Somebody may have released another period meanwhile: then the two were not compared.
        if ledger.add(figures, write_files(figures, earlier), after=entries):
            return ReleaseResult(figures, already_released=False)


def _protect(
    counts: RawCounts,
    period: Period,
    policy: Policy,
    areas: Sequence[str],
    book: QuestionBook,
    reach: DirectoryCounts = NO_DIRECTORY_COUNTS,
) -> Figures:
    return build_figures(
        counts,
        reach,
        period=period,
        policy=policy,
        areas=areas,
        measures=list(find_measures(book)),
        fictional=True in _find_kinds(counts),
    )


def _share_weeks(one: Period, other: Period) -> bool:
    return one.holds(other) or other.holds(one)


def _check_same(there: Figures, areas: Sequence[str], policy: Policy) -> None:
    if there.policy is not policy or not there.has_same_areas(areas):
        what = "policy" if there.policy is not policy else "areas"
        raise ReleaseError(
            f"{there.period.name} was released already, with another {what}; side by side the "
            f"two could reveal counts that neither shows. Ask for it with the {what} of then."
        )


def _check_over(period: Period, today: date) -> None:
    # A day more, for clocks in other places and for what was on its way at midnight.
    first = period.end + timedelta(days=2)
    if today < first:
        raise ReleaseError(
            f"{period.name} is not over: its last week ends on {period.end}, and a part of it now "
            f"and the whole later would show the difference. Release it from {first} on."
        )


def _check_kept(period: Period, purged: str) -> None:
    if period.first_week < purged:
        raise ReleaseError(
            f"Check-ins from before {purged} were removed, as CHECKIN_RETENTION_WEEKS says, so "
            f"{period.name} is not whole. Release a later period."
        )


def _find_kinds(counts: RawCounts) -> set[bool]:
    """Whether check-ins are fictional: both, where there are some of each."""
    return {
        name.startswith(FICTIONAL_PREFIX) for sets in counts.question_sets.values() for name in sets
    }


def _check_kinds(counts: RawCounts) -> None:
    if len(_find_kinds(counts)) > 1:
        raise ReleaseError(
            "There are fictional check-ins of the demonstration beside real ones. "
            "Keep real ones in a new database: set CHECKINS_DATABASE_URL."
        )


def _check_areas(related: Sequence[Figures], areas: Sequence[str]) -> None:
    for one in related:
        if not one.has_same_areas(areas):
            raise ReleaseError(
                f"The list of areas was another when {one.period.name} was released, which has "
                "weeks in common, and the difference between the two could reveal counts. Set "
                "CHECKIN_AREAS as it was then, or release a period that has no week in common; "
                "where the list changed in between, that is the only way."
            )


def _check_unchanged(released: Figures, now: Figures, period: Period) -> None:
    """Whether an earlier release is still what its check-ins say.

    Otherwise the difference to `period` would be about those who were added or removed.
    """
    if _differs(released, now):
        raise ReleaseError(
            f"The check-ins of {released.period.name} are not those that were released, so the "
            f"difference to {period.name} would be about the ones that changed. Were check-ins "
            "added by hand, removed, or restored from a copy?"
        )


def _differs(released: Figures, now: Figures) -> bool:
    cells = {(one.dimension, one.group, one.measure): one.cells for one in now.blocks}
    # A question that is asked no more cannot be counted anew.
    known = {measure.code for measure in now.measures}
    return (
        set(released.areas_left_out) != set(now.areas_left_out)
        or released.age_bands_left_out != now.age_bands_left_out
        or any(
            cells.get((one.dimension, one.group, one.measure)) != one.cells
            for one in released.blocks
            if one.measure in known and any(cell.mark is not Mark.WITHHELD for cell in one.cells)
        )
    )
