"""The rules of `checkins.disclosure`, and what a reader could work out from their results."""

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
    area_is_shown,
    protect_count,
    protect_question,
    total,
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


def test_a_negative_count_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="never negative"):
        protect_count(-1)


@pytest.mark.parametrize(("checkins", "shown"), [(0, False), (9, False), (10, True), (11, True)])
def test_boundary_of_an_area(checkins: int, shown: bool) -> None:
    assert area_is_shown(checkins) is shown


ROUNDED_10 = Cell(10, Mark.ROUNDED)
ZERO = Cell(0, Mark.ZERO)
SUPPRESSED = Cell(None, Mark.SUPPRESSED)


@pytest.mark.parametrize(
    ("counts", "cells"),
    [
        ((8, 1, 0), (WITHHELD,) * 3),  # nine answers
        ((8, 2, 0), (ROUNDED_10, SUPPRESSED, ZERO)),  # ten
        ((0, 0, 0), (WITHHELD,) * 3),
        ((40, 0, 0), (WITHHELD,) * 3),  # all alike
        ((7, 7, 0), (WITHHELD,) * 3),  # nothing left to show
        ((7, 7, 7), (WITHHELD,) * 3),
        ((7, 7, 8), (SUPPRESSED, SUPPRESSED, ROUNDED_10)),
    ],
)
def test_boundaries_of_one_question(counts: tuple[int, ...], cells: tuple[Cell, ...]) -> None:
    assert tuple(protect_question(dict(zip("abc", counts, strict=True)), True).values()) == cells


def test_zero_suppressed_withheld_and_not_asked_are_told_apart() -> None:
    not_asked = protect_question({"a": 0, "b": 0}, asked=False)
    assert set(not_asked.values()) == {NOT_ASKED}
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
        ([ZERO, SUPPRESSED], WITHHELD),  # not a zero: somebody did
        ([NOT_ASKED, NOT_ASKED], NOT_ASKED),
        ([], NOT_ASKED),
    ],
)
def test_totals(parts: list[Cell], expected: Cell) -> None:
    assert total(parts) == expected


counts_of_a_question = st.lists(st.integers(0, 60) | st.integers(0, 10**6), min_size=2, max_size=5)


@given(st.lists(counts_of_a_question, min_size=1, max_size=6), st.booleans())
def test_nothing_published_is_small_or_unrounded(areas: list[list[int]], asked: bool) -> None:
    blocks = [protect_question({str(a): n for a, n in enumerate(area)}, asked) for area in areas]
    cells = [cell for block in blocks for cell in block.values()]
    totals = [total(block.values()) for block in blocks] + [total(cells)]
    for cell in cells + totals:
        assert cell.count is None or cell.count % 5 == 0
        assert cell.count not in range(1, 8)
        assert (cell.count == 0) == (cell.mark == Mark.ZERO)


@given(counts_of_a_question)
def test_a_zero_is_true_and_a_total_adds_only_what_is_shown(raw: list[int]) -> None:
    cells = protect_question({str(place): count for place, count in enumerate(raw)}, True)
    for place, count in enumerate(raw):
        assert cells[str(place)].mark != Mark.ZERO or count == 0
    assert (total(cells.values()).count or 0) == sum(cell.count or 0 for cell in cells.values())


def test_no_suppressed_cell_can_be_bounded_within_its_question() -> None:
    """An attacker who knows the rules tries every population of up to 20 in each of three
    answers, and keeps those that would give the table seen. Each suppressed cell must still
    be able to be anything from 1 to 7, and each rounded one all that rounds to it."""
    could_be: dict[tuple[Cell, ...], list[set[int]]] = defaultdict(lambda: [set(), set(), set()])
    for raw in product(range(21), repeat=3):
        cells = tuple(protect_question(dict(zip("abc", raw, strict=True)), True).values())
        for place, count in enumerate(raw):
            could_be[(*cells, total(cells))][place].add(count)
    assert len(could_be) > 50
    for table, populations in could_be.items():
        for cell, values in zip(table, populations, strict=False):
            if cell.mark == Mark.SUPPRESSED:
                assert values == set(range(1, 8)), table
            elif cell.count in (10, 15):
                low = max(8, cell.count - 2)
                assert values == set(range(low, cell.count + 3)), table
            elif cell.mark == Mark.WITHHELD:
                assert values >= set(range(8)), table
