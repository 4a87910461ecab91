"""Every sentence of the chat is easy to read: Flesch-Kincaid grade 6 or lower.

The check-in's questions are left out, because their wording makes answers comparable, and so are
proper names.
"""

import re
from collections.abc import Iterator
from datetime import time
from typing import get_args

import numpy as np
import pytest
import textstat
import yaml

from bot.responses import Responses, get_line
from bot.safety.patterns import Kind
from bot.safety.replies import make_replies
from bot.settings import ROOT
from directory.encoder import DIMENSIONS
from directory.indexing.needs import NEEDS
from directory.listing import Listing, Place, Point, Schedule
from directory.places import Area
from directory.search.query import Query
from tests.support.in_memory_town import Town

HIGHEST_GRADE = 6.0
MIN_WORDS = 4
_NAMES = re.compile(r"Community Connector|Samaritans|GP")
_SENTENCES = re.compile(r"(?<=[.?!:])\s+|\n+")


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of a text, with a short word for each placeholder and proper name."""
    for sentence in _SENTENCES.split(re.sub(r"\{\w+\}", "it", _NAMES.sub("Ann", text))):
        if re.search("[a-z]", sentence, re.I):
            yield sentence


def read_copy() -> Iterator[tuple[str, str]]:
    """All written copy, by name."""
    for name, response in Responses().templates.items():
        yield name, response["text"]
        for button in response.get("buttons", ()):
            yield f"a button of {name}", button["title"]
    copy = yaml.safe_load((ROOT / "bot" / "copy.yml").read_text(encoding="utf-8"))
    yield from copy["buttons"].items()
    for name in copy["lines"]:
        yield name, get_line(name)
    for kind in (*get_args(Kind), None):
        (reply,) = make_replies("crisis", "england", kind)
        yield f"the crisis answer to {kind}", reply.text
    (gentle,) = make_replies("support", "england")
    yield "the answer to support", gentle.text


def find_reasons() -> set[str]:
    """The reasons that a search can give, from searches that use every criterion."""
    listing = Listing(
        key="k",
        name="Tea",
        kind="group",
        description="Tea on a Monday evening. A bus stops here.",
        places=(Place(point=Point(53.0, 1.0)),),
        schedules=(Schedule(days=("Monday",), opens_at=time(19)),),
        cost_amount=0.0,
        accessibility=("step-free", "hearing loop", "accessible toilet"),
        audience=("women", "families"),
        minimum_age=9,
        online=True,
        covers="Old Town",
    )
    vectors = np.zeros((1, DIMENSIONS), dtype=np.float32)
    vectors[0, 0] = 1.0
    town = Town([listing], vectors)
    far = Town([Listing("k", "Tea", "group", "Tea", covers="Town")], vectors)
    reasons: set[str] = set()
    # Each search asks for one thing.
    queries = [
        Query("tea", free=True),
        Query("tea", age=40),
        Query("tea", age=40, oldest=49),
        *(Query("tea", needs=frozenset({need})) for need in (*NEEDS, "monday")),
        *(
            Query("tea", near=Area("Old Town", near))
            for near in (Point(53.0, 1.0), Point(53.02, 1.0), Point(53.2, 1.0))
        ),
    ]
    for query in queries:
        for hit in town.search(query, vectors[0]):
            reasons.update(hit.reasons)
    for vector in (vectors[0], vectors[0] * 0, None):
        for query in (
            Query("tea"),
            Query("biscuit"),
            Query("tea", near=Area("Old Town", Point(53, 1))),
        ):
            for hit in far.search(query, vector):
                reasons.update(hit.reasons)
    return reasons


SENTENCES = [
    pytest.param(sentence, id=f"{name}: {sentence[:30]}")
    for name, text in read_copy()
    for sentence in split_sentences(text)
]


def is_easy(sentence: str) -> bool:
    """Whether the grade is low; for a few words, which have no grade, whether all are short."""
    words = sentence.split()
    if len(words) < MIN_WORDS:
        return all(textstat.syllable_count(word) <= 3 for word in words)
    return bool(textstat.flesch_kincaid_grade(sentence) <= HIGHEST_GRADE)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_easy_to_read(sentence: str) -> None:
    assert is_easy(sentence)


def test_the_reasons_are_easy_to_read() -> None:
    # Quotation marks hold the listing's own words.
    reasons = {re.sub("“.*?”", "tea", reason) for reason in find_reasons()}
    assert len(reasons) > 10
    assert {reason for reason in reasons if not is_easy(reason)} == set()


def test_a_hard_sentence_is_caught() -> None:
    hard = "Participants are subsequently signposted to appropriate community organisations."
    assert not is_easy(hard)
    assert not is_easy("Participatory")
