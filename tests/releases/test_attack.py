"""The attacker finds what can be found: known leaks, and no other than a full search finds."""

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


def describe_leaks(found: Attack) -> set[tuple[str, str, str, int, int]]:
    """Each leak as period, group, answer and what it can be."""
    return {
        (leak.cell.period, leak.cell.group, leak.cell.answer, leak.low, leak.high)
        for leak in found.leaks
    }


def test_a_table_alone_gives_nothing_away() -> None:
    found = attack_releases([TOWN.release("2026-Q1", people("Harbour", None, 5, 30))])
    assert found.leaks == ()
    # The suppressed cell, and two answers of each of six age bands that are left out.
    assert found.tried == 1 + 2 * 6


def test_a_small_area_bounds_its_age_bands() -> None:
    """11 of the area could be 12, of which at least 8 are young: at most 4 are old."""
    everybody = people("Harbour", YOUNG, 9, 20) + people("Harbour", OLD, 2, 20)
    found = describe_leaks(attack_releases([TOWN.release("2026-Q1", everybody)]))
    assert ("2026-Q1", OLD, "1", 1, 4) in found
    # Nor can anybody be missing from the four bands that are left out.
    assert found - {("2026-Q1", OLD, "1", 1, 4)} == {
        ("2026-Q1", band, "1", 0, 3) for band in ("25-34", "35-49", "50-64", "65-74")
    }


def test_an_age_band_that_is_left_out_is_bounded_as_well() -> None:
    everybody = people("Harbour", YOUNG, 10, 20) + people("Harbour", OLD, 1, 2)
    found = attack_releases([TOWN.release("2026-Q1", everybody)])
    assert ("2026-Q1", OLD, "1", 0, 4) in describe_leaks(found)


def test_a_year_less_its_quarters_reveals() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    releases = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    assert attack_releases(releases).leaks == ()
    year = TOWN.release("2026", join(quarters))
    # 27 is told as 25, 23 to 27; three quarters have 7 at most.
    assert describe_leaks(attack_releases([*releases, year])) == {
        (f"2026-Q{n}", "Harbour", "1", 2, 7) for n in (1, 2, 3, 4)
    }


def test_what_was_not_released_is_bounded_by_what_was() -> None:
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


def test_the_rest_of_an_area_bounds_the_rest_of_its_age_bands() -> None:
    """Of the area 9 at most came later; of the young, 13 less those of the first quarter."""
    first = people("Harbour", YOUNG, 7, 40) + people("Harbour", None, 16, 40)
    later = people("Harbour", YOUNG, 9, 40)
    releases = [TOWN.release("2026-Q1", first), TOWN.release("2026", first + later)]
    assert ("2026-Q1", YOUNG, "1", 4, 7) in describe_leaks(attack_releases(releases))


def test_areas_in_another_order_are_the_same_areas() -> None:
    """The age bands of a year are bound to those of its quarters, however its areas are listed."""
    quarter = people("Harbour", YOUNG, 10, 40) + people("Old Town", None, 40, 40)
    later = people("Harbour", YOUNG, 1, 40) + people("Old Town", None, 40, 40)
    releases = [
        Town(areas=("Harbour", "Old Town")).release("2026-Q1", quarter),
        Town(areas=("Old Town", "Harbour")).release("2026", quarter + later),
    ]
    assert ("2026 without 2026-Q1", YOUNG, "1", 0, 4) in describe_leaks(attack_releases(releases))


