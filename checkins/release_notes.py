"""The plain words that go with a release.

Owns the text of `README.txt`. Must never hold a number about people: only the rules,
the wording and the names of areas.
"""

import textwrap
from collections.abc import Sequence
from datetime import date

from checkins.disclosure import (
    ANSWERS_MINIMUM,
    AREA_MINIMUM,
    ROUNDED_TO,
    SUPPRESSED_UP_TO,
)
from checkins.questions import PREFER_NOT_TEXT, QuestionBook


def write_notes(
    period: str,
    start: date,
    end: date,
    shown: Sequence[str],
    left_out: Sequence[str],
    versions: Sequence[str],
    book: QuestionBook,
) -> str:
    """The whole of `README.txt`, ending with a newline. The same arguments give the same text."""
    paragraphs = [
        f"Check-ins on belonging and loneliness, {period}",
        f"These are answers that people gave in a chat from {start} to {end} (weeks as in ISO "
        "8601). They chose to answer, so they are not a sample of everyone who lives here. "
        "Nobody's name was asked or kept. The questions are for people aged 16 and over.",
        f"Areas shown: {', '.join(shown)}.",
        f"Areas left out, with fewer than {AREA_MINIMUM} check-ins or none: "
        f"{', '.join(left_out) or 'no area on the list'}. Answers from places that are not on "
        "the list are not in the table.",
        f"Question sets and versions: {', '.join(versions)}.",
        "WHAT IS IN checkins.csv",
        "One line for each question, area and answer: period, area, question (a short code), "
        "question_text, answer, count, mark.",
        "The marks:",
        f"- rounded: the count, to the nearest {ROUNDED_TO}.\n"
        "- zero: nobody gave this answer.\n"
        f"- suppressed: from 1 to {SUPPRESSED_UP_TO} people gave this answer. The count is empty.\n"
        f"- withheld: the whole question is left out in this area, as fewer than "
        f"{ANSWERS_MINIMUM} people answered it, or all gave the same answer, or every answer "
        "would be suppressed. It can hold zeros. The count is empty. In a total: nothing in it "
        "can be shown.\n"
        "- not_asked: nobody in this area was asked this question. The count is empty.\n"
        "- partial: a total with something missing that is not shown, so the true total is "
        "not known.",
        "An empty count is never a zero. Read the mark.",
        "Totals are sums of the rounded counts, so they can be some way from the true "
        "figures. Work out percentages from the rounded counts, and do not quote decimals. "
        f"People who chose '{PREFER_NOT_TEXT}' are not counted for that question.",
        "Do not publish releases with some weeks in both: this version does not compare one "
        "release with another, and a small difference between two could be about one person.",
        "THE QUESTIONS, WORD FOR WORD",
        *(
            f"{question.code}: {question.text}\n  "
            + " / ".join(answer.text for answer in question.answers)
            for question in book.questions
        ),
        *(
            f"{score.code}: {score.text}. The sum of the answer numbers, 1 to 3 each in the order "
            "above, for people who answered all of them. Released only as bands: "
            + ", ".join(band.text for band in score.bands)
            + "."
            for score in book.scores
        ),
    ]
    return "\n\n".join(_fold(paragraph) for paragraph in paragraphs) + "\n"


def _fold(paragraph: str) -> str:
    return "\n".join(
        textwrap.fill(line, 88, subsequent_indent="  " if line.startswith(("- ", "  ")) else "")
        for line in paragraph.split("\n")
    )
