"""The attack finds the known leaks, and exactly the leaks that an exhaustive search finds."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from checkins.disclosure import ANSWERS_MINIMUM, GROUP_MINIMUM, Mark, Policy, bound_cell
from checkins.errors import ReleaseError
from checkins.figures import Figures, Measure
from checkins.release.attack import Attack, attack_releases
from tests.support.checkin_towns import Town, join, people

TOWN = Town()
YOUNG, OLD = "16-24", "75+"


def describe_leaks(attack: Attack) -> set[tuple[str, str, str, int, int]]:
    """Each leak as period, group, answer, lowest and highest possible count."""
    return {
        (leak.cell.period, leak.cell.group, leak.cell.answer, leak.low, leak.high)
        for leak in attack.leaks
    }


def test_a_single_table_has_no_leaks() -> None:
    attack = attack_releases([TOWN.release("2026-Q1", people("Harbour", None, 5, 30))])
    assert attack.leaks == ()
    # The suppressed cell, and the two answers of each of the six age bands left out.
    assert attack.tried == 1 + 2 * 6


def test_a_small_area_bounds_its_age_bands() -> None:
    """The area's 11 is published as 10, so at most 12. At least 8 are young: at most 4 are old."""
    everybody = people("Harbour", YOUNG, 9, 20) + people("Harbour", OLD, 2, 20)
    leaks = describe_leaks(attack_releases([TOWN.release("2026-Q1", everybody)]))
    assert ("2026-Q1", OLD, "1", 1, 4) in leaks
    # The four bands left out are bounded as well.
    assert leaks - {("2026-Q1", OLD, "1", 1, 4)} == {
        ("2026-Q1", band, "1", 0, 3) for band in ("25-34", "35-49", "50-64", "65-74")
    }


def test_an_age_band_that_is_left_out_is_bounded_as_well() -> None:
    everybody = people("Harbour", YOUNG, 10, 20) + people("Harbour", OLD, 1, 2)
    attack = attack_releases([TOWN.release("2026-Q1", everybody)])
    assert ("2026-Q1", OLD, "1", 0, 4) in describe_leaks(attack)


def test_a_year_less_its_quarters_reveals() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    releases = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    assert attack_releases(releases).leaks == ()
    year = TOWN.release("2026", join(quarters))
    # 27 is published as 25, so it is 23 to 27; three quarters have at most 7 each.
    assert describe_leaks(attack_releases([*releases, year])) == {
        (f"2026-Q{n}", "Harbour", "1", 2, 7) for n in (1, 2, 3, 4)
    }


def test_the_difference_between_two_releases_is_bounded() -> None:
    first, rest = people("Harbour", None, 10, 40), people("Harbour", None, 1, 40)
    releases = [TOWN.release("2026-Q1", first), TOWN.release("2026", first + rest)]
    assert ("2026 without 2026-Q1", "Harbour", "1", 0, 4) in describe_leaks(
        attack_releases(releases)
    )


def test_months_and_quarters_bound_each_other_through_the_year() -> None:
    month = people("Harbour", None, 9, 40)
    quarter = month + people("Harbour", None, 0, 40)
    releases = [TOWN.release("2026-01", month), TOWN.release("2026-Q1", quarter)]
    assert ("2026-Q1 without 2026-01", "Harbour", "1", 0, 4) in describe_leaks(
        attack_releases(releases)
    )


def test_the_difference_in_an_area_bounds_the_difference_in_its_age_bands() -> None:
    """At most 9 of the area came later. The year has at least 13 young: 4 came before."""
    first = people("Harbour", YOUNG, 7, 40) + people("Harbour", None, 16, 40)
    later = people("Harbour", YOUNG, 9, 40)
    releases = [TOWN.release("2026-Q1", first), TOWN.release("2026", first + later)]
    assert ("2026-Q1", YOUNG, "1", 4, 7) in describe_leaks(attack_releases(releases))


def test_the_order_of_areas_does_not_matter() -> None:
    """The age bands of a year are bound to those of its quarters in any order of areas."""
    quarter = people("Harbour", YOUNG, 10, 40) + people("Old Town", None, 40, 40)
    later = people("Harbour", YOUNG, 1, 40) + people("Old Town", None, 40, 40)
    releases = [
        Town(areas=("Harbour", "Old Town")).release("2026-Q1", quarter),
        Town(areas=("Old Town", "Harbour")).release("2026", quarter + later),
    ]
    assert ("2026 without 2026-Q1", YOUNG, "1", 0, 4) in describe_leaks(attack_releases(releases))