def test_a_zero_is_harmless_only_where_zeros_were_published() -> None:
    """Four bands of 8 or more fill an area of 32 at most: nobody is left for those left out."""
    bands = ("16-24", "25-34", "35-49", "50-64")
    everybody = join([people("Harbour", band, 8, 20) for band in bands])
    found = describe_leaks(
        attack_releases([TOWN.release("2026-Q1", everybody + people("Harbour", OLD, 0, 9))])
    )
    assert ("2026-Q1", OLD, "1", 0, 0) in found
    nobody = people("Harbour", YOUNG, 0, 40, 40)
    town = Town(measure=Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"))))
    assert ("2026-Q1", OLD, "1", 0, 0) not in describe_leaks(
        attack_releases([town.release("2026-Q1", nobody)])
    )


def test_two_policies_for_one_period_meet_in_one_number() -> None:
    everybody = people("Harbour", None, 7, 40)
    releases = [TOWN.release("2026-Q1", everybody, policy) for policy in Policy]
    assert ("2026-Q1", "Harbour", "1", 7, 7) in describe_leaks(attack_releases(releases))


def test_a_step_of_six_is_hidden_as_well() -> None:
    everybody = people("Harbour", YOUNG, 9, 20) + people("Harbour", OLD, 2, 20)
    found = attack_releases([TOWN.release("2026-Q1", everybody, Policy.MIDPOINT_6)])
    # 11 of the area is 7 to 12, of which 7 at least are young.
    assert ("2026-Q1", OLD, "1", 1, 5) in describe_leaks(found)


def test_releases_that_nobody_could_have_given_do_not_fit() -> None:
    quarter = TOWN.release("2026-Q1", people("Harbour", None, 50, 40))
    year = TOWN.release("2026", people("Harbour", None, 20, 40))
    with pytest.raises(ReleaseError, match="do not fit together"):
        attack_releases([quarter, year])


def search_everything(figures: Figures) -> set[tuple[str, str, str, int, int]]:
    """The same leaks by trying every population of one area and two age bands, answer by answer."""
    cells = {(one.dimension, one.group): one.cells for one in figures.blocks}
    groups = [("area", "Harbour"), ("age_band", YOUNG), ("age_band", OLD)]
    codes = [code for code, _ in TOWN.measure.answers]
    ranges, left_out = [], []
    for group in groups:
        left_out.append(group not in cells)
        for number in range(len(codes)):
            low, high = bound_cell(cells[group][number]) if group in cells else (0, 9)
            ranges.append(np.arange(low, (20 if high is None else high) + 1))
    assume(np.prod([float(len(one)) for one in ranges]) < 3e6)
    axes = np.ix_(*ranges)
    # Nobody of the other four age bands has to be there.
    possible = np.ones([len(one) for one in ranges], bool)
    for number in range(len(codes)):
        area, young, old = (axes[place * len(codes) + number] for place in range(3))
        possible = possible & (young + old <= area)
    for place, group in enumerate(groups):
        answers = sum(axes[place * len(codes) + number] for number in range(len(codes)))
        if left_out[place]:
            possible = possible & (answers < GROUP_MINIMUM)
        elif cells[group][0].mark is not Mark.WITHHELD:
            possible = possible & (answers >= ANSWERS_MINIMUM)
    leaks = set()
    small = figures.policy.small
    for (place, group), number in product(enumerate(groups), range(len(codes))):
        axis = place * len(codes) + number
        others = tuple(one for one in range(possible.ndim) if one != axis)
        values = ranges[axis][possible.any(axis=others)]
        low, high = int(values.min()), int(values.max())
        if left_out[place] or cells[group][number].mark is Mark.WITHHELD:
            narrow = high > 0 and low <= small and high - low < small - 1
        else:
            first, last = bound_cell(cells[group][number])
            narrow = 0 < first <= (last or 0) <= small and (low, high) != (first, last)
        if narrow:
            leaks.add((figures.period.name, group[1], codes[number], low, high))
    return leaks


small_counts = st.tuples(st.integers(0, 13), st.integers(0, 13))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(small_counts, small_counts, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_no_more_and_no_less_is_found_than_by_trying_every_population(
    young: tuple[int, int], old: tuple[int, int], nobody: tuple[int, int]
) -> None:
    everybody = (
        people("Harbour", YOUNG, *young)
        + people("Harbour", OLD, *old)
        + people("Harbour", None, *nobody)
    )
    for policy in Policy:
        figures = TOWN.release("2026-Q1", everybody, policy)
        found = {
            leak
            for leak in describe_leaks(attack_releases([figures]))
            if leak[1] in ("Harbour", YOUNG, OLD)
        }
        assert found == search_everything(figures)
