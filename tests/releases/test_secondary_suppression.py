"""No hidden count can be bounded, for any population, table and order of releases."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkins.checkin import AGE_BANDS
from checkins.disclosure import Mark, Policy
from checkins.errors import ReleaseError
from checkins.figures import Figures, Measure
from checkins.periods import parse_period
from checkins.release.attack import attack_releases
from checkins.release.secondary_suppression import (
    DirectoryCounts,
    build_figures,
    suppress_leaks,
)
from tests.support.checkin_towns import Person, Town, join, people

TOWN = Town()


def list_shown(figures: Figures) -> set[tuple[str, str]]:
    """The blocks that show a count, as dimension and group."""
    return {
        (block.dimension, block.group)
        for block in figures.blocks
        if any(cell.count is not None for cell in block.cells)
    }


def test_a_leak_by_a_margin_costs_one_block() -> None:
    everybody = [
        *people("Harbour", "16-24", 9, 20),
        *people("Harbour", "75+", 2, 20),
    ]
    figures = TOWN.release("2026-Q1", everybody)
    assert attack_releases([figures]).leaks
    safe = suppress_leaks(figures, [])
    assert not attack_releases([safe]).leaks
    assert len(list_shown(figures) - list_shown(safe)) == 1


def test_a_large_town_loses_nothing() -> None:
    chance = random.Random(1)
    town = Town(areas=tuple(f"Area {n}" for n in range(8)))
    everybody: list[Person] = [
        (chance.choice(town.areas), chance.choice(list(AGE_BANDS)), chance.choice("111222"))
        for _ in range(2000)
    ]
    figures = town.release("2026-Q1", everybody)
    assert suppress_leaks(figures, []) == figures


def test_a_year_is_withheld_if_it_would_reveal_counts_of_its_quarters() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    released: list[Figures] = []
    for number, quarter in enumerate(quarters, start=1):
        released.append(suppress_leaks(TOWN.release(f"2026-Q{number}", quarter), released))
    year = TOWN.release("2026", join(quarters))
    safe = suppress_leaks(year, released)
    assert list_shown(year) == {("area", "Harbour")}
    assert list_shown(safe) == set()
    assert not attack_releases([*released, safe]).leaks


def test_a_leak_that_withholding_cannot_close_is_refused() -> None:
    """The year shows at least 8 of the first answer, and three quarters had none. Leaving the area
    out of the fourth, as it has fewer than 10 people, leaves at most 1 for the other answers."""
    town = Town(measure=Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"))))
    quarter, last = people("Harbour", None, 0, 20, 20), people("Harbour", None, 9, 0, 0)
    released: list[Figures] = []
    for period, everybody in (
        *((f"2026-Q{number}", quarter) for number in (1, 2, 3)),
        ("2026", quarter * 3 + last),
    ):
        released.append(suppress_leaks(town.release(period, everybody), released))
    assert all(("area", "Harbour") in list_shown(figures) for figures in released)
    with pytest.raises(ReleaseError, match="would reveal"):
        suppress_leaks(town.release("2026-Q4", last), released)


def test_a_later_release_does_not_reveal_that_everyone_gave_one_answer() -> None:
    """The year less three quarters would put the withheld quarter's first answer above 7."""
    quarters = [people("Harbour", None, 30, 0), *[people("Harbour", None, 40, 20)] * 3]
    released: list[Figures] = []
    for number, quarter in enumerate(quarters, start=1):
        released.append(suppress_leaks(TOWN.release(f"2026-Q{number}", quarter), released))
    year = TOWN.release("2026", join(quarters))
    assert list_shown(year) == {("area", "Harbour")}
    assert list_shown(suppress_leaks(year, released)) == set()


def test_a_leak_in_earlier_releases_does_not_stop_a_later_one() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    leaky = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    leaky.append(TOWN.release("2026", join(quarters)))
    assert attack_releases(leaky).leaks
    following = TOWN.release("2027-Q1", people("Harbour", None, 30, 40))
    assert suppress_leaks(following, leaky) == following


def test_counts_of_a_replaced_directory_are_withheld_and_check_ins_are_not() -> None:
    def release(period: str, unmet: int, answers: int) -> Figures:
        return build_figures(
            TOWN.count(people("Harbour", None, answers, answers)),
            DirectoryCounts(
                topics=(("food", "Food"), ("choir", "Choir")),
                unmet={"Harbour": {"food": unmet, "choir": 20}},
            ),
            period=parse_period(period),
            policy=Policy.ROUND_5,
            areas=TOWN.areas,
            measures=[TOWN.measure],
        )

    quarter, year = release("2026-Q1", 90, 50), release("2026", 20, 200)
    safe = suppress_leaks(year, [quarter])
    assert safe.blocks == year.blocks
    assert {cell.mark for block in safe.needs for cell in block.cells} == {Mark.WITHHELD}
    assert attack_releases([quarter, safe]).leaks == ()


