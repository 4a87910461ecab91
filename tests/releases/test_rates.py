"""Percentages and ranges, checked by hand and by brute force."""

import random
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from checkins.disclosure import (
    NOT_ASKED,
    Cell,
    Mark,
    Policy,
    bound_cell,
    protect_block,
    withhold,
)
from checkins.outputs.rates import Rate, compare, compute_rate, wilson_interval

TEN = Cell(10, Mark.ROUNDED)
THIRTY = Cell(30, Mark.ROUNDED)
ZERO = Cell(0, Mark.ZERO)
SMALL = Cell(None, Mark.SUPPRESSED)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_the_interval_is_wilsons(successes: int, failures: int) -> None:
    if successes + failures == 0:
        return
    known = binomtest(successes, successes + failures).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, failures) == pytest.approx((known.low, known.high), abs=1e-9)


@pytest.mark.parametrize(
    ("cells", "answers", "percent", "low", "high", "partial"),
    [
        # 10 of 40: Wilson gives 14.2 to 40.2, rounded outwards.
        ((TEN, THIRTY), {0}, 25, 14, 41, False),
        # 10 of 40 and 1 to 7 more: 10 of 44 in the middle.
        ((TEN, THIRTY, SMALL), {0}, 23, 11, 40, True),
        # The suppressed answer itself has no percentage, but a range.
        ((TEN, THIRTY, SMALL), {2}, None, 0, 28, True),
        # A true zero is exact, whatever else is suppressed.
        ((ZERO, THIRTY, SMALL), {0}, 0, 0, 12, False),
        # 10 and about 4 of about 44.
        ((TEN, SMALL, THIRTY), {0, 1}, 32, 15, 51, True),
    ],
)
def test_known_rates(
    cells: tuple[Cell, ...],
    answers: set[int],
    percent: int | None,
    low: int,
    high: int,
    partial: bool,
) -> None:
    rate = compute_rate([cells], answers)
    assert (rate.percent, rate.low, rate.high) == (percent, low, high)
    assert rate.is_partial is partial


def test_a_block_that_is_not_shown_has_no_rate() -> None:
    for cell, mark in (
        (Cell(None, Mark.WITHHELD), Mark.WITHHELD),
        (NOT_ASKED, Mark.NOT_ASKED),
    ):
        rate = compute_rate([(cell, cell)], {0})
        assert rate == Rate(cell, cell)
        assert rate.count.mark is mark


def test_a_withheld_group_is_in_no_percentage_and_makes_the_base_partial() -> None:
    alone = compute_rate([(TEN, THIRTY)], {0})
    with_withheld = compute_rate([(TEN, THIRTY), withhold((TEN, TEN))], {0})
    assert (with_withheld.percent, with_withheld.low, with_withheld.high) == (
        alone.percent,
        alone.low,
        alone.high,
    )
    assert with_withheld.base == Cell(40, Mark.PARTIAL)


counts = st.lists(st.integers(0, 9) | st.integers(0, 60), min_size=2, max_size=4)


@given(st.lists(counts, min_size=1, max_size=2).filter(lambda areas: len({*map(len, areas)}) == 1))
def test_the_range_covers_every_value_of_suppressed_cells(areas: list[list[int]]) -> None:
    """Tries the possible values of the suppressed cells one by one."""
    blocks = [protect_block(area) for area in areas]
    shown = [cells for cells in blocks if cells[0].mark is not Mark.WITHHELD]
    rate = compute_rate(blocks, {0})
    if not shown:
        assert rate.low is None
        return
    hidden = [(index, cell) for cells in shown for index, cell in enumerate(cells) if cell == SMALL]
    chosen = sum(cells[0].count or 0 for cells in shown)
    rest = sum(cell.count or 0 for cells in shown for cell in cells[1:])
    assert rate.low is not None
    assert rate.high is not None
    for values in product((1, 4, 7), repeat=len(hidden)):
        extra = sum(value for (index, _), value in zip(hidden, values, strict=True) if index == 0)
        low, high = wilson_interval(chosen + extra, rest + sum(values) - extra)
        assert rate.low <= 100 * low + 1e-6
        assert rate.high >= 100 * high - 1e-6
    if rate.percent is not None:
        assert rate.low <= rate.percent <= rate.high


@given(counts, st.sampled_from(Policy))
def test_a_rate_depends_on_published_cells_only(area: list[int], policy: Policy) -> None:
    """Two populations with the same cells have the same rates."""
    cells = protect_block(area, policy)
    lowest = [bound_cell(cell)[0] for cell in cells]
    if protect_block(lowest, policy) == cells:
        assert compute_rate([cells], {0}) == compute_rate([protect_block(lowest, policy)], {0})


@pytest.mark.parametrize("people", [20, 40, 80, 200])
@pytest.mark.parametrize(
    ("weights", "answers"),
    [((25, 36, 27, 12), {0, 1}), ((5, 20, 22, 30, 23), {0})],
)
def test_the_range_contains_the_true_share_at_least_95_times_in_100(
    people: int, weights: tuple[int, ...], answers: set[int]
) -> None:
    """Draws 500 samples from a known share, and suppresses and rounds each."""
    chance = random.Random(people)
    truth = sum(weights[index] for index in answers)
    covered = shown = 0
    for _ in range(500):
        drawn = Counter(chance.choices(range(len(weights)), weights, k=people))
        rate = compute_rate(
            [protect_block([drawn[index] for index in range(len(weights))])], answers
        )
        if rate.low is not None and rate.high is not None:
            shown += 1
            covered += rate.low <= truth <= rate.high
    assert shown > 100
    assert covered >= 0.95 * shown


@pytest.mark.parametrize(
    ("rate", "reference", "change"),
    [
        ((57, 50, 63), (40, 34, 47), "higher"),
        ((40, 34, 47), (57, 50, 63), "lower"),
        ((57, 50, 63), (52, 46, 58), "unclear"),
        ((None, 0, 29), (57, 50, 63), "unclear"),
        ((57, 50, 63), (None, None, None), "unclear"),
    ],
)
def test_a_difference_counts_only_if_it_is_clear(
    rate: tuple[int, int, int], reference: tuple[int, int, int], change: str
) -> None:
    assert compare(Rate(TEN, TEN, *rate), Rate(TEN, TEN, *reference)) == change