def test_a_count_known_to_be_zero_is_harmless_only_if_published_zeros_imply_it() -> None:
    """Four bands of at least 8 fill an area of at most 32: the bands left out must be empty."""
    bands = ("16-24", "25-34", "35-49", "50-64")
    everybody = join([people("Harbour", band, 8, 20) for band in bands])
    leaks = describe_leaks(
        attack_releases([TOWN.release("2026-Q1", everybody + people("Harbour", OLD, 0, 9))])
    )
    assert ("2026-Q1", OLD, "1", 0, 0) in leaks
    no_first_answers = people("Harbour", YOUNG, 0, 40, 40)
    town = Town(measure=Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"))))
    assert ("2026-Q1", OLD, "1", 0, 0) not in describe_leaks(
        attack_releases([town.release("2026-Q1", no_first_answers)])
    )


def test_two_policies_for_one_period_reveal_the_exact_count() -> None:
    everybody = people("Harbour", None, 7, 40)
    releases = [TOWN.release("2026-Q1", everybody, policy) for policy in Policy]
    assert ("2026-Q1", "Harbour", "1", 7, 7) in describe_leaks(attack_releases(releases))


def test_a_count_of_the_lowest_midpoint_step_counts_as_hidden() -> None:
    everybody = people("Harbour", YOUNG, 9, 20) + people("Harbour", OLD, 2, 20)
    attack = attack_releases([TOWN.release("2026-Q1", everybody, Policy.MIDPOINT_6)])
    # The area's 11 is published as 9, so it is 7 to 12. At least 7 are young.
    assert ("2026-Q1", OLD, "1", 1, 5) in describe_leaks(attack)


def test_releases_that_no_population_could_produce_are_refused() -> None:
    quarter = TOWN.release("2026-Q1", people("Harbour", None, 50, 40))
    year = TOWN.release("2026", people("Harbour", None, 20, 40))
    with pytest.raises(ReleaseError, match="do not fit together"):
        attack_releases([quarter, year])


def search_exhaustively(figures: Figures) -> set[tuple[str, str, str, int, int]]:
    """The same leaks, found by trying every population of one area and two age bands."""
    cells = {(block.dimension, block.group): block.cells for block in figures.blocks}
    groups = [("area", "Harbour"), ("age_band", YOUNG), ("age_band", OLD)]
    codes = [code for code, _ in TOWN.measure.answers]
    ranges, left_out = [], []
    for group in groups:
        left_out.append(group not in cells)
        for number in range(len(codes)):
            low, high = bound_cell(cells[group][number]) if group in cells else (0, 9)
            ranges.append(np.arange(low, (20 if high is None else high) + 1))
    assume(np.prod([float(len(values)) for values in ranges]) < 3e6)
    axes = np.ix_(*ranges)
    # The other four age bands can be empty.
    possible = np.ones([len(values) for values in ranges], bool)
    for number in range(len(codes)):
        area, young, old = (axes[index * len(codes) + number] for index in range(3))
        possible = possible & (young + old <= area)
    for index, group in enumerate(groups):
        answers = sum(axes[index * len(codes) + number] for number in range(len(codes)))
        if left_out[index]:
            possible = possible & (answers < GROUP_MINIMUM)
        elif cells[group][0].mark is not Mark.WITHHELD:
            possible = possible & (answers >= ANSWERS_MINIMUM)
    leaks = set()
    small = figures.policy.small
    for (index, group), number in product(enumerate(groups), range(len(codes))):
        axis = index * len(codes) + number
        other_axes = tuple(a for a in range(possible.ndim) if a != axis)
        values = ranges[axis][possible.any(axis=other_axes)]
        low, high = int(values.min()), int(values.max())
        if left_out[index] or cells[group][number].mark is Mark.WITHHELD:
            is_narrow = high > 0 and low <= small and high - low < small - 1
        else:
            first, last = bound_cell(cells[group][number])
            is_narrow = 0 < first <= (last or 0) <= small and (low, high) != (first, last)
        if is_narrow:
            leaks.add((figures.period.name, group[1], codes[number], low, high))
    return leaks


small_counts = st.tuples(st.integers(0, 13), st.integers(0, 13))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(small_counts, small_counts, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_the_attack_finds_the_same_leaks_as_an_exhaustive_search(
    young: tuple[int, int], old: tuple[int, int], no_age: tuple[int, int]
) -> None:
    everybody = (
        people("Harbour", YOUNG, *young)
        + people("Harbour", OLD, *old)
        + people("Harbour", None, *no_age)
    )
    for policy in Policy:
        figures = TOWN.release("2026-Q1", everybody, policy)
        leaks = {
            leak
            for leak in describe_leaks(attack_releases([figures]))
            if leak[1] in ("Harbour", YOUNG, OLD)
        }
        assert leaks == search_exhaustively(figures)
