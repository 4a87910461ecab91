"""Whatever the people, the grid and the order of releases, nothing hidden can be bounded."""

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


def shown(figures: Figures) -> set[tuple[str, str]]:
    """The blocks that show something, as dimension and group."""
    return {
        (block.dimension, block.group)
        for block in figures.blocks
        if any(cell.count is not None for cell in block.cells)
    }


def test_a_margin_that_would_reveal_costs_one_block() -> None:
    everybody = [
        *people("Harbour", "16-24", 9, 20),
        *people("Harbour", "75+", 2, 20),
    ]
    figures = TOWN.release("2026-Q1", everybody)
    assert attack_releases([figures]).leaks
    safe = suppress_leaks(figures, [])
    assert not attack_releases([safe]).leaks
    assert len(shown(figures) - shown(safe)) == 1


def test_a_large_town_loses_nothing() -> None:
    chance = random.Random(1)
    town = Town(areas=tuple(f"Area {n}" for n in range(8)))
    everybody: list[Person] = [
        (chance.choice(town.areas), chance.choice(list(AGE_BANDS)), chance.choice("111222"))
        for _ in range(2000)
    ]
    figures = town.release("2026-Q1", everybody)
    assert suppress_leaks(figures, []) == figures


def test_a_year_is_withheld_where_its_quarters_would_reveal() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    released: list[Figures] = []
    for number, quarter in enumerate(quarters, start=1):
        released.append(suppress_leaks(TOWN.release(f"2026-Q{number}", quarter), released))
    year = TOWN.release("2026", join(quarters))
    safe = suppress_leaks(year, released)
    assert shown(year) == {("area", "Harbour")}
    assert shown(safe) == set()
    assert not attack_releases([*released, safe]).leaks


def test_what_cannot_be_mended_is_refused() -> None:
    """The year shows 8 or more of the first answer, and three quarters had none. Leaving the area
    out of the fourth, for fewer than 10 people, would leave 1 at most to each other answer."""
    town = Town(measure=Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"))))
    quarter, last = people("Harbour", None, 0, 20, 20), people("Harbour", None, 9, 0, 0)
    released: list[Figures] = []
    for period, everybody in (
        *((f"2026-Q{number}", quarter) for number in (1, 2, 3)),
        ("2026", quarter * 3 + last),
    ):
        released.append(suppress_leaks(town.release(period, everybody), released))
    assert all(("area", "Harbour") in shown(figures) for figures in released)
    with pytest.raises(ReleaseError, match="would reveal"):
        suppress_leaks(town.release("2026-Q4", last), released)


def test_that_all_gave_one_answer_is_not_shown_by_a_later_release() -> None:
    """The year less three quarters would put the withheld quarter's first answer above 7."""
    quarters = [people("Harbour", None, 30, 0), *[people("Harbour", None, 40, 20)] * 3]
    released: list[Figures] = []
    for number, quarter in enumerate(quarters, start=1):
        released.append(suppress_leaks(TOWN.release(f"2026-Q{number}", quarter), released))
    year = TOWN.release("2026", join(quarters))
    assert shown(year) == {("area", "Harbour")}
    assert shown(suppress_leaks(year, released)) == set()


def test_a_leak_of_long_ago_stops_no_later_release() -> None:
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    leaky = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    leaky.append(TOWN.release("2026", join(quarters)))
    assert attack_releases(leaky).leaks
    following = TOWN.release("2027-Q1", people("Harbour", None, 30, 40))
    assert suppress_leaks(following, leaky) == following


def test_reach_of_another_directory_is_withheld_and_the_check_ins_are_not() -> None:
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


def test_figures_that_do_not_fit_are_refused() -> None:
    year = TOWN.release("2026", people("Harbour", None, 10, 40))
    with pytest.raises(ReleaseError, match="do not fit together"):
        suppress_leaks(TOWN.release("2026-Q1", people("Harbour", None, 90, 40)), [year])


PARTS = {
    "2026-Q1": ("2026-01", "2026-02", "2026-03"),
    "2026": ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"),
}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Town, str, list[Person], Policy]]:
    """A town, its people in each period, and in which order and by which rule each is released."""
    areas = tuple(f"Area {n}" for n in range(draw(st.integers(1, 4))))
    answers = tuple((str(n), f"Answer {n}") for n in range(1, draw(st.integers(2, 4)) + 1))
    bands = draw(st.lists(st.sampled_from([None, *AGE_BANDS]), min_size=1, max_size=4, unique=True))
    # By chance and not by choice, since Hypothesis would draw few people: most of what can go
    # wrong needs dozens.
    chance = random.Random(draw(st.integers(0, 2**32)))
    size = draw(st.sampled_from([12, 30, 60, 150]))
    leaning = draw(st.lists(st.integers(0, 9), min_size=len(answers), max_size=len(answers)))
    weights = [weight or 0.1 for weight in leaning]
    town = Town(areas, Measure("q", "A question?", answers))
    whole: dict[str, list[Person]] = {}
    for leaf in ("2026-01", "2026-02", "2026-03", "2026-Q2", "2026-Q3", "2026-Q4"):
        codes = chance.choices([code for code, _ in answers], weights, k=chance.randint(0, size))
        whole[leaf] = [(chance.choice(areas), chance.choice(bands), code) for code in codes]
    for period, parts in PARTS.items():
        whole[period] = join([whole[part] for part in parts])
    order = draw(st.lists(st.sampled_from(sorted(whole)), min_size=1, max_size=5, unique=True))
    policy = draw(st.sampled_from(Policy))
    return [(town, period, whole[period], policy) for period in order]


def release_all(history: Sequence[tuple[Town, str, list[Person], Policy]]) -> list[Figures]:
    """What is released of it, as `release` would: what would reveal too much is not."""
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
                tell_truly(figures, town.release(period, everybody, policy))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 25)] * 3), min_size=1, max_size=4), st.sampled_from(Policy)
)
def test_no_hidden_count_of_any_table_can_be_bounded(
    groups: list[tuple[int, int, int]], policy: Policy
) -> None:
    """Areas and age bands of any size, where each area is one age band's and the last no one's."""
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
    tell_truly(safe, figures)


def tell_truly(figures: Figures, raw: Figures) -> None:
    """Nothing but withholding was done, and withheld, suppressed and zero look different."""
    assert replace(figures, blocks=()) == replace(raw, blocks=())
    for block, before in zip(figures.blocks, raw.blocks, strict=True):
        withheld = {cell.mark for cell in block.cells} == {Mark.WITHHELD}
        assert withheld or block == before


def test_without_complements_histories_do_leak() -> None:
    """That the attack finds nothing above is because of what was withheld."""
    quarters = [people("Harbour", None, n, 40) for n in (7, 7, 7, 6)]
    plain = [TOWN.release(f"2026-Q{n}", q) for n, q in enumerate(quarters, start=1)]
    assert attack_releases([*plain, TOWN.release("2026", join(quarters))]).leaks
