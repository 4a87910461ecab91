"""Makes a release: the only way that figures leave the check-ins database.

Owns the order of steps: count, protect, check against every earlier release, add to the ledger.
Must never release a period twice with different figures, or a period that is not over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Engine

from checkins.bursts import Burst, find_bursts
from checkins.checkin import FICTIONAL_PREFIX
from checkins.disclosure import Mark, Policy
from checkins.errors import BurstsFoundError, ReleaseError
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
from checkins.store import CheckInRepository, connect, read_largest_bursts


@dataclass(frozen=True)
class ReleaseResult:
    """The figures of a release in the ledger, and whether it was there before."""

    figures: Figures
    already_released: bool


def make_release(
    engine: Engine,
    period: Period,
    areas: Sequence[str],
    *,
    policy: Policy = Policy.ROUND_5,
    directory_counts: DirectoryCounts = NO_DIRECTORY_COUNTS,
    book: QuestionBook | None = None,
    today: date | None = None,
    accept_bursts: bool = False,
) -> ReleaseResult:
    """Release the figures of a period permanently, or return the existing release.

    `areas` is the operator's list, in display order; `directory_counts` are the counts of the
    directory. Raises StoreError, BurstsFoundError if check-ins came in bursts (unless
    `accept_bursts`), or ReleaseError with instructions if the release would be wrong or unsafe.
    """
    if len(set(areas)) != len(areas):
        raise ReleaseError(
            "Two areas have the same name. Set CHECKIN_AREAS to a list of different names."
        )
    book = book or load_questions()
    ledger = Ledger(engine)
    while True:
        entries, earlier = ledger.list_entries(), ledger.read_figures()
        if existing := next((figures for figures in earlier if figures.period == period), None):
            _check_same_settings(existing, areas, policy)
            return ReleaseResult(existing, already_released=True)
        _check_period_over(period, today or date.today())
        purged = CheckInRepository(engine).read_purged_before() or ""
        _check_not_purged(period, purged)
        related = [figures for figures in earlier if _share_weeks(figures.period, period)]
        _check_areas(related, areas)
        # An earlier release whose check-ins were purged in part cannot be recounted.
        countable = [figures for figures in related if figures.period.first_week >= purged]
        periods = [period, *(figures.period for figures in countable)]
        counts, *earlier_counts = count_checkins(engine, periods, areas, book)
        # A purge during the count would have removed some check-ins.
        _check_not_purged(period, CheckInRepository(engine).read_purged_before() or "")
        _check_one_kind(counts)
        for released, recount in zip(countable, earlier_counts, strict=True):
            current = _build_figures(recount, released.period, released.policy, areas, book)
            _check_unchanged(released, current, period)
        bursts = _find_bursts(engine, counts)
        if bursts and not accept_bursts:
            raise _make_bursts_error(bursts)
        figures = _build_figures(counts, period, policy, areas, book, directory_counts)
        figures = replace(figures, has_bursts=bool(bursts))
        if not figures.blocks:
            raise ReleaseError(
                f"No area has enough check-ins in {period.name} to publish anything. Choose a "
                "longer period, or wait for more."
            )
        figures = suppress_leaks(figures, earlier)
        # Refused if another period was released meanwhile, as the two were not compared.
        if ledger.add(figures, write_files(figures, earlier), after=entries):
            return ReleaseResult(figures, already_released=False)


def _build_figures(
    counts: RawCounts,
    period: Period,
    policy: Policy,
    areas: Sequence[str],
    book: QuestionBook,
    directory_counts: DirectoryCounts = NO_DIRECTORY_COUNTS,
) -> Figures:
    return build_figures(
        counts,
        directory_counts,
        period=period,
        policy=policy,
        areas=areas,
        measures=list(find_measures(book)),
        fictional=True in _find_kinds(counts),
    )


def _find_bursts(engine: Engine, counts: RawCounts) -> tuple[Burst, ...]:
    with connect(engine) as connection:
        return find_bursts(read_largest_bursts(connection), counts.weeks)


def _make_bursts_error(bursts: Sequence[Burst]) -> BurstsFoundError:
    names = "; ".join(map(str, bursts))
    return BurstsFoundError(
        "Nothing was released yet, because many check-ins came close together. Most check-ins of "
        f"these weeks and areas came within one hour: {names}. A session where people answered "
        "together looks like this, and so does somebody who made answers up. If you know why, or "
        "want the release all the same, repeat the command with --accept-bursts. The release will "
        "say that there were bursts, and not when or where."
    )


def _share_weeks(first: Period, second: Period) -> bool:
    return first.contains(second) or second.contains(first)


def _check_same_settings(existing: Figures, areas: Sequence[str], policy: Policy) -> None:
    if existing.policy is not policy or not existing.has_same_areas(areas):
        difference = "policy" if existing.policy is not policy else "areas"
        raise ReleaseError(
            f"{existing.period.name} was already released with other {difference}; together, the "
            "two releases could reveal counts that neither shows. Use the original "
            f"{difference}."
        )


def _check_period_over(period: Period, today: date) -> None:
    # One day more, for clock differences and for check-ins in progress at midnight.
    first = period.end + timedelta(days=2)
    if today < first:
        raise ReleaseError(
            f"{period.name} is not over: its last week ends on {period.end}. Releasing a part now "
            f"and the whole later would reveal the difference. Release it from {first} on."
        )


def _check_not_purged(period: Period, purged: str) -> None:
    if period.first_week < purged:
        raise ReleaseError(
            f"Check-ins from before {purged} were removed, as CHECKIN_RETENTION_WEEKS requires, so "
            f"{period.name} is incomplete. Release a later period."
        )


def _find_kinds(counts: RawCounts) -> set[bool]:
    """Whether check-ins are fictional: both values if there are some of each kind."""
    return {
        name.startswith(FICTIONAL_PREFIX) for sets in counts.question_sets.values() for name in sets
    }


def _check_one_kind(counts: RawCounts) -> None:
    if len(_find_kinds(counts)) > 1:
        raise ReleaseError(
            "The database holds both real check-ins and fictional ones of the demonstration. "
            "Store real ones in a new database: set CHECKINS_DATABASE_URL."
        )


def _check_areas(related: Sequence[Figures], areas: Sequence[str]) -> None:
    for figures in related:
        if not figures.has_same_areas(areas):
            raise ReleaseError(
                f"{figures.period.name} shares weeks with this period, but was released with "
                "another list of areas. The difference between the two could reveal counts. Set "
                "CHECKIN_AREAS to that list, or release a period that shares no week with it. If "
                "the list changed in between, the second is the only way."
            )


def _check_unchanged(released: Figures, current: Figures, period: Period) -> None:
    """Raise ReleaseError if an earlier release no longer matches its check-ins.

    The difference to `period` would then reveal the check-ins that were added or removed.
    """
    if _has_changed(released, current):
        raise ReleaseError(
            f"The check-ins of {released.period.name} have changed since its release, so the "
            f"difference to {period.name} would reveal the changes. Were check-ins added by hand, "
            "removed, or restored from a backup?"
        )


def _has_changed(released: Figures, current: Figures) -> bool:
    cells = {(block.dimension, block.group, block.measure): block.cells for block in current.blocks}
    # A question that was removed cannot be recounted.
    known_measures = {measure.code for measure in current.measures}
    return (
        set(released.areas_left_out) != set(current.areas_left_out)
        or released.age_bands_left_out != current.age_bands_left_out
        or any(
            cells.get((block.dimension, block.group, block.measure)) != block.cells
            for block in released.blocks
            if block.measure in known_measures
            and any(cell.mark is not Mark.WITHHELD for cell in block.cells)
        )
    )
