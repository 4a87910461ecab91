"""The rules of `disclosure`, and what a reader can infer from published cells."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkins.disclosure import (
    NOT_ASKED,
    WITHHELD,
    Cell,
    Mark,
    Policy,
    bound_cell,
    is_group_shown,
    parse_cell,
    protect_block,
    protect_count,
    total,
    withhold,
)


@pytest.mark.parametrize(
    ("raw", "count", "mark"),
    [
        (0, 0, "zero"),
        (1, None, "suppressed"),
        (2, None, "suppressed"),
        (6, None, "suppressed"),
        (7, None, "suppressed"),
        (8, 10, "rounded"),
        (9, 10, "rounded"),
        (10, 10, "rounded"),
        (12, 10, "rounded"),
        (13, 15, "rounded"),
        (17, 15, "rounded"),
        (18, 20, "rounded"),
        (1002, 1000, "rounded"),
        (1003, 1005, "rounded"),
    ],
)
def test_boundaries_of_one_count(raw: int, count: int | None, mark: str) -> None:
    assert protect_count(raw) == Cell(count, Mark(mark))


@pytest.mark.parametrize(
    ("raw", "count", "mark"),
    [
        (0, 0, "zero"),
        (1, 3, "midpoint"),
        (6, 3, "midpoint"),
        (7, 9, "midpoint"),
        (12, 9, "midpoint"),
        (13, 15, "midpoint"),
        (1002, 999, "midpoint"),
        (1003, 1005, "midpoint"),
    ],
)
def test_boundaries_of_one_count_in_steps_of_six(raw: int, count: int, mark: str) -> None:
    assert protect_count(raw, Policy.MIDPOINT_6) == Cell(count, Mark(mark))


@given(st.integers(0, 10**6), st.sampled_from(Policy))
def test_the_bounds_of_a_cell_are_all_counts_that_produce_it(raw: int, policy: Policy) -> None:
    cell = protect_count(raw, policy)
    low, high = bound_cell(cell)
    assert high is not None
    assert low <= raw <= high
    assert {protect_count(count, policy) for count in range(low, high + 1)} == {cell}
    assert protect_count(high + 1, policy) != cell
    assert low == 0 or protect_count(low - 1, policy) != cell


def test_a_cell_is_parsed_back_from_a_table() -> None:
    for raw in (0, 3, 8, 500):
        for policy in Policy:
            cell = protect_count(raw, policy)
            assert parse_cell("" if cell.count is None else str(cell.count), cell.mark) == cell


def test_a_total_has_no_bounds_of_its_own() -> None:
    with pytest.raises(ValueError, match="partial"):
        bound_cell(Cell(20, Mark.PARTIAL))


def test_a_negative_count_raises_an_error() -> None:
    with pytest.raises(ValueError, match="never negative"):
        protect_count(-1)


@pytest.mark.parametrize(("checkins", "shown"), [(0, False), (9, False), (10, True), (11, True)])
def test_boundary_of_an_area_or_age_band(checkins: int, shown: bool) -> None:
    assert is_group_shown(checkins) is shown


ROUNDED_10 = Cell(10, Mark.ROUNDED)
ZERO = Cell(0, Mark.ZERO)
SUPPRESSED = Cell(None, Mark.SUPPRESSED)


@pytest.mark.parametrize(
    ("counts", "cells"),
    [
        ((8, 1, 0), (WITHHELD,) * 3),  # nine answers
        ((8, 2, 0), (ROUNDED_10, SUPPRESSED, ZERO)),  # ten
        ((0, 0, 0), (WITHHELD,) * 3),
        ((40, 0, 0), (WITHHELD,) * 3),  # all the same
        ((7, 7, 0), (WITHHELD,) * 3),  # all small
        ((7, 7, 7), (WITHHELD,) * 3),
        ((7, 7, 8), (SUPPRESSED, SUPPRESSED, ROUNDED_10)),
    ],
)
def test_boundaries_of_one_question(counts: tuple[int, ...], cells: tuple[Cell, ...]) -> None:
    assert protect_block(counts) == cells


@pytest.mark.parametrize(
    ("counts", "shown"),
    [((7, 2, 0), False), ((7, 3, 0), True), ((6, 6, 0), False), ((40, 0, 0), False)],
)
def test_boundaries_of_one_question_in_steps_of_six(counts: tuple[int, ...], shown: bool) -> None:
    cells = protect_block(counts, Policy.MIDPOINT_6)
    assert (cells != (WITHHELD,) * 3) is shown


def test_withholding_a_block_withholds_every_cell() -> None:
    assert withhold(protect_block((20, 30, 0))) == (WITHHELD,) * 3


def test_zero_suppressed_withheld_and_not_asked_are_distinct() -> None:
    assert protect_block((0, 0), was_asked=False) == (NOT_ASKED,) * 2
    assert len({ZERO, SUPPRESSED, WITHHELD, NOT_ASKED}) == 4
    assert [cell.count for cell in (SUPPRESSED, WITHHELD, NOT_ASKED)] == [None] * 3


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([ROUNDED_10, ROUNDED_10, ZERO], Cell(20, Mark.ROUNDED)),
        ([ROUNDED_10, SUPPRESSED], Cell(10, Mark.PARTIAL)),
        ([ROUNDED_10, WITHHELD], Cell(10, Mark.PARTIAL)),
        ([ROUNDED_10, NOT_ASKED], Cell(10, Mark.ROUNDED)),
        ([Cell(10, Mark.PARTIAL), ZERO], Cell(10, Mark.PARTIAL)),
        ([ZERO, ZERO], ZERO),
        ([ZERO, SUPPRESSED], WITHHELD),  # not a zero: somebody gave this answer
        ([NOT_ASKED, NOT_ASKED], NOT_ASKED),
        ([], NOT_ASKED),
        ([Cell(3, Mark.MIDPOINT), Cell(9, Mark.MIDPOINT), ZERO], Cell(12, Mark.MIDPOINT)),
    ],
)
def test_totals(parts: list[Cell], expected: Cell) -> None:
    assert total(parts) == expected


counts_of_a_question = st.lists(st.integers(0, 60) | st.integers(0, 10**6), min_size=2, max_size=5)


@given(st.lists(counts_of_a_question, min_size=1, max_size=6), st.booleans())
def test_nothing_published_is_small_or_unrounded(areas: list[list[int]], was_asked: bool) -> None:
    blocks = [protect_block(area, was_asked=was_asked) for area in areas]
    cells = [cell for block in blocks for cell in block]
    totals = [total(block) for block in blocks] + [total(cells)]
    for cell in cells + totals:
        assert cell.count is None or cell.count % 5 == 0
        assert cell.count not in range(1, 8)
        assert (cell.count == 0) == (cell.mark == Mark.ZERO)


@given(counts_of_a_question)
def test_a_zero_is_exact_and_a_total_adds_only_shown_counts(raw: list[int]) -> None:
    cells = protect_block(raw)
    for cell, count in zip(cells, raw, strict=True):
        assert cell.mark != Mark.ZERO or count == 0
    assert (total(cells).count or 0) == sum(cell.count or 0 for cell in cells)


def test_no_suppressed_cell_can_be_bounded_within_its_question() -> None:
    """Tries every population with up to 20 people for each of three answers, and keeps those that
    produce the published table. Each suppressed cell must still have all values from 1 to 7, and
    each rounded cell all values that round to it."""
    possible: dict[tuple[Cell, ...], list[set[int]]] = defaultdict(lambda: [set(), set(), set()])
    for raw in product(range(21), repeat=3):
        cells = protect_block(raw)
        for index, count in enumerate(raw):
            possible[(*cells, total(cells))][index].add(count)
    assert len(possible) > 50
    for table, populations in possible.items():
        for cell, values in zip(table, populations, strict=False):
            if cell.mark == Mark.SUPPRESSED:
                assert values == set(range(1, 8)), table
            elif cell.count in (10, 15):
                low = max(8, cell.count - 2)
                assert values == set(range(low, cell.count + 3)), table
            elif cell.mark == Mark.WITHHELD:
                assert values >= set(range(8)), table
