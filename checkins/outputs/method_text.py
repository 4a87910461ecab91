"""The method of a release in plain words, for the notes and the report alike.

Owns what is said of a policy, so that README.txt and report.html never differ.
"""

from checkins.disclosure import (
    ANSWERS_MINIMUM,
    GROUP_MINIMUM,
    MIDPOINT_STEP,
    ROUNDED_TO,
    SUPPRESSED_UP_TO,
    Mark,
    Policy,
)
from checkins.outputs.table_schemas import MARKS

WHO = (
    "People chose to answer, in a chat. They are not a sample of everyone who lives here, so set "
    "these figures beside national ones with care. Nobody's name was asked or kept. The questions "
    "are for people aged 16 and over."
)
FICTIONAL = (
    "This is a demonstration. Every answer in it is made up. It says nothing about any real "
    "place or person."
)
RANGES = (
    "The range is about chance: how far the figure could lie from what all such people would "
    "say. In trials, rounding and suppression included, it held the true share at least 95 times "
    "in 100. It does not cover who chose to answer. Two groups are said to differ only where the "
    "95% interval of their difference (Newcombe's) leaves out zero. About one in twenty such "
    "differences comes by chance alone."
)
OVERLAP = (
    "Releases are checked against one another before they are published, so that no difference "
    "between two of them gives away a figure that is not shown."
)


def describe_policy(policy: Policy) -> tuple[str, ...]:
    """What was done to every count, a sentence or two each."""
    small = (
        f"Counts from 1 to {SUPPRESSED_UP_TO} are not shown. All others are rounded to the nearest "
        f"{ROUNDED_TO}. A count of 0 is a true zero."
        if policy is Policy.ROUND_5
        else f"Counts are told in steps of {MIDPOINT_STEP}, as the middle of the step: 3 stands "
        "for 1 to 6, 9 for 7 to 12. A count of 0 is a true zero."
    )
    return (
        small,
        "Totals are sums of the counts that are shown, so they can be some way from the true "
        "figures.",
        f"An area or age band with fewer than {GROUP_MINIMUM} check-ins is left out, and looks "
        "just like one with none.",
        f"A question is withheld in a group where fewer than {ANSWERS_MINIMUM} answered it, where "
        "all gave the same answer, where every answer would be suppressed, or where it could be "
        "worked out from other figures, of this release or an earlier one. It is not said which.",
        "'Prefer not to say' is not counted and not published.",
        "The three-item loneliness score is worked out before any of this and leaves only in "
        "bands: its questions are never published one by one.",
    )


def describe_rates(policy: Policy) -> str:
    """How percentages and their ranges were worked out."""
    small = (
        "Where an answer is suppressed, the percentage takes it as 4, the middle of 1 to 7, and "
        "is marked 'about'; the range then covers all that the suppressed answers could be. "
        if policy is Policy.ROUND_5
        else ""
    )
    return (
        "Percentages are worked out from the counts as published, and are whole numbers, as such "
        f"counts say no more. Each has a likely range: the 95% Wilson interval. {small}Groups "
        "where the question is withheld are in no percentage."
    )


def list_marks(policy: Policy) -> tuple[tuple[str, str], ...]:
    """The marks that can stand in tables of that policy, with their meanings."""
    never = {Mark.MIDPOINT} if policy is Policy.ROUND_5 else {Mark.ROUNDED, Mark.SUPPRESSED}
    return tuple((mark.value, words) for mark, words in MARKS.items() if mark not in never)
