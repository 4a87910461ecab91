"""Features by which a statement is judged to say yes or no to a question.

Pure functions of what was read. A change here needs new weights: `training` makes them.
"""

import re

import numpy as np
from numpy.typing import NDArray

from directory.answers.aspects import AspectModel
from directory.answers.comparisons import compare
from directory.answers.concepts import find_stated_concepts, load_plain_concepts
from directory.answers.reading import ReadListing, ReadQuestion

Array = NDArray[np.float32]

_NEGATION = re.compile(
    r"\b(?:no(?! (?:trouble|problem|matter|worries|doubt))|not(?! (?:only|just))|never|"
    r"nobody|none|nothing|without|cannot|unable|unfortunately|sorry|sadly|nor|neither|except|unsuitable|excluding)\b|n['’]t\b",
    re.I,
)
_LIMIT = re.compile(r"\b(?:only|just|exclusively|strictly)\b", re.I)
_DUTY = re.compile(r"\b(?:have to|need|needs|got to|must|essential|required|should)\b")
_MAY = re.compile(r"\b(?:can|could|may|allowed|ok|welcome)\b")
_EXISTS = re.compile(r"^(?:is|are|will) there\b|^any\b|^got\b|\bdo (?:they|you) (?:have|do)\b")
_EVERY = re.compile(r"\b(?:every|weekly|always|all)\b")
_OFTEN_NOT = re.compile(
    r"\b(?:fortnight\w*|month\w*|every (?:other|second)|alternate|term)\b", re.I
)
_OFFER = re.compile(
    r"\b(?:welcome|free|available|provided?|lent|loaned|supplied|includ\w+)\b", re.I
)
_DEMAND = re.compile(r"\b(?:please|must|required?|essential|bring|needs?|should|strictly)\b", re.I)


def measure_polarity(
    question: ReadQuestion, listing: ReadListing, statement: int, model: AspectModel
) -> Array:
    """The features (F,) of a question that wants yes or no, and the statement that answers it."""
    parts = listing.find_parts(statement)
    vectors = listing.part_vectors[parts]
    asks_for, asks_against, asks_lean = model.score_stances(
        question.tokens.sentence[None], are_questions=True
    )
    says_for, says_against, says_lean = model.score_stances(vectors, are_questions=False)
    yes = says_for @ asks_for[0] + says_against @ asks_against[0]
    no = says_against @ asks_for[0] + says_for @ asks_against[0]
    decided = int(np.argmax(yes + no))
    nearest = int(np.argmax(vectors @ question.tokens.sentence))
    margin = yes - no
    lean = float(asks_lean[0])
    text = listing.statements[statement].text
    nearest_part, decided_part = (listing.parts[parts[at]] for at in (nearest, decided))
    asks_not = float(bool(_NEGATION.search(question.text)))
    duty = float(bool(_DUTY.search(question.text)))
    asks_limit = float(bool(_LIMIT.search(question.text)))
    asks_every = float(bool(_EVERY.search(question.text)))
    denials = _count(_NEGATION, nearest_part)
    features = [
        *(margin[0], margin[decided], yes.max() - no.max()),
        margin[decided] / (yes[decided] + no[decided] + 0.02),
        yes[decided] + no[decided],
        *(lean, says_lean[0], says_lean[nearest]),
        *(lean * says_lean[0], lean * says_lean[nearest], lean * says_lean[decided]),
        *(_count(_NEGATION, text), denials, _count(_NEGATION, decided_part)),
        *(asks_not, asks_not * denials, duty, duty * denials, duty * says_lean[nearest]),
        *(asks_limit, asks_limit * _count(_LIMIT, text)),
        *compare(question.text, text),
        *(_has(_MAY, question.text), _has(_EXISTS, question.text)),
        *(_has(_OFFER, text), duty * _has(_OFFER, text)),
        *(_has(_DEMAND, text), duty * _has(_DEMAND, text)),
        *(asks_every, _has(_OFTEN_NOT, text), asks_every * _has(_OFTEN_NOT, text)),
        float(listing.statements[statement].field != "description"),
        *_weigh_concepts(question, text),
        *_weigh_concepts(question, nearest_part),
    ]
    return np.array(features, dtype=np.float32)


def may_deny(question: ReadQuestion, statement: str) -> bool:
    """Whether anything in the question or the statement could make the answer no.

    That is a negation, a limit, a duty, a value that differs, or a side that is taken against what
    is asked for. Where there is nothing of these, words alone hardly ever say no.
    """
    turns = (_NEGATION, _LIMIT, _DUTY, _EVERY)
    stated = find_stated_concepts(statement)
    sides = [side * stated.get(name, 0) for name, side in question.concepts.items()]
    return (
        bool(_NEGATION.search(statement))
        or any(pattern.search(question.text) for pattern in turns)
        or -1 in question.concepts.values()
        or min(sides, default=0) < 0
        or min(compare(question.text, statement)) < 0
    )


def _weigh_concepts(question: ReadQuestion, text: str) -> list[float]:
    """For how many of the question's concepts a text says yes and no: the plain ones, and all."""
    stated = find_stated_concepts(text)
    plain = load_plain_concepts()
    sides = {name: side * stated.get(name, 0) for name, side in question.concepts.items()}
    plain_sides = [side for name, side in sides.items() if name in plain]
    every = list(sides.values())
    return [float(found.count(side)) for found in (plain_sides, every) for side in (1, -1)]


def _count(pattern: re.Pattern[str], text: str) -> float:
    return min(len(pattern.findall(text)), 2)


def _has(pattern: re.Pattern[str], text: str) -> float:
    return float(bool(pattern.search(text)))
