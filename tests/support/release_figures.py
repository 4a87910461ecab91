"""Figures as in a release, made by `disclosure` from random populations."""

import random
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate

import pytest

from checkins.checkin import AGE_BANDS
from checkins.disclosure import (
    Policy,
    is_group_shown,
    protect_block,
    withhold,
)
from checkins.figures import (
    EVERYWHERE,
    UNMET_NEED,
    USEFULNESS,
    Block,
    Dimension,
    Figures,
    ListingCount,
    Measure,
)
from checkins.outputs.release_files import write_files
from checkins.periods import parse_period
from checkins.questions import load_questions

STRANDS = (
    "strengthening_communities",
    "volunteer_and_peer_roles",
    "collaborations_and_partnerships",
    "access_to_community_resources",
)
TOPICS = (
    ("gardening", "gardening"),
    ("money", "money and debt"),
    ("lifts", "lifts and getting about"),
    ("company", "company and a chat"),
    ("music", "music & singing"),
    ("repair", "repairing things"),
)
NEEDS = Measure(UNMET_NEED, "Searches that found nothing good, by topic", TOPICS)
USEFUL = Measure(
    USEFULNESS,
    "Was this useful?",
    (("yes", "Yes"), ("in between", "In between"), ("no", "No")),
)
OWN = Measure(
    "market",
    "How often do you come to the Saturday market?",
    (("1", "Every week"), ("2", "Now & then"), ("3", "<em>Never</em>")),
)

# The weight of each answer, before an area changes it.
_WEIGHTS = {
    "belonging": (25, 36, 27, 12),
    "trust": (38, 38, 18, 6),
    "influence": (5, 24, 40, 31),
    "support": (42, 38, 13, 7),
    "involved": (48, 30, 22),
    "loneliness_score": (86, 14),
    "lonely": (8, 19, 22, 29, 22),
    "market": (30, 45, 25),
}
POPULATIONS = {
    "Harbourside": 140,
    "Old Town": 95,
    "Mill Lane": 48,
    "Larkhaven East and the villages beyond the river": 61,
    "Fenside": 23,
    "Quiet End": 6,
    "Station Quarter": 12,
}


def list_measures(codes: Sequence[str]) -> tuple[Measure, ...]:
    book = load_questions()
    built_in = {
        question.code: Measure(
            question.code, question.text, tuple((a.code, a.text) for a in question.answers)
        )
        for question in book.questions
    }
    built_in |= {
        score.code: Measure(score.code, score.text, tuple((b.code, b.text) for b in score.bands))
        for score in book.scores
    }
    return tuple((built_in | {OWN.code: OWN})[code] for code in codes)


def count_answers(chance: random.Random, measure: Measure, people: int, tilt: float) -> list[int]:
    """The number of people who gave each answer. About 6% give none."""
    weights = [weight * (1 + tilt) ** -index for index, weight in enumerate(_WEIGHTS[measure.code])]
    ends = list(accumulate(weights))
    counts = [0] * len(weights)
    for _ in range(people):
        if chance.random() < 0.94:
            drawn = chance.random() * ends[-1]
            counts[next(index for index, end in enumerate(ends) if drawn <= end)] += 1
    return counts


def make_town(
    period: str = "2026-Q4",
    *,
    areas: Mapping[str, int] | None = None,
    codes: Sequence[str] = tuple(_WEIGHTS),
    policy: Policy = Policy.ROUND_5,
    withheld: Sequence[tuple[str, str]] = (),
    has_directory: bool = True,
    fictional: bool = True,
    drift: float = 0.0,
) -> Figures:
    """The figures of a town. `areas` maps areas to people; `withheld` has pairs (area, measure)."""
    areas = POPULATIONS if areas is None else areas
    chance = random.Random(f"{period} {policy}")
    measures = list_measures(codes)
    ages = dict(zip(AGE_BANDS, (30, 45, 70, 80, 55, 8), strict=True))
    blocks = []
    groups: tuple[tuple[Dimension, Mapping[str, int]], ...] = (("area", areas), ("age_band", ages))
    for measure in measures:
        for dimension, sizes in groups:
            for index, (group, people) in enumerate(sizes.items()):
                if not is_group_shown(people):
                    continue
                tilt = drift + (0.4 if index == 0 else -0.25 if index == 1 else 0.0)
                counts = count_answers(chance, measure, people, tilt)
                was_asked = not (measure.code == "trust" and index == 2)
                cells = protect_block(counts, policy, was_asked=was_asked)
                if (group, measure.code) in withheld:
                    cells = withhold(cells)
                blocks.append(Block(dimension, group, measure.code, cells))
    needs = [
        Block(
            "area",
            area,
            UNMET_NEED,
            protect_block([chance.choice((0, 2, 5, 9, 14, people // 3)) for _ in TOPICS], policy),
        )
        for area, people in areas.items()
    ]
    listing_counts = [
        ListingCount(area, strand, 0 if chance.random() < 0.25 else chance.randrange(1, 30))
        for area in (*areas, "The Moor")
        for strand in STRANDS
    ]
    return Figures(
        period=parse_period(period),
        policy=policy,
        question_sets=("full-1", "market-1"),
        measures=(*measures, NEEDS, USEFUL),
        areas=tuple(areas),
        areas_left_out=tuple(area for area, people in areas.items() if not is_group_shown(people)),
        age_bands=tuple(ages),
        age_bands_left_out=tuple(age for age, people in ages.items() if not is_group_shown(people)),
        blocks=tuple(blocks),
        needs=tuple(needs) if has_directory else (),
        usefulness=Block("area", EVERYWHERE, USEFULNESS, protect_block([180, 41, 22], policy))
        if has_directory
        else None,
        listing_counts=tuple(listing_counts) if has_directory else (),
        fictional=fictional,
    )


def make_year() -> list[Figures]:
    """Four quarters, oldest first."""
    quarters = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
    return [
        make_town(quarter, drift=0.35 * index - 0.5, withheld=[("Mill Lane", "lonely")])
        for index, quarter in enumerate(quarters)
    ]


HOSTILE = {
    "<script>alert(1)</script>": 60,
    "حي الميناء القديم": 55,
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch and the parts of it by the sea": 42,
    'Ward 7 & "the rest"': 33,
    "=1+1": 8,
}


TOWNS = {
    "year": lambda: make_year()[-1],
    "hostile": lambda: make_town(areas=HOSTILE, fictional=False),
    "midpoint": lambda: make_town(policy=Policy.MIDPOINT_6, codes=("belonging", "lonely")),
    "bare": lambda: make_town(areas={"Harbour": 30}, codes=("belonging",), has_directory=False),
    "nothing shown": lambda: make_town(
        areas={"Harbour": 4}, codes=("lonely",), has_directory=False
    ),
}


towns = pytest.mark.parametrize("town", TOWNS)


@cache
def _written(town: str) -> dict[str, bytes]:
    return write_files(TOWNS[town](), make_year()[:-1])


def write(town: str) -> dict[str, bytes]:
    return dict(_written(town))
