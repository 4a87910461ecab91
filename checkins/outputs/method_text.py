"""The method of a release as text.

Owns the description of a policy, so that README.txt and report.html never differ.
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
    "People chose to answer, in a chat. They are not a sample of everyone who lives here, so "
    "compare these figures with national ones with care. No names were asked for or stored. The "
    "questions are for people aged 16 and over."
)
FICTIONAL = (
    "This is a demonstration. Every answer in it is made up. It says nothing about any real "
    "place or person."
)
BURSTS = (
    "In at least one week, most check-ins came within one hour. People may have answered together, "
    "for example at an event, or somebody may have made answers up. Read the figures with care."
)
RANGES = (
    "The likely range shows the effect of chance: how far the figure could be from the answers of "
    "all people like those who answered. In trials that included rounding and suppression, it "
    "contained the true share at least 95 times in 100. It does not account for who chose to "
    "answer. Two groups are only called different if the 95% interval of their difference "
    "(Newcombe's method) excludes zero. About one in twenty such differences occurs by chance "
    "alone."
)
OVERLAP = (
    "Before it is published, a release is checked against all earlier ones, so that no difference "
    "between two of them reveals a figure that is not shown."
)


def describe_policy(policy: Policy) -> tuple[str, ...]:
    """The treatment of counts, one or two sentences for each rule."""
    small = (
        f"Counts from 1 to {SUPPRESSED_UP_TO} are not shown. All others are rounded to the nearest "
        f"{ROUNDED_TO}. A count of 0 is a true zero."
        if policy is Policy.ROUND_5
        else f"Counts are grouped in steps of {MIDPOINT_STEP} and shown as the middle of the step: "
        "3 stands for 1 to 6, 9 for 7 to 12. A count of 0 is a true zero."
    )
    return (
        small,
        "Totals are sums of the counts that are shown, so they can differ noticeably from the true "
        "figures.",
        f"An area or age band with fewer than {GROUP_MINIMUM} check-ins is left out. It "
        "looks the same as one with no check-ins.",
        f"A question is withheld for a group if fewer than {ANSWERS_MINIMUM} people answered it, "
        "if all gave the same answer, if every answer would be suppressed, or if the counts could "
        "be worked out from other figures in this release or an earlier one. The reason is not "
        "given.",
        "'Prefer not to say' is not counted and not published.",
        "The three-item loneliness score is calculated before these steps and published only in "
        "bands. Its questions are never published separately.",
    )


def describe_rates(policy: Policy) -> str:
    """How percentages and their ranges were calculated."""
    small = (
        "If an answer is suppressed, the percentage counts it as 4, the middle of 1 to 7, and is "
        "marked 'about'. The range then covers every value that the suppressed answers can have. "
        if policy is Policy.ROUND_5
        else ""
    )
    return (
        "Percentages are calculated from the counts as published. They are whole numbers, because "
        "such counts support no more detail. Each has a likely range: the 95% Wilson interval. "
        f"{small}Groups for which the question is withheld are not part of any percentage."
    )


def list_marks(policy: Policy) -> tuple[tuple[str, str], ...]:
    """The marks that tables of that policy can contain, with their meanings."""
    unused = {Mark.MIDPOINT} if policy is Policy.ROUND_5 else {Mark.ROUNDED, Mark.SUPPRESSED}
    return tuple((mark.value, meaning) for mark, meaning in MARKS.items() if mark not in unused)
