"""Bursts of check-ins: what is counted, what may be stored, and what is flagged."""

import pytest

from checkins.bursts import ALL_AREAS, Burst, BurstWatch, find_bursts

WEEK = "2026-W47"
HOUR = 3600


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def add(watch: BurstWatch, clock: Clock, times: int, area: str = "Harbour", every: int = 0) -> None:
    """Count that many check-ins, `every` so many seconds."""
    for _ in range(times):
        watch.add(WEEK, area)
        clock.now += every


@pytest.mark.parametrize(
    ("times", "every", "largest"),
    [
        (9, 0, None),  # fewer than 10 are not stored
        (10, 0, 10),
        (14, 0, 10),  # rounded down to a multiple of 5
        (15, 0, 15),
        (100, HOUR // 10, 10),  # ten an hour, for ten hours
        (100, HOUR // 9, None),
    ],
)
def test_the_largest_hour_is_rounded_down(
    clock: Clock, times: int, every: int, largest: int | None
) -> None:
    watch = BurstWatch(clock)
    add(watch, clock, times, every=every)
    assert watch.read_largest().get((WEEK, "Harbour")) == largest


def test_any_hour_counts_and_not_only_whole_ones(clock: Clock) -> None:
    watch = BurstWatch(clock)
    clock.now = HOUR - 60
    add(watch, clock, 10)
    clock.now = HOUR + 60
    add(watch, clock, 10)
    assert watch.read_largest()[WEEK, "Harbour"] == 20


def test_areas_are_counted_singly_and_together(clock: Clock) -> None:
    watch = BurstWatch(clock)
    for area in ("Harbour", "Old Town"):
        add(watch, clock, 8, area)
    assert watch.read_largest() == {(WEEK, ALL_AREAS): 15}


def test_times_are_forgotten_after_an_hour_and_no_client_is_known(clock: Clock) -> None:
    watch = BurstWatch(clock)
    add(watch, clock, 12)
    clock.now += HOUR
    assert watch.read_largest()[WEEK, "Harbour"] == 10
    assert not watch._latest
    # What stays until the process ends is one number for each week and area.
    assert watch._largest == {(WEEK, "Harbour"): 12, (WEEK, ALL_AREAS): 12}


@pytest.mark.parametrize(("total", "is_flagged"), [(10, True), (19, True), (20, False)])
def test_a_burst_is_flagged_if_it_is_most_of_the_week(total: int, is_flagged: bool) -> None:
    bursts = find_bursts({(WEEK, "Harbour"): 10}, {(WEEK, "Harbour"): total})
    assert bursts == ((Burst(WEEK, "Harbour"),) if is_flagged else ())


def test_weeks_and_areas_of_other_releases_are_not_flagged() -> None:
    largest = {(WEEK, "Harbour"): 10, ("2026-W01", "Old Town"): 10}
    assert find_bursts(largest, {(WEEK, "Old Town"): 10}) == ()
