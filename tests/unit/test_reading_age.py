"""Every sentence that can be said is easy to read: Flesch-Kincaid grade 6 or lower.

The measured questions are left out, as their wording is what makes answers comparable; so are
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
from bot.safety.guard import answer
from bot.safety.patterns import Kind
from bot.settings import ROOT
from directory.encoder import DIMENSIONS
from directory.indexing.needs import NEEDS
from directory.listing import Listing, Place, Point, Schedule
from directory.places import Area
from directory.search.query import Query
from tests.support.in_memory_town import Town

MOST = 6.0
FEW = 4
_NAMES = re.compile(r"Community Connector|Samaritans|GP")
_SENTENCES = re.compile(r"(?<=[.?!:])\s+|\n+")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, with a short word for each blank and each proper name."""
    for sentence in _SENTENCES.split(re.sub(r"\{\w+\}", "it", _NAMES.sub("Ann", text))):
        if re.search("[a-z]", sentence, re.I):
            yield sentence


def said() -> Iterator[tuple[str, str]]:
    """Everything written down, by name."""
    for name, response in Responses().templates.items():
        yield name, response["text"]
        for button in response.get("buttons", ()):
            yield f"a button of {name}", button["title"]
    copy = yaml.safe_load((ROOT / "bot" / "copy.yml").read_text(encoding="utf-8"))
    yield from copy["buttons"].items()
    for name in copy["lines"]:
        yield name, get_line(name)
    for kind in (*get_args(Kind), None):
        (reply,) = answer("crisis", "england", kind)
        yield f"the crisis answer to {kind}", reply.text
    (gentle,) = answer("support", "england")
    yield "the answer to support", gentle.text


def reasons() -> set[str]:
    """The reasons that a search can give, found by searching for all that it knows."""
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
    told: set[str] = set()
    for need in NEEDS:
        for near in (Point(53.0, 1.0), Point(53.02, 1.0), Point(53.2, 1.0)):
            query = Query(
                "tea",
                near=Area("Old Town", near),
                free=True,
                needs=frozenset({need, "monday"}),
                age=40,
            )
            for hit in town.search(query, vectors[0]):
                told.update(hit.reasons)
    for vector in (vectors[0], vectors[0] * 0, None):
        for query in (
            Query("tea"),
            Query("biscuit"),
            Query("tea", near=Area("Old Town", Point(53, 1))),
        ):
            for hit in far.search(query, vector):
                told.update(hit.reasons)
    return told


SAID = [
    pytest.param(text, id=f"{name}: {text[:30]}")
    for name, all_of_it in said()
    for text in sentences(all_of_it)
]


def is_easy(sentence: str) -> bool:
    """The grade of a sentence; of a few words, for which it means nothing, their length."""
    words = sentence.split()
    if len(words) < FEW:
        return all(textstat.syllable_count(word) <= 3 for word in words)
    return bool(textstat.flesch_kincaid_grade(sentence) <= MOST)


@pytest.mark.parametrize("sentence", SAID)
def test_a_sentence_is_easy_to_read(sentence: str) -> None:
    assert is_easy(sentence)


def test_the_reasons_are_easy_to_read() -> None:
    # What stands in quotation marks are the listing's own words.
    told = {re.sub("“.*?”", "tea", one) for one in reasons()}
    assert len(told) > 10
    assert {one for one in told if not is_easy(one)} == set()


def test_a_hard_sentence_is_caught() -> None:
    hard = "Participants are subsequently signposted to appropriate community organisations."
    assert not is_easy(hard)
    assert not is_easy("Participatory")