def test_inconsistent_figures_are_refused() -> None:
    year = TOWN.release("2026", people("Harbour", None, 10, 40))
    with pytest.raises(ReleaseError, match="do not fit together"):
        suppress_leaks(TOWN.release("2026-Q1", people("Harbour", None, 90, 40)), [year])


PARTS = {
    "2026-Q1": ("2026-01", "2026-02", "2026-03"),
    "2026": ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"),
}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Town, str, list[Person], Policy]]:
    """Releases in order: the town, the period, its people, and the policy."""
    areas = tuple(f"Area {n}" for n in range(draw(st.integers(1, 4))))
    answers = tuple((str(n), f"Answer {n}") for n in range(1, draw(st.integers(2, 4)) + 1))
    bands = draw(st.lists(st.sampled_from([None, *AGE_BANDS]), min_size=1, max_size=4, unique=True))
    # People are drawn at random, because Hypothesis would draw few and most leaks need dozens.
    chance = random.Random(draw(st.integers(0, 2**32)))
    size = draw(st.sampled_from([12, 30, 60, 150]))
    preferences = draw(st.lists(st.integers(0, 9), min_size=len(answers), max_size=len(answers)))
    weights = [weight or 0.1 for weight in preferences]
    town = Town(areas, Measure("q", "A question?", answers))
    people_by_period: dict[str, list[Person]] = {}
    for period in ("2026-01", "2026-02", "2026-03", "2026-Q2", "2026-Q3", "2026-Q4"):
        codes = chance.choices([code for code, _ in answers], weights, k=chance.randint(0, size))
        people_by_period[period] = [
            (chance.choice(areas), chance.choice(bands), code) for code in codes
        ]
    for period, parts in PARTS.items():
        people_by_period[period] = join([people_by_period[part] for part in parts])
    order = draw(
        st.lists(st.sampled_from(sorted(people_by_period)), min_size=1, max_size=5, unique=True)
    )
    policy = draw(st.sampled_from(Policy))
    return [(town, period, people_by_period[period], policy) for period in order]


def release_all(history: Sequence[tuple[Town, str, list[Person], Policy]]) -> list[Figures]:
    """The releases of a history, without those that are refused because they would reveal."""
    released: list[Figures] = []
    for town, period, everybody, policy in history:
        try:
            released.append(suppress_leaks(town.release(period, everybody, policy), released))
        except ReleaseError as refused:
            if "would reveal" not in str(refused):
                raise
    return released


@settings(max_examples=60, deadline=None)
@given(histories())
def test_no_hidden_count_of_any_history_can_be_bounded(
    history: list[tuple[Town, str, list[Person], Policy]],
) -> None:
    released = release_all(history)
    assert attack_releases(released).leaks == ()
    for town, period, everybody, policy in history:
        for figures in released:
            if figures.period.name == period:
                check_only_withheld(figures, town.release(period, everybody, policy))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 25)] * 3), min_size=1, max_size=4), st.sampled_from(Policy)
)
def test_no_hidden_count_of_any_table_can_be_bounded(
    groups: list[tuple[int, int, int]], policy: Policy
) -> None:
    """Areas of any size, each with people of one age band; in the last, nobody gave an age."""
    town = Town(
        tuple(f"Area {number}" for number in range(len(groups))),
        Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"))),
    )
    bands = [*AGE_BANDS, None]
    everybody = [
        person
        for area, band, answers in zip(town.areas, bands[-len(groups) :], groups, strict=True)
        for person in people(area, band, *answers)
    ]
    figures = town.release("2026-Q1", everybody, policy)
    safe = suppress_leaks(figures, [])
    assert attack_releases([safe]).leaks == ()
    check_only_withheld(safe, figures)


def check_only_withheld(figures: Figures, raw: Figures) -> None:
    """Check that the figures differ from `raw` only by withheld blocks."""
    assert replace(figures, blocks=()) == replace(raw, blocks=())
    for block, before in zip(figures.blocks, raw.blocks, strict=True):
        withheld = {cell.mark for cell in block.cells} == {Mark.WITHHELD}
        assert withheld or block == before


def test_without_secondary_suppression_releases_leak() -> None:
    """The attack finds nothing above only because blocks were withheld."""
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    plain = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    assert attack_releases([*plain, TOWN.release("2026", join(quarters))]).leaks
